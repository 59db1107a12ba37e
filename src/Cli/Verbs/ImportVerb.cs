using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>edgevit import</c>: a checkpoint of the paper's code, of timm or of Hugging Face goes in, a packed model comes out.</summary>
internal sealed class ImportVerb : Verb
{
    private const int MostNotBinary = 4;

    private readonly ProofImages _images = new(usual: 1);
    private readonly ChoiceOption _floats = FloatsOption.Create();

    private readonly Argument<string> _checkpoint = new("CHECKPOINT") { Description = "A .pth, .pt, .bin or .safetensors file, or the .index.json of one in parts, of which nothing is executed; or an .evit model of an earlier version." };
    private readonly Option<string> _out = new("--out", "-o") { Description = "The model to write; its card goes beside it.", HelpName = "model.evit", Required = true };
    private readonly InputOption<string?> _labels = new("--labels") { Description = "Class names: a text file with one on each line, or a JSON array. [default: class 0, class 1, ...]", HelpName = "FILE" };
    private readonly Option<string?> _name = new("--name") { Description = "Name of the network. [default: by its form]" };
    private readonly Option<string?> _key = new("--key") { Description = "Where the weights lie in a checkpoint with several sets of them, such as model_ema. [default: the usual places]" };
    private readonly Option<string?> _prefix = new("--prefix") { Description = "What stands before the names of the network's tensors, such as backbone. [default: found by their structure]" };
    private readonly WholeOption<int?> _headSize = new("--head-size", 1, int.MaxValue) { Description = "Channels of one attention head. [default: 64, or all channels where there are fewer]", HelpName = "N" };
    private readonly ParsedOption<int[]> _reductions = new("--reductions", "whole numbers such as 8,4,1,1, one for each stage", ParseReductions) { Description = "How much each stage shrinks keys and values. [default: to the tokens of the last stage]", HelpName = "A,B,..." };
    private readonly RealOption _normEps = new("--norm-eps", 0, 1) { Description = "Epsilon of the norms. [default: 1e-5; for float networks that of their library]", HelpName = "X" };
    private readonly WholeOption<int?> _imageSize = new("--image-size", 1, int.MaxValue) { Description = "Side of the input in pixels. [default: by the position embeddings]", HelpName = "N" };
    private readonly WholeOption<int?> _resize = new("--resize", 1, int.MaxValue) { Description = "Shorter side of an image before the centre crop. [default: 8/7 of the input; the input below 128]", HelpName = "N" };
    private readonly ChoiceOption _interpolation = new("--interpolation", "bicubic", "bilinear") { Description = "bicubic or bilinear. [default: bicubic]" };
    private readonly TripleOption _mean = new("--mean") { Description = "Means of red, green, blue of pixels in 0..1. [default: 0.485,0.456,0.406]" };
    private readonly TripleOption _std = new("--std", positive: true) { Description = "Their deviations. [default: 0.229,0.224,0.225]" };
    private readonly Option<bool> _overwrite = Replacement.Option();

    public ImportVerb() : base(
        "import",
        "Packs a trained checkpoint: BinaryViT and the ReActNet forms of DeiT of the paper's code, students of convert, float DeiT and ViT of timm or Hugging Face.",
        "import checkpoint.pth --out model.evit --labels classes.txt",
        "import deit_tiny.safetensors --out teacher.evit --mean 0.5,0.5,0.5 --std 0.5,0.5,0.5",
        "import odd.pth --out odd.evit --head-size 24 --reductions 4,2,1",
        "import earlier.evit --out now.evit")
    {
        AddAll([_checkpoint, _out, _overwrite, .. Checkpoints, _floats, .. _images.Options]);
    }

    private Option[] Checkpoints => [_labels, _name, _key, _prefix, _headSize, _reductions, _normEps, _imageSize, _resize, _interpolation, _mean, _std];

