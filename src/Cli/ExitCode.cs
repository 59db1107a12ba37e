namespace EdgeVit.Cli;

/// <summary>The exit codes of every verb.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>Something failed: a bad file, a full disk, a training that diverged.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Everything ran, but what was to be checked does not hold.</summary>
    public const int CheckFailed = 3;

    /// <summary>This machine cannot do it.</summary>
    public const int NotSupported = 4;

    /// <summary>Stopped by Ctrl+C.</summary>
    public const int Interrupted = 130;
}

/// <summary>A message for the person at the keyboard, printed without a stack trace.</summary>
internal sealed class UserException : Exception
{
    /// <summary>A complete message: what, where, expected, found, what to do.</summary>
    public UserException(string message, int exitCode = EdgeVit.Cli.ExitCode.Failure, Exception? inner = null) : base(message, inner) => ExitCode = exitCode;

    public int ExitCode { get; }
}
