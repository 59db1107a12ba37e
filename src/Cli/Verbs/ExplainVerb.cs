using System.CommandLine;
using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>edgevit explain</c>: what a packed model looks at, as one page.</summary>
internal sealed class ExplainVerb : Verb
{
    private const string UsualPage = "explain.html";

    private readonly Argument<string> _model = new("model.evit") { Description = "The model, or a run folder." };
    private readonly Argument<string[]> _photos = new("photo")
    {
        Description = $"Images, folders or patterns, {ExplainSettings.MostPhotos} images at most; '-' is standard input. Without any, mistakes of --data are explained.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string?> _out = new("--out", "-o") { Description = $"The page to write. [default: {UsualPage}; with --json none]", HelpName = "FILE.html" };
    private readonly Option<string[]> _class = new("--class") { Description = "Show the occlusion map of this class, too; may be given again.", HelpName = "NAME" };
    private readonly WholeOption<int> _grid = new("--grid", 4, 32) { Description = "Places a side that are covered, one after the other.", DefaultValueFactory = _ => 14, HelpName = "N" };
    private readonly ChoiceOption _fill = new("--fill", "mean", "grey") { Description = "What covers: the picture's mean colour, or middle grey.", DefaultValueFactory = _ => "mean" };
    private readonly InputOption<string?> _data = DataOption.Create<string?>("Labelled images: an image folder, CIFAR or IDX files, or 'shapes'.");
    private readonly Option<string> _split = new("--split") { Description = "test, val, train, or auto: test where the data has one.", DefaultValueFactory = _ => SplitChoice.Auto };
    private readonly WholeOption<int> _limit = new("--limit", 1, int.MaxValue) { Description = "A random sample of this many images of the data, always the same.", DefaultValueFactory = _ => 500, HelpName = "N" };
    private readonly WholeOption<int> _channels = new("--channels", 0, 16) { Description = "Channels of each stage whose most activating images are shown.", DefaultValueFactory = _ => 4, HelpName = "N" };
    private readonly WholeOption<int> _threads = new("--threads", 1, Threads.OfMachine) { Description = "Images at a time.", DefaultValueFactory = _ => Threads.OfMachine };

    public ExplainVerb() : base(
        "explain",
        "Shows what a packed model looks at: occlusion maps, its 1-bit attention, its mistakes.",
        "explain runs/demo/model.evit photo.jpg",
        "explain model.evit photos/ --class cat --out cats.html",
        "explain model.evit --data photos/ --limit 1000 --out mistakes.html")
    {
        AddAll(_model, _photos, _out, _class, _grid, _fill, _data, _split, _limit, _channels, _threads);
    }

    protected override int Run(ParseResult arguments, Printer printer)
    {
        string[] sources = arguments.GetValue(_photos) ?? [];
        string modelPath = ModelPath.Resolve(arguments.GetRequiredValue(_model));
        string? path = arguments.GetValue(_data);
        if (sources.Length == 0 && path is null)
        {
            throw new UserException("explain needs photos, or --data PATH. Type 'edgevit explain --help'.", ExitCode.Usage);
        }

        if (sources.FirstOrDefault(s => s.Length > 1 && s.StartsWith('-') && !File.Exists(s)) is { } mistyped)
        {
            throw new UserException($"{CommandTree.UnknownOption(this, mistyped)} Type 'edgevit explain --help' for the options.", ExitCode.Usage);
        }

        ModelPath.RefuseNetworks(sources, "a picture");
        string[] files = [.. sources.SelectMany(ImageInputs.Expand).SelectMany(ImageInputs.Resolve)];
        if (files.Length > ExplainSettings.MostPhotos)
        {
            throw new UserException($"{files.Length} photos, expected at most {ExplainSettings.MostPhotos}: a page has room for no more. Name fewer, or label them and give their folder as --data.", ExitCode.Usage);
        }

        string? target = arguments.GetValue(_out) ?? (printer.Json ? null : UsualPage);
        if (target is not null)
        {
            CheckTarget(target, [modelPath, .. files]);
        }

        using EvitModel model = EvitModel.Open(modelPath);
        var settings = new ExplainSettings(
            arguments.GetValue(_class) ?? [], arguments.GetValue(_grid), arguments.GetValue(_fill) == "grey" ? OccluderFill.Grey : OccluderFill.Mean,
            arguments.GetValue(_channels), arguments.GetValue(_threads));
        ExplainData? data = path is null ? null : Open(path, arguments.GetRequiredValue(_split), arguments.GetValue(_limit), model, printer);
        return ExplainRun.Run(model, files, data, settings, target, printer);
    }

    /// <summary>A page of <c>explain</c> may be replaced, any other file may not.</summary>
    private static void CheckTarget(string target, IReadOnlyList<string> inputs)
    {
        foreach (string input in inputs)
        {
            OutputPath.Check(target, input, "an input");
        }

        AtomicFile.Check(target, 1);
        if (File.Exists(target) && new FileInfo(target).Length > 0 && !ExplainPage.IsOne(target))
        {
            throw new UserException($"--out {target} is there and is no page of 'edgevit explain'. It was left as it is; name another file.", ExitCode.Usage);
        }
    }

    private static ExplainData Open(string path, string split, int limit, EvitModel model, Printer printer)
    {
        DatasetSplits splits = DatasetFolder.Open(path, new DatasetOptions { TestAlone = true });
        foreach (string warning in splits.Warnings)
        {
            printer.Warn(warning);
        }

        IImageDataset images = SplitChoice.Of(splits, split, path, printer);
        return new ExplainData(images, MeasuredImages.Sample(images.Count, limit), MeasuredImages.LabelMap(images, model, path, printer));
    }
}
