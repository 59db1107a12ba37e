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
    private readonly InputOption<string> _data = DataOption.Create<string>("An image folder, CIFAR or IDX files, or 'shapes'.", required: true);
    private readonly Option<string> _split = new("--split") { Description = "test, val, train, or auto: test where the data has one; or which folders are what, as in train=A,test=B.", DefaultValueFactory = _ => "auto" };
    private readonly InputOption<string?> _labelsCsv = new("--labels-csv") { Description = "A table of file and label, and perhaps split, in place of class folders.", HelpName = "FILE" };
    private readonly RealOption _minTop1 = new("--min-top1", 0, 100) { Description = "Exit with 3 when top-1 is below this many percent.", HelpName = "PERCENT" };
    private readonly WholeOption<int?> _limit = new("--limit", 1, int.MaxValue) { Description = "Measure on a random sample of this many images, always the same.", HelpName = "N" };
    private readonly WholeOption<int> _threads = new("--threads", 1, Threads.OfMachine) { Description = "Images at a time.", DefaultValueFactory = _ => Threads.OfMachine };
    private readonly Option<bool> _skipBad = new("--skip-bad") { Description = "Leave out images that cannot be decoded, and count them." };
    private readonly WholeOption<ulong> _seed = new("--seed", 0, ulong.MaxValue) { Description = "Seed of the built-in data set.", DefaultValueFactory = _ => new DatasetOptions().Seed };

    public ValidateVerb() : base(
        "validate",
        "Measures top-1 and top-5 accuracy of a packed model on labelled images.",
        "validate runs/demo/model.evit --data shapes",
        "validate model.evit --data photos/ --min-top1 87")
    {
        AddAll(_model, _data, _split, _labelsCsv, _minTop1, _limit, _threads, _skipBad, _seed);
    }

    public override IReadOnlyList<Combination> Combinations =>
    [
        Combination.Needs(_seed, "is that of the built-in data set", _data, DatasetFolder.Shapes),
        Combination.Excludes(_data, DatasetFolder.Shapes, "is drawn", _labelsCsv, _skipBad),
    ];

    protected override int Run(ParseResult arguments, Printer printer)
    {
        int threads = arguments.GetValue(_threads);
        double? least = arguments.GetValue(_minTop1);
        using EvitModel model = ModelPath.Open(arguments.GetRequiredValue(_model));
        string path = arguments.GetRequiredValue(_data);
        string split = arguments.GetRequiredValue(_split);
        bool folders = split.Contains('=', StringComparison.Ordinal);
        DatasetSplits splits = DatasetFolder.Open(path, new DatasetOptions
        {
            SkipBad = arguments.GetValue(_skipBad),
            Seed = arguments.GetValue(_seed),
            Split = folders ? split : null,
            LabelsCsv = arguments.GetValue(_labelsCsv),
            TestAlone = true,
        });
        foreach (string warning in splits.Warnings)
        {
            printer.Warn(warning);
        }

        IImageDataset data = SplitChoice.Of(splits, folders ? SplitChoice.Auto : split, path, printer);
        int[] labels = MeasuredImages.LabelMap(data, model, path, printer);
        int[] indices = MeasuredImages.Sample(data.Count, arguments.GetValue(_limit));

        using var interruption = new Interruption();
        var accuracy = new Accuracy(model.Labels);
        var clock = Stopwatch.StartNew();
        var duplicates = new DuplicateImages();
        bool compares = !ReferenceEquals(data, splits.Train) && splits.Kind != DatasetFolder.Shapes;
        Measure(model, data, indices, labels, threads, accuracy, printer, clock, interruption.Token, compares ? duplicates : null);
        clock.Stop();
        if (compares)
        {
            duplicates.Search(splits.Train, data, model.Preprocess, threads, DuplicateImages.Time, interruption.Token);
        }

        return Report(printer, path, data, splits, model, accuracy, duplicates, clock.Elapsed, least);
    }

    /// <summary>Several images at a time, each on a session of its own with one thread: the fastest way to many answers, and the order does not
    /// matter.</summary>
    internal static void Measure(
        EvitModel model, IImageDataset data, int[] indices, int[] labels, int threads, Accuracy accuracy, Printer printer, Stopwatch clock, CancellationToken cancel,
        DuplicateImages? duplicates = null)
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
                    duplicates?.Add(indices[i], pixels);
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
        Printer printer, string path, IImageDataset data, DatasetSplits splits, EvitModel model, Accuracy accuracy, DuplicateImages duplicates, TimeSpan time, double? least)
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
            ["duplicates"] = duplicates.Json(),
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

        printer.Data($"{data.Name}: {printer.Count(accuracy.Images)} images  top-1 {Quantity.Fixed(accuracy.Top1, 2)} % (95 %: {Quantity.Fixed(low, 2)} to {Quantity.Fixed(high, 2)})  top-5 {Quantity.Fixed(accuracy.Top5, 2)} %");
        printer.Say($"{Quantity.Time(time)}, {Quantity.Fixed(perSecond, 1)} images per second, decoding included{(splits.Skipped > 0 ? $"; {splits.Skipped} images left out" : "")}");
        if (splits.Files is { LeftOut.Count: > 0 } files)
        {
            printer.Say($"{Quantity.Count(files.Found)} files found, {Quantity.Count(files.Used)} used; left out: {files.Summary()}");
        }

        if (splits.Odd?.Text() is { } odd)
        {
            printer.Warn(odd);
        }

        if (duplicates.Text(accuracy.Images) is { } same)
        {
            printer.Warn(same);
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
