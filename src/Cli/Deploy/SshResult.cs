namespace EdgeVit.Cli;

/// <summary>What a command on the board gave: its exit code (255 where ssh itself failed), what it printed, and what it and ssh said. Control
/// characters are left out, but for the ends of lines: what a board says is shown on a terminal.</summary>
internal sealed record SshResult(int ExitCode, string Output, string Error)
{
    public const int ConnectionFailed = 255;

    public string Output { get; } = Plain(Output);

    public string Error { get; } = Plain(Error);

    /// <summary>What followed the script's marker; null where the script did not begin.</summary>
    public string? Answer { get; } = RemoteScript.Answer(Plain(Output));

    /// <summary>The lines <c>name=value</c> of the answer.</summary>
    public IReadOnlyDictionary<string, string> Values { get; } = RemoteScript.Values(RemoteScript.Answer(Plain(Output)) ?? "");

    /// <summary>The last line of what was said that has something in it; empty where there is none.</summary>
    public string LastWords => Error.Split('\n').Select(l => l.Trim()).LastOrDefault(l => l.Length > 0) ?? "";

    private static string Plain(string text) => text.Any(Unwanted) ? string.Concat(text.Where(c => !Unwanted(c))) : text;

    private static bool Unwanted(char c) => char.IsControl(c) && c is not ('\n' or '\r' or '\t');
}
