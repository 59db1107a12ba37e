using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Cli;

namespace EdgeVit.Bench;

/// <summary>What the command <c>edgevit</c> takes from nothing to the first logits, each time in a process of its own.</summary>
/// <param name="LoadAndFirstMs">Opening the file, planning and the first image, in the process.</param>
/// <param name="WallMs">The process from start to end, <c>edgevit run</c> of one tensor.</param>
/// <param name="ResidentBytes">Memory of the process after the first image.</param>
/// <param name="ArenaBytes">The session's memory.</param>
/// <param name="WeightBytes">The packed weights.</param>
internal sealed record ColdStart(Spread LoadAndFirstMs, Spread WallMs, long ResidentBytes, long ArenaBytes, long WeightBytes)
{
    /// <summary>Measures; null where the command is not built.</summary>
    /// <param name="model">The model file.</param>
    /// <param name="tensor">A safetensors file with one input.</param>
    /// <param name="processes">How many processes of each kind.</param>
    public static ColdStart? Measure(string model, string tensor, int processes)
    {
        // artifacts/bin/EdgeVit.Bench/release beside artifacts/bin/EdgeVit.Cli/release.
        string folder = AppContext.BaseDirectory.TrimEnd('/');
        string command = Path.Combine(folder, "..", "..", "EdgeVit.Cli", Path.GetFileName(folder), "edgevit.dll");
        if (!File.Exists(command))
        {
            return null;
        }

        var cold = new List<double>();
        var wall = new List<double>();
        JsonNode? last = null;
        for (int i = 0; i < processes; i++)
        {
            (last, _) = Run("dotnet", command, "bench", model, "--cold", "--json");
            cold.Add((double)last["cold"]!["load_ms"]! + (double)last["cold"]!["first_ms"]!);
            wall.Add(Run("dotnet", command, "run", model, "--tensor", tensor, "--json").Milliseconds);
        }
        JsonNode memory = last!["memory"]!;
        return new ColdStart(Spread.Of(cold), Spread.Of(wall), (long)memory["rss_after_bytes"]!, (long)memory["arena_bytes"]!, (long)memory["weight_bytes"]!);
    }

    /// <summary>Runs a program that prints JSON, from start to end.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static (JsonNode Json, double Milliseconds) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Remove("EDGEVIT_KERNEL");
        long begin = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        Task<string> words = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        double ms = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
        return process.ExitCode == 0
            ? (JsonNode.Parse(output)!, ms)
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {words.Result}");
    }
}
