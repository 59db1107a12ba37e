using System.Globalization;

namespace EdgeVit.Quantize;

/// <summary>How a process of several that train together finds the others: what torchrun sets for each, and what a Slurm or Kubernetes script can.</summary>
/// <param name="Rank">Which process this is, from 0 (<c>RANK</c>).</param>
/// <param name="Size">How many there are, at least 2 (<c>WORLD_SIZE</c>).</param>
/// <param name="Address">Host of rank 0 (<c>MASTER_ADDR</c>).</param>
/// <param name="Port">Port there (<c>MASTER_PORT</c>).</param>
public sealed record WorldVariables(int Rank, int Size, string Address, int Port)
{
    private const int MostProcesses = 65_536;

    /// <summary>Which process of this machine it is, from 0 (<c>LOCAL_RANK</c>): decides its CUDA device.</summary>
    public int LocalRank { get; init; }

    /// <summary>How many processes run on this machine (<c>LOCAL_WORLD_SIZE</c>): they divide its processors.</summary>
    public int LocalSize { get; init; } = 1;

    /// <summary>How long one may wait for another (<c>EDGEVIT_TIMEOUT</c>, seconds): above all for rank 0, which evaluates and saves alone.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>Whether torchrun itself serves the port (<c>TORCHELASTIC_USE_AGENT_STORE</c>).</summary>
    public bool Served { get; init; }

    /// <summary>Which start by torchrun this is (<c>TORCHELASTIC_RESTART_COUNT</c>): the traces of others are left alone.</summary>
    public string Attempt { get; init; } = "0";

    /// <summary>Whether all processes are on this machine.</summary>
    internal bool IsLocal => Address is "localhost" or "::1" || Address.StartsWith("127.", StringComparison.Ordinal);

    /// <summary>Reads the variables.</summary>
    /// <param name="get">The value of a variable, null or empty where it is not set.</param>
    /// <returns>Null where this process trains alone: none of the variables is set, or <c>WORLD_SIZE</c> is 1.</returns>
    /// <exception cref="ConvertException">A variable is missing or wrong; the message names it, its value and what was expected.</exception>
    public static WorldVariables? Read(Func<string, string?> get)
    {
        ArgumentNullException.ThrowIfNull(get);
        if (Text(get, "WORLD_SIZE") is null)
        {
            if (Text(get, "RANK") is { } rankAlone)
                throw Wrong($"RANK is '{rankAlone}', but WORLD_SIZE is not set: expected the number of processes. Start all of them with the same launcher, or unset RANK");
            return null;
        }
        int size = Number(get, "WORLD_SIZE", 1, MostProcesses, null);
        int rank = Number(get, "RANK", 0, size - 1, size == 1 ? 0 : null);
        if (size == 1)
            return null;
        string address = Text(get, "MASTER_ADDR") ?? throw Wrong($"MASTER_ADDR is not set, but WORLD_SIZE is {size}: expected the host on which rank 0 runs, 127.0.0.1 where all run on one");
        int port = Number(get, "MASTER_PORT", 1, 65_535, null);
        var variables = new WorldVariables(rank, size, address, port);
        int here = variables.IsLocal ? size : 1;
        return variables with
        {
            LocalRank = Number(get, "LOCAL_RANK", 0, size - 1, variables.IsLocal ? rank : 0),
            LocalSize = Number(get, "LOCAL_WORLD_SIZE", 1, size, here),
            Timeout = TimeSpan.FromSeconds(Number(get, "EDGEVIT_TIMEOUT", 5, 1_000_000, (int)variables.Timeout.TotalSeconds)),
            Served = string.Equals(Text(get, "TORCHELASTIC_USE_AGENT_STORE"), "True", StringComparison.OrdinalIgnoreCase),
            Attempt = Text(get, "TORCHELASTIC_RESTART_COUNT") ?? "0",
        };
    }

    private static string? Text(Func<string, string?> get, string name) => get(name) is { Length: > 0 } text ? text.Trim() : null;

    private static int Number(Func<string, string?> get, string name, int least, int most, int? usual)
    {
        string? text = Text(get, name);
        if (text is null && usual is { } value)
            return value;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= least && value <= most)
            return value;
        string of = name == "RANK" || name == "LOCAL_RANK" ? $", as WORLD_SIZE is {most + 1}" : "";
        throw Wrong($"{name} is {(text is null ? "not set" : $"'{text}'")}, expected a whole number from {least} to {most}{of}");
    }

    private static ConvertException Wrong(string text) =>
        new($"{text}. RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT make several processes train together; torchrun sets them all.", ConvertException.Usage);
}
