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

    public const int MostBytes = 256_000_000;

    public const int MostWorkers = 64;

    public const int MostQueued = 10_000;

    public const int MostConnections = 100_000;

    public const int MostPixels = int.MaxValue / 3;

    public static readonly TimeSpan UsualTimeout = TimeSpan.FromSeconds(10);

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
    public TimeSpan Timeout { get; init; } = UsualTimeout;

    /// <summary>Whether only this machine reaches the server.</summary>
    public bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>Returns the settings where they make sense together.</summary>
    /// <exception cref="UserException">The server would be open to others without a token.</exception>
    public ServeSettings Check() => IsLoopback || TokenFile is not null ? this : throw new UserException(
        $"--listen {Address} lets other machines in, and nothing keeps strangers out: give --token FILE with a secret word in it "
            + "(head -c 24 /dev/urandom | base64 > token; chmod 600 token).", EdgeVit.Cli.ExitCode.Usage);
}
