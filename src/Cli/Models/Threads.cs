using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Thread counts of a command line.</summary>
internal static class Threads
{
    /// <summary>The most that a session takes.</summary>
    public const int Most = 64;

    /// <summary>The most of a command line: the machine's cores.</summary>
    public static int OfMachine { get; } = Math.Min(Environment.ProcessorCount, Most);

    /// <summary>Session options for a thread count.</summary>
    /// <exception cref="UserException">Out of range.</exception>
    public static SessionOptions Options(int threads) => new() { Threads = Check(threads) };

    /// <summary>Returns the count where a session can have it.</summary>
    public static int Check(int threads) => threads is >= 1 and <= Most
        ? threads : throw new UserException($"--threads is {threads}, expected 1 to {Most}.", ExitCode.Usage);
}
