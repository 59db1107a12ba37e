namespace EdgeVit.Cli;

/// <summary>What a command on the board gave: its exit code (255 where ssh itself failed), what it printed, and what it and ssh said.</summary>
internal sealed record SshResult(int ExitCode, string Output, string Error)
{
    public const int ConnectionFailed = 255;

    /// <summary>What followed the script's marker; null where the script did not begin.</summary>
    public string? Answer { get; } = RemoteScript.Answer(Output);

    /// <summary>The lines <c>name=value</c> of the answer.</summary>
    public IReadOnlyDictionary<string, string> Values { get; } = RemoteScript.Values(RemoteScript.Answer(Output) ?? "");

    /// <summary>The last line of what was said that has something in it; empty where there is none.</summary>
    public string LastWords => Error.Split('\n').Select(l => l.Trim()).LastOrDefault(l => l.Length > 0) ?? "";
}