    protected override int Run(ParseResult arguments, Printer printer)
    {
        string path = arguments.GetRequiredValue(_checkpoint);
        string target = arguments.GetRequiredValue(_out);
        ModelPath.RefusePipe(path);
        OutputPath.Check(target, path, "the checkpoint");
        if (arguments.GetValue(_labels) is { } names)
        {
            OutputPath.Check(target, names, "the file of --labels");
        }

        Replacement.Check(_out.Name, target, arguments.GetValue(_overwrite));

        if (FormerModel.IsModel(path))
        {
            return Rewrite(path, target, arguments, printer);
        }

        RefuseOtherKinds(path);
        ImportOptions options = Given(arguments);
        FloatPolicy floats = FloatsOption.Parse(arguments.GetRequiredValue(_floats));
        var clock = Stopwatch.StartNew();
        if (File.Exists(path))
        {
            printer.Say($"reading {path} ({Quantity.Bytes(new FileInfo(path).Length)})");
        }

        ImportedCheckpoint imported = CheckpointImport.Open(path, options);
        printer.Say($"recognised {imported.Network.Variant}: {Shape(imported.Network.Config)}");
        foreach (string note in imported.Notes)
        {
            printer.Say(note);
        }

        printer.Say("packing, and comparing the packed file with a simulation of the checkpoint");
        CertifiedModel model = ImportedModel.Pack(imported, floats, _images.Read(arguments, imported.Preprocess));
        bool passed = model.Certificate.Passed;
        string? card = null;
        if (passed)
        {
            AtomicFile.Write(target, model.Bytes);
            card = CardFile.Write(target, model.File, printer);
        }
        clock.Stop();
        var summary = new ModelSummary(model.File);
        printer.Object(Json(target, card, imported, summary, model.Certificate, clock.Elapsed));
        if (passed)
        {
            Print(printer, target, card, imported, summary, model.Certificate, clock.Elapsed);
        }
        else
        {
            printer.Error(NotWritten(target, model.Certificate));
        }

        return passed ? ExitCode.Ok : ExitCode.CheckFailed;
    }

    private static void RefuseOtherKinds(string path)
    {
        if (ModelFileKinds.Of(path) is var kind and not (ModelFileKind.Unknown or ModelFileKind.PyTorch or ModelFileKind.Safetensors or ModelFileKind.Index))
        {
            throw new UserException(ModelFileKinds.Describe(path, kind, "a checkpoint"), ExitCode.Usage);
        }
    }

    /// <summary>Rewrites a model file of an earlier version.</summary>
    private int Rewrite(string path, string target, ParseResult arguments, Printer printer)
    {
        if (Checkpoints.Append(_floats).FirstOrDefault(o => arguments.GetResult(o) is { Implicit: false }) is { } option)
        {
            throw new UserException($"{option.Name} is for checkpoints, and {path} is a model file: it is rewritten with all that it holds. Leave the option out.", ExitCode.Usage);
        }

        EvitFile former = FormerModel.Read(path);
        printer.Say($"{path} is a model of an earlier version; rewriting it, and comparing both");
        CertifiedModel model = FormerModel.Pack(former, Path.GetFileName(path), _images.Read(arguments, former.Preprocess));
        if (!model.Certificate.Passed)
        {
            printer.Error($"the new file does not compute what {path} does, so {target} is not written. This is a fault of the importer; please report it with these lines:\n  {string.Join("\n  ", model.Certificate.Lines())}");
            return ExitCode.CheckFailed;
        }

        AtomicFile.Write(target, model.Bytes);
        string? card = CardFile.Write(target, model.File, printer);
        printer.Object(new JsonObject
        {
            ["model"] = target,
            ["card"] = card,
            ["bytes"] = model.File.Bytes,
            ["sha256"] = model.File.Sha256,
            ["network"] = model.File.Graph.Name,
            ["version"] = model.File.Graph.Version,
            ["certificate"] = JsonNode.Parse(model.Certificate.ToJson()),
        });
        printer.Data(new TextTable(null, "", "")
            .Add("model", $"{target}  {Quantity.Bytes(model.File.Bytes)}")
            .Add("card", card ?? "none").AddLines("certificate", model.Certificate.Lines(printer.RichData)).Add("sha256", model.File.Sha256));
        return ExitCode.Ok;
    }

    private static string NotWritten(string target, ParityCertificate certificate) =>
        $"the packed model does not compute what the checkpoint does, so {target} is not written. Either its numbers leave what 32-bit floats can hold (sums of huge values that cancel), or this is a fault of the importer; please report it with these lines:\n  {string.Join("\n  ", certificate.Lines())}";

    private ImportOptions Given(ParseResult arguments) => new(
        new RecogniserOptions(
            arguments.GetValue(_name) is not { } name ? null : name.Trim().Length > 0 ? name : throw new UserException("--name is blank, expected a name.", ExitCode.Usage),
            arguments.GetValue(_headSize),
            _reductions.Given(arguments),
            arguments.GetValue(_imageSize),
            arguments.GetValue(_normEps)),
        arguments.GetValue(_key),
        arguments.GetValue(_labels) is { } labels ? LabelFile.Read(labels) : null,
        arguments.GetValue(_resize),
        arguments.GetValue(_interpolation) is not { } interpolation ? null : interpolation == "bicubic" ? Interpolation.Bicubic : Interpolation.Bilinear,
        _mean.Given(arguments),
        _std.Given(arguments),
        arguments.GetValue(_prefix));

