using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVit.Cli;

/// <summary>Times as people type them: <c>90s</c>, <c>9m</c>, <c>1h30m</c>; a bare number counts seconds.</summary>
internal static partial class Duration
{
    /// <summary>Reads a time; null stays null.</summary>
    /// <exception cref="UserException">It is none.</exception>
    public static TimeSpan? Parse(string option, string? text)
    {
        if (text is null)
        {
            return null;
        }

        Match match = Pattern().Match(text);
        if (!match.Success || text.Length == 0)
        {
            throw new UserException($"{option} is '{text}', expected a time such as 90s, 9m or 1h30m.", ExitCode.Usage);
        }

        double Part(string name) => match.Groups[name].Success ? double.Parse(match.Groups[name].ValueSpan, CultureInfo.InvariantCulture) : 0;
        double seconds = (3600 * Part("h")) + (60 * Part("m")) + Part("s");
        return seconds is > 0 and < 1e9 ? TimeSpan.FromSeconds(seconds) : throw new UserException($"{option} is '{text}', expected a time above 0.", ExitCode.Usage);
    }

    [GeneratedRegex("^(?:(?<h>[0-9]{1,6}(?:\\.[0-9]+)?)h)?(?:(?<m>[0-9]{1,6}(?:\\.[0-9]+)?)m)?(?:(?<s>[0-9]{1,9}(?:\\.[0-9]+)?)s?)?$")]
    private static partial Regex Pattern();
}
