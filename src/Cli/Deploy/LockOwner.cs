using System.Globalization;
using System.Security.Cryptography;

namespace EdgeVit.Cli;

/// <summary>Who deploys: a person on a machine and the process, so that the lock of a process that has died here can be told from a living one's.</summary>
internal sealed record LockOwner(string Person, string Machine, int Process, string Id)
{
    public static LockOwner Here() => new(
        Plain(Environment.UserName), Plain(Environment.MachineName), Environment.ProcessId, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6)));

    /// <summary>Whether the text names a process of this machine that is no more.</summary>
    public static bool IsGone(string text)
    {
        if (Parse(text) is not { } owner || owner.Machine != Plain(Environment.MachineName) || owner.Process == Environment.ProcessId)
        {
            return false;
        }

        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(owner.Process);
            return process.HasExited;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }

    /// <summary>The owner in words.</summary>
    public static string Describe(string text) => Parse(text) is { } owner ? $"by {owner.Person} on {owner.Machine}" : "by whom is not known";

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Person} {Machine} {Process} {Id}");

    private static LockOwner? Parse(string text) =>
        text.Split(' ') is [var person, var machine, var process, var id] && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? new LockOwner(person, machine, number, id) : null;

    private static string Plain(string text) => text.Length == 0 ? "_" : string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' ? c : '_'));
}
