using System.Globalization;
using System.Security.Cryptography;
using EdgeVit.Export;

namespace EdgeVit.Cli;

/// <summary>Who deploys: a person on a machine and the process, so that the lock of a process that has died here can be told from a living one's.</summary>
/// <param name="Person">The user's name.</param>
/// <param name="Machine">The machine's name, which others may have, too.</param>
/// <param name="Space">Where the number of the process means something: a hash of this start of this machine and of the container.</param>
/// <param name="Process">The number of the process.</param>
/// <param name="Id">What this deployment calls its own.</param>
internal sealed record LockOwner(string Person, string Machine, string Space, int Process, string Id)
{
    private const string Unknown = "_";

    public static LockOwner Here() => new(
        Plain(Environment.UserName), Plain(Environment.MachineName), NumbersHere(), Environment.ProcessId, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6)));

    /// <summary>Whether the text names a process of this machine that is no more.</summary>
    public static bool IsGone(string text)
    {
        if (Parse(text) is not { } owner || owner.Machine != Plain(Environment.MachineName) || owner.Space != NumbersHere() || owner.Space == Unknown || owner.Process == Environment.ProcessId)
        {
            return false;
        }

        return ProcessSpace.IsNone(owner.Process);
    }

    /// <summary>The owner in words.</summary>
    public static string Describe(string text) => Parse(text) is { } owner ? $"by {owner.Person} on {owner.Machine}" : "by whom is not known";

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Person} {Machine} {Space} {Process} {Id}");

    private static LockOwner? Parse(string text) =>
        text.Split(' ') is [var person, var machine, var space, var process, var id] && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? new LockOwner(person, machine, space, number, id) : null;

    private static string NumbersHere() => ProcessSpace.Here().Container is { Length: > 0 } numbers ? numbers : Unknown;

    private static string Plain(string text) => text.Length == 0 ? "_" : string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_'));
}
