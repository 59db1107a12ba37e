using System.Globalization;
using System.Text.Json;
using EdgeVit.Cli;
using EdgeVit.Devices;
using EdgeVit.Export;
using EdgeVit.Export.Tests;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary><c>dotnet run -c Release --project bench -- compare</c>: EdgeVit and ONNX Runtime side by side, the goals, and the files in
/// <c>bench/results/</c>.</summary>
internal static class ComparisonCommand
{
    private const string Usage = """
        compare [--seconds N] [--out DIR] [--processes N] [--native FILE]
          --seconds N    time for the interleaved rounds, 60 by default; loading takes about 30 s more
          --processes N  processes for each cold start, 7 by default
          --native FILE  the native program that ./publish.sh made (on x64 artifacts/release/edgevit-VERSION-linux-x64/edgevit): start, memory, size
          --out DIR      where to write, each processor has a folder there; by default bench/results, and then README.md gets the new figures
        """;

    private static readonly string[] s_networks = ["binaryvit-small", "binaryvit-32"];

    /// <summary>Runs the command.</summary>
    public static int Run(IReadOnlyList<string> arguments)
    {
        int seconds = 60, processes = 7;
        string root = ResultPlace.Repository();
        string output = Path.Combine(root, "bench", "results");
        string? native = null;
        for (int i = 0; i < arguments.Count; i += 2)
        {
            string? value = i + 1 < arguments.Count ? arguments[i + 1] : null;
            bool number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= 3600;
            switch (arguments[i])
            {
                case "--seconds" when number:
                    seconds = count;
                    break;
                case "--processes" when number:
                    processes = count;
                    break;
                case "--native" when File.Exists(value):
                    native = Path.GetFullPath(value);
                    break;
                case "--out" when value is not null:
                    output = value;
                    break;
                default:
                    Console.Error.WriteLine($"compare: '{string.Join(' ', arguments.Skip(i))}' is not understood.\n{Usage}");
                    return 2;
            }
        }
        var report = Measure(seconds, processes, native, root, $"compare{string.Concat(arguments.Select(a => $" {a}"))}");
        string folder = Path.Combine(output, report.Folder);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "comparison.md"), report.ToMarkdown());
        File.WriteAllText(Path.Combine(folder, "comparison.json"), report.ToJson().ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        if (output == Path.Combine(root, "bench", "results"))
        {
            foreach (string document in DocumentTables.Documents)
            {
                string path = Path.Combine(root, document);
                File.WriteAllText(path, DocumentTables.Comparison.Refresh(File.ReadAllText(path), report.Folder, report.Tables()));
            }
        }
        Console.WriteLine(report.ToMarkdown());
        Console.Error.WriteLine($"written: {folder}/comparison.md, comparison.json");
        return 0;
    }

    private static ComparisonReport Measure(int seconds, int processes, string? native, string root, string command)
    {
        var models = s_networks.ToDictionary(n => n, RandomModels.Preset);
        var contestants = new List<Contestant>();
        string folder = Directory.CreateTempSubdirectory("edgevit-bench-").FullName;
        try
        {
            Console.Error.WriteLine("loading");
            foreach (string network in s_networks)
            {
                foreach (KernelChoice kernel in KernelSets.Available)
                {
                    foreach (int threads in Enumerable.Range(1, Math.Min(2, Environment.ProcessorCount)))
                    {
                        contestants.Add(EdgeVitContestants.Of(models[network], kernel, threads));
                    }
                }
            }
            BinaryViTConfig config = BinaryViTPresets.Get(s_networks[0]);
            var starts = new StartFiles(folder, processes);
            foreach ((Contestant contestant, byte[] file) in OnnxContestants.All(Lowering.Lower(config, RandomNetwork.Tensors(config, seed: 1))))
            {
                contestants.Add(contestant);
                starts.Add(contestant.Name, file);
            }
            IReadOnlyList<ContestantTimes> times = InterleavedRounds.Measure(contestants, TimeSpan.FromSeconds(seconds), round => Console.Error.Write($"\rround {round} "));
            Console.Error.WriteLine("\ncold starts");
            string model = starts.Evit(config);
            return new ComparisonReport(BoardDetector.Detect(), ResultPlace.Versions, ResultPlace.Commit(root), $"dotnet run -c Release --project bench -- {command}",
                DateTimeOffset.UtcNow, times, ColdStart.Measure(model, starts.Tensor(config), processes), starts.Choices(times, model, native))
            {
                EmptyProcessBytes = FirstOutput.EmptyProcess(processes),
            };
        }
        finally
        {
            contestants.ForEach(c => c.Dispose());
            foreach (EvitModel model in models.Values)
            {
                model.Dispose();
            }

            Directory.Delete(folder, recursive: true);
        }
    }
}
