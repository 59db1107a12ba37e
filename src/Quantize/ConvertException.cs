namespace EdgeVit.Quantize;

/// <summary>A conversion that cannot start or go on: wrong settings, unusable data or output folder, failed training, failed parity. The
/// message says what, where, expected, found and what to do; a program prints it without a stack trace.</summary>
internal sealed class ConvertException : Exception
{
    /// <summary>Creates the exception with a complete message; see <see cref="ExitCode"/> for the code.</summary>
    public ConvertException(string message, int exitCode = Failure) : base(message) => ExitCode = exitCode;

    /// <summary>Creates the exception with a complete message and the failure behind it.</summary>
    public ConvertException(string message, Exception innerException, int exitCode = Failure) : base(message, innerException) => ExitCode = exitCode;

    /// <summary>Exit code: something failed.</summary>
    public const int Failure = 1;

    /// <summary>Exit code: a setting is wrong.</summary>
    public const int Usage = 2;

    /// <summary>Exit code: the parity check failed.</summary>
    public const int CheckFailed = 3;

    /// <summary>Exit code: this machine cannot do it.</summary>
    public const int NotSupported = 4;

    /// <summary>Exit code: stopped by the user; everything is saved.</summary>
    public const int Interrupted = 130;

    /// <summary>The process exit code that fits.</summary>
    public int ExitCode { get; }
}
