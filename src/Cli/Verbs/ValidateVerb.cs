using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>edgevit validate</c>: the accuracy of a packed model, measured by the packed runtime.</summary>
internal sealed class ValidateVerb : Verb
{
    private readonly Argument<string> _model = new("model.evit") { Description = "The model, or a run folder." };
    private readonly Option<string> _data = new("--data") { Description = "An image folder, CIFAR or IDX files, or 'shapes'.", HelpName = "PATH", Required = true };
    private readonly Option<string> _split = new("--split") { Description = "test, val, train, or auto: test where the data has one; or which folders are what, as in train=A,test=B.", DefaultValueFactory = _ => "auto" };
    private readonly Option<double?> _minTop1 = new("--min-top1") { Description = "Exit with 3 when top-1 is below this many percent.", HelpName = "PERCENT" };
    private readonly Option<int?> _limit = new("--limit") { Description = "Measure on a random sample of this many images, always the same.", HelpName = "N" };
    private readonly Option<int> _threads = new("--threads") { Description = "Images at a time.", DefaultValueFactory = _ => Math.Min(Environment.ProcessorCount, Threads.Most) };
    private readonly Option<bool> _skipBad = new("--skip-bad") { Description = "Leave out images that cannot be decoded, and count them." };
    private readonly Option<ulong> _seed = new("--seed") { Description = "Seed of the built-in data set.", DefaultValueFactory = _ => new DatasetOptions().Seed };

    public ValidateVerb() : base(
        "validate",
        "Measures top-1 and top-5 accuracy of a packed model on labelled images.",
        "validate runs/demo/model.evit --data shapes",
        "validate model.evit --data photos/ --min-top1 87")
    {
        AddAll(_model, _data, _split, _minTop1, _limit, _threads, _skipBad, _seed);
    }

    protected override int Run(ParseResult arguments, Printer printer)
    {
        int threads = Threads.Check(arguments.GetValue(_threads));
        double? least = arguments.GetValue(_minTop1);
        if (least is < 0 or > 100 or double.NaN)
        {
            throw new UserException($"--min-top1 is {least}, expected 0 to 100.", ExitCode.Usage);
        }

        using EvitModel model = ModelPath.Open(arguments.GetRequiredValue(_model));
        string path = arguments.GetRequiredValue(_data);
        string split = arguments.GetRequiredValue(_split);
        bool folders = split.Contains('=', StringComparison.Ordinal);
        DatasetSplits splits = DatasetFolder.Open(path, new DatasetOptions
        {
            SkipBad = arguments.GetValue(_skipBad),
            Seed = arguments.GetValue(_seed),
            Split = folders ? split : null,
            TestAlone = true,
        });
        IImageDataset data = SplitChoice.Of(splits, folders ? SplitChoice.Auto : split, path, printer);
        int[] labels = LabelMap(data, model, path, printer);
        int[] indices = Sample(data.Count, arguments.GetValue(_limit));

        using var interruption = new Interruption();
        var accuracy = new Accuracy(model.Labels);
        var clock = Stopwatch.StartNew();
        Measure(model, data, indices, labels, threads, accuracy, printer, clock, interruption.Token);
        clock.Stop();
        return Report(printer, path, data, splits, model, accuracy, clock.Elapsed, least);
    }

    /// <summary>The model's class for each class of the data: by name where the names are the same, else by index.</summary>
    private static int[] LabelMap(IImageDataset data, EvitModel model, string path, Printer printer)
    {
        string[] labels = [.. model.Labels];
        if (data.Labels.All(c => labels.Contains(c)))
        {
            return [.. data.Labels.Select(c => Array.IndexOf(labels, c))];
        }

        if (data.Labels.Count != labels.Length)
        {
            throw new UserException(
                $"{path} has {data.Labels.Count} classes ({Some(data.Labels)}), the model has {labels.Length} ({Some(labels)}). They must be the same, or the data's among the model's.");
        }
        printer.Warn($"the names of the classes differ ({Some(data.Labels)} against {Some(labels)}); comparing by their order.");
        return [.. Enumerable.Range(0, labels.Length)];
    }

    private static string Some(IReadOnlyList<string> names) => string.Join(", ", names.Take(5)) + (names.Count > 5 ? ", ..." : "");

    /// <summary>All indices, or a sample that is the same every time. Drawn at random: data sets often repeat their classes at regular
    /// steps.</summary>
    internal static int[] Sample(int count, int? limit)
    {
        if (limit is < 1)
        {
            throw new UserException($"--limit is {limit}, expected 1 or more.", ExitCode.Usage);
        }

        int[] indices = [.. Enumerable.Range(0, count)];
        if (limit is null || limit >= count)
        {
            return indices;
        }

        new Random(1).Shuffle(indices);
        return [.. indices.Take(limit.Value).Order()];
    }

    /// <summary>Several images at a time, each on a session of its own with one thread: the fastest way to many answers, and the order does not
    /// matter.</summary>
    internal static void Measure(
        EvitModel model, IImageDataset data, int[] indices, int[] labels, int threads, Accuracy accuracy, Printer printer, Stopwatch clock, CancellationToken cancel)
    {
        int next = -1;
        var done = new Progress(printer, indices.Length, clock);
        Exception? failure = null;
        Thread[] workers = [.. Enumerable.Range(0, Math.Min(threads, indices.Length)).Select(_ => new Thread(Work) { IsBackground = true })];
        foreach (Thread worker in workers)
        {
            worker.Start();
        }

        foreach (Thread worker in workers)
        {
            worker.Join();
        }

        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }

