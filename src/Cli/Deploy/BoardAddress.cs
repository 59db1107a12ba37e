using System.Globalization;

namespace EdgeVit.Cli;

/// <summary>A board as a person names it: <c>host</c> (also a name of ssh's configuration), <c>user@host</c> or <c>ssh://user@host:port</c>.</summary>
/// <param name="Target">What ssh is given: <c>host</c> or <c>user@host</c>.</param>
/// <param name="Port">The port of ssh; null for what its configuration says.</param>
internal sealed record BoardAddress(string Target, int? Port)
{
    private const string Scheme = "ssh://";

    /// <summary>The host without the user.</summary>
    public string Host => Target[(Target.LastIndexOf('@') + 1)..];

    /// <summary>As a person would type it to ssh.</summary>
    public override string ToString() => Port is { } port ? $"{Target} (port {port.ToString(CultureInfo.InvariantCulture)})" : Target;

    /// <summary>Reads an address; <paramref name="port"/> is that of <c>--port</c>.</summary>
    /// <exception cref="UserException">It is none that ssh could take.</exception>
    public static BoardAddress Parse(string text, int? port)
    {
        string target = text;
        int? inside = null;
        if (text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            (target, inside) = SplitPort(text, text[Scheme.Length..].TrimEnd('/'));
        }

        int at = target.LastIndexOf('@');
        string host = target[(at + 1)..], user = at < 0 ? "" : target[..at];
        if (target.Length == 0 || at == 0 || !IsName(host, ":%[]") || (at > 0 && !IsName(user, "@\\+$")))
        {
            throw new UserException($"'{text}' is not a board's address: expected user@host, a host of your ssh configuration, or ssh://user@host:port; neither may begin with '-'.", ExitCode.Usage);
        }

        return port is { } given && inside is { } other && given != other
            ? throw new UserException($"--port is {given}, but '{text}' says {other}.", ExitCode.Usage)
            : new BoardAddress(target, port ?? inside);
    }

    private static (string Target, int? Port) SplitPort(string text, string rest)
    {
        int colon = rest.LastIndexOf(':'), bracket = rest.LastIndexOf(']');
        if (colon <= bracket)
        {
            return (Unbracketed(rest), null);
        }

        return int.TryParse(rest.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 1 and <= 65535
            ? (Unbracketed(rest[..colon]), port)
            : throw new UserException($"'{text}' has no port from 1 to 65535 behind its last colon.", ExitCode.Usage);
    }

    // An IPv6 address stands in brackets in a URL only.
    private static string Unbracketed(string target) => target.EndsWith(']') ? target.Replace("[", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal) : target;

    private static bool IsName(string name, string also) =>
        name.Length > 0 && name[0] != '-' && name.All(c => char.IsLetterOrDigit(c) || c is '.' or '-' or '_' || also.Contains(c, StringComparison.Ordinal));
}
