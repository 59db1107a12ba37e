using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>edgevit run</c>: classifies images, or runs an exact tensor and prints raw logits.</summary>
internal sealed class RunVerb : Verb
{
    private readonly Argument<string> _model = new("model.evit") { Description = "The model, or a run folder." };
    private readonly Argument<string[]> _images = new("FILE|DIR|GLOB|-") { Description = "Images; '-' reads one from standard input.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<int> _top = new("--top") { Description = "How many classes to print.", DefaultValueFactory = _ => 5 };
    private readonly Option<string?> _tensor = new("--tensor")
    {
        Description = "Run an exact float tensor [n,3,H,W] instead of images and print its logits.",
        HelpName = "FILE.safetensors[:name]",
    };
    private readonly Option<int> _threads = new("--threads") { Description = "Threads for one image.", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> _skipBad = new("--skip-bad") { Description = "Leave out images that cannot be decoded." };

    public RunVerb() : base(
        "run",
        "Classifies images: labels, probabilities and where the time goes.",
        "run runs/demo/model.evit photo.jpg --top 3",
        "run runs/demo 'pictures/*.png' --json",
        "run runs/demo --tensor input.safetensors:image")
    {
        AddAll(_model, _images, _top, _tensor, _threads, _skipBad);
    }

    protected override int Run(ParseResult arguments, Printer printer)
    {
        int top = arguments.GetValue(_top);
        if (top < 1)
        {
            throw new UserException($"--top is {top}, expected 1 or more.", ExitCode.Usage);
        }

        string[] sources = arguments.GetValue(_images) ?? [];
        string? tensor = arguments.GetValue(_tensor);
        if (sources.FirstOrDefault(s => s.Length > 1 && s.StartsWith('-') && !File.Exists(s)) is { } mistyped)
        {
            throw new UserException($"{CommandTree.UnknownOption(this, mistyped)} Type 'edgevit run --help' for the options.", ExitCode.Usage);
        }

        if (sources.Length == 0 == (tensor is null))
        {
            throw new UserException(tensor is null ? "run needs images, or --tensor FILE. Type 'edgevit run --help'." : "give images or --tensor, not both.", ExitCode.Usage);
        }

        using EvitModel model = ModelPath.Open(arguments.GetRequiredValue(_model));
        using Session session = model.CreateSession(Threads.Options(arguments.GetValue(_threads)));
        return tensor is null
            ? RunImages(model, session, [.. sources.SelectMany(ImageInputs.Resolve)], top, arguments.GetValue(_skipBad), printer)
            : RunTensor(model, session, tensor, top, printer);
    }

    private static int RunImages(EvitModel model, Session session, IReadOnlyList<string> files, int top, bool skipBad, Printer printer)
    {
        using var interruption = new Interruption();
        var pipeline = new PreprocessPipeline(model.Preprocess);
        byte[] pixels = new byte[pipeline.Length];
        float[] logits = new float[model.Classes];
        var results = new JsonArray();
        int skipped = 0;
        bool single = files.Count == 1;
        foreach (string file in files)
        {
            interruption.Token.ThrowIfCancellationRequested();
            long start = Stopwatch.GetTimestamp();
            RgbImage image;
            string? warning;
            try
            {
                image = file == ImageInputs.StandardInput ? ImageDecoder.Decode(ReadStandardInput(), "standard input", out warning) : ImageDecoder.DecodeFile(file, out warning);
            }
            catch (ImageException e) when (skipBad)
            {
                skipped++;
                printer.Warn($"left out: {e.Message}");
                continue;
            }
            if (warning is not null)
            {
                printer.Warn($"{(file == ImageInputs.StandardInput ? "standard input" : file)}: {warning}");
            }

            long decoded = Stopwatch.GetTimestamp();
            pipeline.ToPixels(image, pixels);
            long prepared = Stopwatch.GetTimestamp();
            session.RunNhwc(pixels, logits);
            long ran = Stopwatch.GetTimestamp();

            IReadOnlyList<Prediction> best = Prediction.Top(logits, model.Labels, top);
            double decodeMs = Milliseconds(start, decoded), prepareMs = Milliseconds(decoded, prepared), runMs = Milliseconds(prepared, ran);
            results.Add((JsonNode)new JsonObject
            {
                ["source"] = file,
                ["top"] = Json(best),
                ["timing"] = new JsonObject { ["decode_ms"] = Quantity.Json(decodeMs), ["preprocess_ms"] = Quantity.Json(prepareMs), ["inference_ms"] = Quantity.Json(runMs) },
            });
            if (single)
            {
                PrintOne(printer, best);
                printer.Say($"{file}: decode {Quantity.Milliseconds(decodeMs)}, preprocess {Quantity.Milliseconds(prepareMs)}, inference {Quantity.Milliseconds(runMs)} ms (a first run includes compilation; see 'edgevit bench')");
            }
            else
            {
                printer.Data($"{file}  {string.Join("  ", best.Take(Math.Min(top, 3)).Select(p => $"{p.Label} {Quantity.Percent(p.Probability)}"))}  {Quantity.Milliseconds(runMs)} ms");
            }
        }
        printer.Object(new JsonObject { ["results"] = results, ["skipped"] = skipped, ["kernel"] = session.KernelName });
        if (skipped > 0)
        {
            printer.Say($"{skipped} of {files.Count} images left out");
        }

        return results.Count > 0 ? ExitCode.Ok : throw new UserException("none of the images could be decoded.");
    }

    private static int RunTensor(EvitModel model, Session session, string spec, int top, Printer printer)
    {
        (string name, float[] input, int images) = TensorInput.Read(spec, model.InputShape);
        float[] logits = new float[images * model.Classes];
        session.RunNchw(input, logits);
        var results = new JsonArray();
        var rows = new JsonArray();
        for (int i = 0; i < images; i++)
        {
            float[] row = logits.AsSpan(i * model.Classes, model.Classes).ToArray();
            results.Add((JsonNode)new JsonObject { ["source"] = $"{name}[{i}]", ["top"] = Json(Prediction.Top(row, model.Labels, top)) });
            rows.Add((JsonNode)new JsonArray([.. row.Select(v => (JsonNode)JsonValue.Create(v))]));
            printer.Data(string.Join(' ', row.Select(v => v.ToString("R", System.Globalization.CultureInfo.InvariantCulture))));
        }
        printer.Object(new JsonObject { ["results"] = results, ["logits"] = rows, ["kernel"] = session.KernelName });
        return ExitCode.Ok;
    }

    private static void PrintOne(Printer printer, IReadOnlyList<Prediction> best)
    {
        var table = new TextTable(null, ">probability", "label", ">index");
        foreach (Prediction p in best)
        {
            table.Add(Quantity.Percent(p.Probability, 2), p.Label, Quantity.Count(p.Index));
        }

        printer.Data(table);
    }

    internal static JsonArray Json(IReadOnlyList<Prediction> best) => new([.. best.Select(p => (JsonNode)new JsonObject
    {
        ["label"] = p.Label,
        ["index"] = p.Index,
        ["probability"] = Quantity.Json(p.Probability, 6),
    })]);

    private static byte[] ReadStandardInput()
    {
        using Stream input = Console.OpenStandardInput();
        using var bytes = new MemoryStream();
        input.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static double Milliseconds(long start, long end) => Stopwatch.GetElapsedTime(start, end).TotalMilliseconds;
}