        cancel.ThrowIfCancellationRequested();

        void Work()
        {
            try
            {
                using Session session = model.CreateSession();
                var pipeline = new PreprocessPipeline(model.Preprocess);
                byte[] pixels = new byte[pipeline.Length];
                float[] logits = new float[model.Classes];
                for (int i; (i = Interlocked.Increment(ref next)) < indices.Length && !cancel.IsCancellationRequested && failure is null;)
                {
                    pipeline.ToPixels(data.Load(indices[i]), pixels);
                    session.RunNhwc(pixels, logits);
                    int label = labels[data.Label(indices[i])];
                    int rank = Prediction.Rank(logits, label);
                    lock (accuracy)
                    {
                        accuracy.Add(label, rank);
                        done.Advance(accuracy);
                    }
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, e, null);
            }
        }
    }

    private static int Report(
        Printer printer, string path, IImageDataset data, DatasetSplits splits, EvitModel model, Accuracy accuracy, TimeSpan time, double? least)
    {
        (double low, double high) = accuracy.Interval();
        bool passed = least is null || accuracy.Top1 >= least;
        double perSecond = accuracy.Images / time.TotalSeconds;
        printer.Object(new JsonObject
        {
            ["model"] = new JsonObject { ["name"] = model.File.Graph.Name, ["sha256"] = model.File.Sha256, ["bytes"] = model.File.Bytes },
            ["data"] = path,
            ["split"] = data.Name,
            ["images"] = accuracy.Images,
            ["skipped"] = splits.Skipped,
            ["files"] = SplitChoice.Json(splits.Files),
            ["top1"] = Quantity.Json(accuracy.Top1),
            ["top5"] = Quantity.Json(accuracy.Top5),
            ["top1_interval"] = new JsonArray(Quantity.Json(low), Quantity.Json(high)),
            ["classes"] = new JsonArray([.. accuracy.PerClass.Select(c => (JsonNode)new JsonObject
            {
                ["label"] = c.Label,
                ["images"] = c.Images,
                ["correct"] = c.Correct,
                ["top1"] = c.Images > 0 ? Quantity.Json(100.0 * c.Correct / c.Images) : null,
            })]),
            ["min_top1"] = least,
            ["passed"] = passed,
            ["seconds"] = Quantity.Json(time.TotalSeconds, 3),
            ["images_per_second"] = Quantity.Json(perSecond, 1),
        });
        var table = new TextTable(null, "class", ">images", ">correct", ">top-1");
        foreach (ClassAccuracy c in accuracy.PerClass)
        {
            table.Add(c.Label, Quantity.Count(c.Images), Quantity.Count(c.Correct), c.Images > 0 ? $"{Quantity.Fixed(100.0 * c.Correct / c.Images, 1)} %" : "-");
        }

        if (accuracy.PerClass.Count <= 100)
        {
            printer.Data(table);
        }

        printer.Data($"{data.Name}: {Quantity.Count(accuracy.Images)} images  top-1 {Quantity.Fixed(accuracy.Top1, 2)} % (95 %: {Quantity.Fixed(low, 2)} to {Quantity.Fixed(high, 2)})  top-5 {Quantity.Fixed(accuracy.Top5, 2)} %");
        printer.Say($"{Quantity.Time(time)}, {Quantity.Fixed(perSecond, 1)} images per second, decoding included{(splits.Skipped > 0 ? $"; {splits.Skipped} images left out" : "")}");
        if (splits.Files is { LeftOut.Count: > 0 } files)
        {
            printer.Say($"{Quantity.Count(files.Found)} files found, {Quantity.Count(files.Used)} used; left out: {files.Summary()}");
        }

        if (!passed)
        {
            printer.Warn($"check failed: top-1 {Quantity.Fixed(accuracy.Top1, 2)} % is below the {Quantity.Fixed(least!.Value, 2)} % that --min-top1 asks for.");
        }

        return passed ? ExitCode.Ok : ExitCode.CheckFailed;
    }

    /// <summary>The live line, or a plain line every ten seconds.</summary>
    private sealed class Progress(Printer printer, int total, Stopwatch clock)
    {
        private int _done;
        private TimeSpan _next = printer.LiveWords ? TimeSpan.FromSeconds(0.5) : TimeSpan.FromSeconds(10);

        public void Advance(Accuracy accuracy)
        {
            _done++;
            if (clock.Elapsed < _next)
            {
                return;
            }

            _next = clock.Elapsed + (printer.LiveWords ? TimeSpan.FromSeconds(0.2) : TimeSpan.FromSeconds(10));
            TimeSpan left = clock.Elapsed * ((double)(total - _done) / _done);
            string line = $"{_done}/{total} images  top-1 {Quantity.Fixed(accuracy.Top1, 2)} %  eta {Quantity.Time(left)}";
            if (printer.LiveWords)
            {
                printer.Live(line);
            }
            else
            {
                printer.Say(line);
            }
        }
    }
}
