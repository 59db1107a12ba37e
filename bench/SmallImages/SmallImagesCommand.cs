using System.Globalization;
using System.Text.Json;
using EdgeVit.Cli;
using EdgeVit.Devices;
using EdgeVit.Imaging;
using EdgeVit.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.Bench;

/// <summary><c>dotnet run -c Release --project bench -- small DATA FILE...</c>: students beside float networks that learnt the same images.</summary>
internal static class SmallImagesCommand
{
    private const int Calibrated = 200;
    private const string Usage = """
        small DATA FILE... [--seconds N] [--processes N] [--out DIR]
          DATA           a data set with test images, as 'edgevit convert --data' takes it
          FILE           packed students (.evit), and checkpoints (.safetensors) of resnet8 or convnet: teacher/best.safetensors of a run
          --seconds N    time for the interleaved rounds, 30 by default
          --processes N  processes for each cold start, 7 by default
          --out DIR      where to write, each processor has a folder there; by default bench/results, and then pages get the new figures
        """;

    /// <summary>Runs the command.</summary>
    public static int Run(IReadOnlyList<string> arguments)
    {
        (int seconds, int processes, string root) = (30, 7, ResultPlace.Repository());
        string output = Path.Combine(root, "bench", "results");
        List<string> files = [];
        for (int i = 0; i < arguments.Count; i++)
        {
            string? value = i + 1 < arguments.Count ? arguments[i + 1] : null;
            bool number = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is >= 1 and <= 3600;
            switch (arguments[i])
            {
                case "--seconds" when number:
                    (seconds, i) = (count, i + 1);
                    break;
                case "--processes" when number:
                    (processes, i) = (count, i + 1);
                    break;
                case "--out" when value is not null:
                    (output, i) = (value, i + 1);
                    break;
                case string file when !file.StartsWith('-'):
                    files.Add(file);
                    break;
                default:
                    return Refuse($"'{arguments[i]}' is not understood");
            }
        }

        if (files.Count < 2 || files.Skip(1).FirstOrDefault(f => !File.Exists(f) || Path.GetExtension(f) is not (".evit" or ".safetensors")) is not null
            || Path.GetExtension(files[1]) != ".evit")
        {
            return Refuse("expected a data set, then files that are there, a student first");
        }

        SmallImagesReport report = Measure(files[0], files.Skip(1), seconds, processes, root);
        string folder = Path.Combine(output, ResultPlace.Folder(report.Board));
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "small-images.md"), report.ToMarkdown());
        File.WriteAllText(Path.Combine(folder, "small-images.json"), report.ToJson().ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        foreach (string document in output == Path.Combine(root, "bench", "results") ? DocumentTables.Documents : [])
        {
            string path = Path.Combine(root, document);
            File.WriteAllText(path, DocumentTables.SmallImages.Refresh(File.ReadAllText(path), ResultPlace.Folder(report.Board), report.Table()));
        }

        Console.WriteLine(report.ToMarkdown());
        return 0;
    }

    private static int Refuse(string why)
    {
        Console.Error.WriteLine($"small: {why}.\n{Usage}");
        return 2;
    }

    private static SmallImagesReport Measure(string data, IEnumerable<string> files, int seconds, int processes, string root)
    {
        DatasetSplits splits = DatasetFolder.Open(data, new DatasetOptions());
        var entries = new List<Entry>();
        string folder = Directory.CreateTempSubdirectory("edgevit-bench-").FullName;
        try
        {
            using EvitModel first = EvitModel.Open(files.First());
            LabelledPixels train = new(splits.Train, first.Preprocess), test = new(splits.Test ?? splits.Train, first.Preprocess);
            foreach (string file in files)
            {
                entries.AddRange(Path.GetExtension(file) == ".evit" ? [Student(file, test)] : Floats(file, train, test, folder));
            }

            IReadOnlyList<ContestantTimes> times = InterleavedRounds.Measure([.. entries.Select(e => e.Contestant)], TimeSpan.FromSeconds(seconds), round => Console.Error.Write($"\rround {round} "));
            Console.Error.WriteLine("\ncold starts");
            SmallImagesRow[] rows =
            [
                .. entries.Zip(times, (e, t) => new SmallImagesRow(
                    e.Contestant.Name, e.Contestant.Engine, e.BinaryMacs, e.FloatMacs, e.Top1, t, InterleavedRounds.Ratio(t, times[0]), FirstOutput.Measure(e.File, processes))),
            ];
            string command = $"dotnet run -c Release --project bench -- small {Path.GetFileName(data.TrimEnd('/'))} {string.Join(' ', files.Select(Path.GetFileName))}";
            return new SmallImagesReport(BoardDetector.Detect(), ResultPlace.Commit(root), command, DateTimeOffset.UtcNow, (test.Name, test.Count), Math.Min(Calibrated, train.Count), rows);
        }
        finally
        {
            entries.ForEach(e => e.Contestant.Dispose());
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Entry Student(string file, LabelledPixels test)
    {
        EvitModel model = EvitModel.Open(file);
        float[] logits = new float[model.Classes];
        using (Session session = model.CreateSession(new EdgeVit.Runtime.SessionOptions { Threads = 1 }))
        {
            double top1 = test.Top1(i =>
            {
                session.RunNhwc(test.Bytes(i), logits);
                return logits;
            });
            Contestant timed = EdgeVitContestants.Of(model, KernelSets.Best, threads: 1);
            Contestant named = timed with
            {
                Release = () =>
                {
                    timed.Dispose();
                    model.Dispose();
                },
            };
            IReadOnlyList<NodeFacts> nodes = GraphCost.Of(model.File.Graph, model.File.Tensors);
            return new Entry(named, (long)nodes.Sum(n => n.Cost.BinaryMacs), (long)nodes.Sum(n => n.Cost.FloatMacs), top1, file);
        }
    }

    /// <summary>A checkpoint in floats, and in 8 bits with ranges from training images.</summary>
    private static IEnumerable<Entry> Floats(string checkpoint, LabelledPixels train, LabelledPixels test, string folder)
    {
        int side = (int)Math.Sqrt(test.Floats(0).Length / 3);
        (PeerNetwork network, Func<IPeerWeights> weights) = SmallNetworks.Of(checkpoint, side);
        PeerGraph graph = PeerGraph.Float(network, weights());
        int step = Math.Max(1, train.Count / Calibrated);
        IReadOnlyDictionary<string, ValueRange> ranges = PeerCalibration.Of(
            PeerGraph.Float(network, weights()), Enumerable.Range(0, Math.Min(Calibrated, train.Count)).Select(i => train.Floats(i * step))).Ranges;
        foreach (bool integers in (bool[])[false, true])
        {
            byte[] bytes = (integers ? PeerGraph.Integers(network, ranges, weights()) : graph).ToBytes();
            string path = Path.Combine(folder, $"{network.Name}{(integers ? "-int8" : "")}.onnx");
            File.WriteAllBytes(path, bytes);
            yield return new Entry(OnnxContestants.Of(network.Contestant(integers), bytes, side).Contestant, 0, graph.MultiplyAdds, Top1(bytes, test, side), path);
        }
    }

    private static double Top1(byte[] graph, LabelledPixels test, int side)
    {
        using Microsoft.ML.OnnxRuntime.SessionOptions options = OnnxContestants.Options();
        using var session = new InferenceSession(graph, options);
        using var run = new RunOptions();
        return test.Top1(i =>
        {
            using OrtValue image = OrtValue.CreateTensorValueFromMemory(test.Floats(i), [1, 3, side, side]);
            using IDisposableReadOnlyCollection<OrtValue> logits = session.Run(run, ["image"], [image], ["logits"]);
            return logits[0].GetTensorDataAsSpan<float>().ToArray();
        });
    }

    private sealed record Entry(Contestant Contestant, long BinaryMacs, long FloatMacs, double Top1, string File);
}