    private static int[]? ParseReductions(string text)
    {
        int[] values = [.. text.Split(',').Select(s => Number.TryWhole(s, out int n) ? n : 0)];
        return values.All(n => n > 0) ? values : null;
    }

    private static string Shape(INetworkConfig config) => config switch
    {
        BinaryViTConfig b => $"{string.Join(" + ", b.Stages.Select(s => s.Depth))} blocks of {string.Join(", ", b.Stages.Select(s => s.Width))} channels, {Input(b)}",
        FloatViTConfig f => $"{f.Depth} blocks of {f.Width} channels, {Input(f)}",
        _ => Input(config),
    };

    private static string Input(INetworkConfig config) => $"images of {config.ImageSize}x{config.ImageSize}, {Quantity.Count(config.Classes)} classes";

    private static void Print(Printer printer, string target, string? card, ImportedCheckpoint imported, ModelSummary s, ParityCertificate certificate, TimeSpan time)
    {
        EvitFile file = s.File;
        var table = new TextTable(null, "", "")
            .Add("model", $"{target}  {Quantity.Bytes(file.Bytes)}; the same parameters as fp32 {Quantity.Bytes(s.Fp32Bytes)}")
            .Add("card", card ?? "none")
            .Add("network", $"{file.Graph.Name}: {imported.Network.Variant}")
            .Add("parameters", $"{printer.Count(imported.Parameters)}, of which {printer.Count(s.BinaryWeights)} are 1-bit weights ({Quantity.Percent((double)s.BinaryWeights / imported.Parameters)})")
            .Add("operations", $"{Quantity.Percent(s.BinaryShare)} of the multiply-adds are 1-bit");
        foreach ((FloatPart part, int i) in s.NotBinary().Where(p => p.Bytes > 0).OrderByDescending(p => p.Bytes).Take(MostNotBinary).Select((p, i) => (p, i)))
        {
            table.Add(i == 0 ? "not 1-bit" : "", $"{part.Kind} {Quantity.Bytes(part.Bytes)}: {part.Reason}");
        }

        printer.Data(table
            .AddLines("certificate", certificate.Lines(printer.RichData))
            .Add("sha256", file.Sha256).Add("time", Quantity.Time(time)).Add("memory", $"{Quantity.Bytes(PeakMemory())} at most"));
        printer.Say("Next:");
        printer.Say($"  edgevit inspect {ShellQuote.Word(target)}");
        printer.Say($"  edgevit run {ShellQuote.Word(target)} photo.jpg");
        printer.Say($"  edgevit bench {ShellQuote.Word(target)} --quick");
    }

    private static long PeakMemory()
    {
        using Process self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64;
    }

    private static JsonObject Json(string target, string? card, ImportedCheckpoint imported, ModelSummary s, ParityCertificate certificate, TimeSpan time) => new()
    {
        ["model"] = target,
        ["card"] = card,
        ["bytes"] = s.File.Bytes,
        ["sha256"] = s.File.Sha256,
        ["network"] = s.File.Graph.Name,
        ["variant"] = imported.Network.Variant,
        ["parameters"] = imported.Parameters,
        ["classes"] = imported.Network.Config.Classes,
        ["input"] = new JsonArray([.. s.File.Graph.InputShape.Select(v => (JsonNode)v)]),
        ["binary_weights"] = s.BinaryWeights,
        ["binary_share"] = Quantity.Json(s.BinaryShare, 6),
        ["not_binary"] = new JsonArray([.. s.NotBinary().Select(p => (JsonNode)new JsonObject { ["op"] = p.Kind, ["nodes"] = p.Nodes, ["bytes"] = p.Bytes, ["why"] = p.Reason })]),
        ["floats"] = certificate.Floats,
        ["certificate"] = JsonNode.Parse(certificate.ToJson()),
        ["notes"] = new JsonArray([.. imported.Notes.Select(n => (JsonNode)n)]),
        ["source"] = new JsonObject
        {
            ["file"] = imported.Source.File,
            ["bytes"] = imported.Source.Bytes,
            ["sha256"] = imported.Source.Sha256,
            ["format"] = imported.Source.Format,
            ["key"] = imported.Source.Key,
            ["prefix"] = imported.Source.Prefix,
            ["tensors"] = imported.Source.Tensors,
        },
        ["seconds"] = Quantity.Json(time.TotalSeconds, 2),
        ["memory"] = new JsonObject { ["peak_bytes"] = PeakMemory() },
    };
}
