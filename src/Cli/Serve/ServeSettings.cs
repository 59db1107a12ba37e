using System.Net;

namespace EdgeVit.Cli;

/// <summary>What <c>serve</c> was asked to do; checked.</summary>
internal sealed record ServeSettings
{
    /// <summary>The pixels of the largest image, where nothing else was said.</summary>
    public const long UsualMaxPixels = 50_000_000;

    public const int UsualMaxBytes = 10_000_000;

    public const int UsualQueue = 32;

    public const int UsualConnections = 512;

    private const int MostBytes = 256_000_000;
    private const int MostWorkers = 64;
    private const int MostQueued = 10_000;
    private static readonly TimeSpan s_leastTimeout = TimeSpan.FromMilliseconds(10), s_mostTimeout = TimeSpan.FromDays(1);

    /// <summary>The model's path, as it was given.</summary>
    public required string Model { get; init; }

    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0 takes one that is free.</summary>
    public int Port { get; init; } = 8080;

    /// <summary>The file with the access token; null where none is asked for.</summary>
    public string? TokenFile { get; init; }

    /// <summary>Images at the same time; 0 for as many as there are cores.</summary>
    public int Workers { get; init; }

    /// <summary>Threads for one image.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Requests that wait for a worker at most.</summary>
    public int Queue { get; init; } = UsualQueue;

    /// <summary>The largest image file, in bytes.</summary>
    public int MaxBytes { get; init; } = UsualMaxBytes;

    /// <summary>The largest image; 0 for <see cref="UsualMaxPixels"/>, or fewer where there is little memory.</summary>
    public long MaxPixels { get; init; }

    public int MaxConnections { get; init; } = UsualConnections;

    /// <summary>From the first byte of a request to its answer.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether only this machine reaches the server.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>The address of a command line.</summary>
    /// <exception cref="UserException">It is none of a machine's addresses.</exception>
    public static IPAddress ParseAddress(string text)
    {
        if (string.Equals(text, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            return IPAddress.Loopback;
        }

        return IPAddress.TryParse(text, out IPAddress? address) ? address : throw new UserException(
            $"--listen is '{text}', expected an address of this machine such as 192.168.1.20, or 0.0.0.0 (IPv4) or :: (all) for every one.", EdgeVit.Cli.ExitCode.Usage);
    }

    /// <summary>Returns the settings where they make sense together.</summary>
    /// <exception cref="UserException">A number is out of its range, or the server would be open to others without a token.</exception>
    public ServeSettings Check()
    {
        InRange("--port", Port, 0, 65535);
        InRange("--workers", Workers, 0, MostWorkers);
        InRange("--threads", Threads, 1, EdgeVit.Cli.Threads.Most);
        InRange("--queue", Queue, 1, MostQueued);
        InRange("--max-bytes", MaxBytes, 1, MostBytes);
        InRange("--max-pixels", MaxPixels, 0, int.MaxValue / 3);
        InRange("--max-connections", MaxConnections, 1, 100_000);
        if (Timeout < s_leastTimeout || Timeout > s_mostTimeout)
        {
            throw new UserException("--timeout is out of range, expected 0.01s to 24h.", EdgeVit.Cli.ExitCode.Usage);
        }

        return IsLoopback || TokenFile is not null ? this : throw new UserException(
            $"--listen {Address} lets other machines in, and nothing keeps strangers out: give --token FILE with a secret word in it "
            + "(head -c 24 /dev/urandom | base64 > token; chmod 600 token).", EdgeVit.Cli.ExitCode.Usage);
    }

    private static void InRange(string option, long value, long least, long most)
    {
        if (value < least || value > most)
        {
            throw new UserException($"{option} is {value}, expected {least} to {most}.", EdgeVit.Cli.ExitCode.Usage);
        }
    }
}
