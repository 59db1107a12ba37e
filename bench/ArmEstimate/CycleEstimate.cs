using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeVit.Runtime.Tests.Neon;

namespace EdgeVit.Bench;

/// <summary>Cycles of one image on ARM cores that are not here: how often each basic block of the runtime's machine code ran, counted by an
/// emulator, times the cycles that a model of the core gives for the block. It knows no cache misses and no mispredicted branches; it ranks
/// variants and is no latency.</summary>
internal static class CycleEstimate
{
    private static readonly (string Name, string Model, bool InOrder, int MHz, string Board)[] s_cores =
    [
        ("Cortex-A53", "cortex-a53", true, 1400, "Raspberry Pi 3B+"),
        ("Cortex-A72", "cortex-a72", false, 1800, "Raspberry Pi 4B"),
        ("Cortex-A76", "neoverse-n1", false, 2400, "Raspberry Pi 5; by the model of its server form, the Neoverse N1"),
    ];

    /// <summary>Counts the basic blocks in a log of <c>qemu -d exec,nochain</c> and writes a line <c>address count</c> for each.</summary>
    internal static void CountBlocks(TextReader log, string path)
    {
        var counts = new Dictionary<ulong, long>();
        while (log.ReadLine() is { } line)
        {
            int at = line.IndexOf('/');
            if (line.StartsWith("Trace ", StringComparison.Ordinal) && ulong.TryParse(line.AsSpan(at + 1, 16), NumberStyles.HexNumber, null, out ulong address))
            {
                counts[address] = counts.GetValueOrDefault(address) + 1;
            }
        }

        if (counts.Count == 0)
        {
            throw new InvalidDataException("the emulator logged no block of the runtime's code");
        }

        File.WriteAllLines(path, counts.OrderBy(c => c.Key).Select(c => $"{c.Key:x} {c.Value}"));
    }

    /// <summary>Reads the folder that bench/arm-estimate.sh filled and writes the estimate.</summary>
    /// <param name="folder">Has listing, perf.1, perf.2 (maps of methods), blocks.1, blocks.2 (counts with one image and two), and output, which
    /// ends with the version of .NET.</param>
    /// <param name="mca">llvm-mca.</param>
    /// <param name="kernel">The kernel set that ran.</param>
    /// <param name="target">The JSON file; a table in Markdown is written beside it.</param>
    internal static void Write(string folder, string mca, string kernel, string target)
    {
        IReadOnlyDictionary<(string, int), string[]> code = JitListing.Methods(File.ReadAllText(Path.Combine(folder, "listing")));
        var once = new ExecutedBlocks(folder, 1, code);
        var twice = new ExecutedBlocks(folder, 2, code);
        var costs = new BlockCosts(mca, [.. s_cores.Select(c => (c.Model, c.InOrder))]);
        var methods = new Dictionary<string, (double[] Cycles, double Instructions)>(StringComparer.Ordinal);
        var loops = new List<(string Method, int Instructions, long Rounds, double[] Cycles)>();
        long unlisted = twice.Unlisted - once.Unlisted;
        foreach (((string method, int offset), long count) in twice.Counts)
        {
            long perImage = count - once.Counts.GetValueOrDefault((method, offset));
            if (perImage <= 0)
            {
                continue;
            }

            string[] body = twice.Body(method, offset);
            double[] cycles = costs.Of(body, offset);
            if (BlockCosts.IsLoop(body, offset))
            {
                loops.Add((method, body.Length, perImage, cycles));
            }

            (double[] Cycles, double Instructions) sum = methods.GetValueOrDefault(method, (new double[s_cores.Length], 0));
            methods[method] = ([.. sum.Cycles.Zip(cycles, (a, b) => a + (b * perImage))], sum.Instructions + ((double)body.Length * perImage));
        }

        var rows = methods.OrderByDescending(m => m.Value.Cycles[^1]).ToArray();
        string runtime = File.ReadAllText(Path.Combine(folder, "output")).Split(", ")[^1].Trim();
        var result = new
        {
            model = "binaryvit-small, 224 x 224, batch 1, one thread, random weights",
            kernel,
            machine_code = runtime,
            method = "basic blocks executed for one image (qemu-user; two images less one) x cycles of the block by llvm-mca 19: of loops, and of "
                + "all blocks on the A53, cycles when repeated; of other blocks on the A72 and A76 the reciprocal throughput. Only the runtime's own code; "
                + "no cache misses, no mispredicted branches",
            unlisted_blocks = unlisted,
            instructions_not_modelled = costs.Skipped,
            cores = s_cores.Select((c, i) => new
            {
                core = c.Name,
                mca = c.Model,
                board = c.Board,
                mhz = c.MHz,
                cycles = Math.Round(rows.Sum(r => r.Value.Cycles[i])),
                milliseconds = Math.Round(rows.Sum(r => r.Value.Cycles[i]) / c.MHz / 1000, 1),
            }),
            loops = loops.OrderByDescending(l => l.Rounds * l.Cycles[^1]).Take(10)
                .Select(l => new { method = l.Method, instructions = l.Instructions, rounds = l.Rounds, cycles_a_round = l.Cycles }),
            methods = rows.Take(20).Select(r => new { method = r.Key, instructions = r.Value.Instructions, cycles = r.Value.Cycles.Select(c => Math.Round(c)) }),
        };
        string json = JsonSerializer.Serialize(result, new JsonSerializerOptions { WriteIndented = true });
        File.WriteAllText(target, json + "\n");
        File.WriteAllText(Path.ChangeExtension(target, ".md"), Table(rows, $"{result.method}. Machine code of {runtime}", kernel));
        Console.WriteLine(json);
    }

    private static string Table(KeyValuePair<string, (double[] Cycles, double Instructions)>[] rows, string method, string kernel)
    {
        var text = new StringBuilder();
        text.AppendLine("# Cycles of one image on ARM cores, estimated").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"BinaryViT-small at 224 x 224, one core, batch 1, random weights, kernel set `{kernel}`; million cycles. Written by `bench/arm-estimate.sh`:").AppendLine();
        text.AppendLine(method + ".").AppendLine();
        text.AppendLine("| | " + string.Join(" | ", s_cores.Select(c => $"{c.Name} ({c.Board})")) + " |");
        text.AppendLine("|---|" + string.Concat(s_cores.Select(_ => "---:|")));
        double[] total = [.. s_cores.Select((_, i) => rows.Sum(r => r.Value.Cycles[i]))];
        foreach ((string name, (double[] cycles, _)) in rows.Take(12))
        {
            text.AppendLine($"| `{name}` | {Cells(cycles)} |");
        }

        text.AppendLine($"| the rest | {Cells([.. s_cores.Select((_, i) => rows.Skip(12).Sum(r => r.Value.Cycles[i]))])} |");
        text.AppendLine($"| **all** | {Cells(total)} |");
        text.AppendLine("| **ms** | " + string.Join(" | ", s_cores.Select((c, i) => string.Create(CultureInfo.InvariantCulture, $"{total[i] / c.MHz / 1000:F1} at {c.MHz} MHz"))) + " |");
        return text.ToString();

        static string Cells(double[] cycles) => string.Join(" | ", cycles.Select(c => (c / 1e6).ToString("F1", CultureInfo.InvariantCulture)));
    }
}
