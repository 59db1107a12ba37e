using System.CommandLine;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>edgevit run</c>: classifies images, cameras, streams, folders and clips, or runs an exact tensor and prints raw logits.</summary>
internal sealed class RunVerb : Verb
{
    private readonly Argument<string> _model = new("model.evit") { Description = "The model, or a run folder." };
    private readonly Argument<string[]> _sources = new("FILE|DIR|GLOB|-|camera:0|rpicam|clip.mp4") { Description = "Images or clips, pipes of them, a camera; '-' reads an image, or frames with --format, from standard input; a GLOB has *, ?, [a-z], {a,b} and ** for any folders.", Arity = ArgumentArity.ZeroOrMore };
    private readonly WholeOption<int> _top = new("--top", 1, int.MaxValue) { Description = "How many classes to print.", DefaultValueFactory = _ => 5 };
    private readonly InputOption<string?> _tensor = new("--tensor")
    {
        IsThere = TensorInput.IsThere,
        Description = "Run an exact float tensor [n,3,H,W] instead of images and print its logits.",
        HelpName = "FILE.safetensors[:name]",
    };
    private readonly WholeOption<int> _threads = new("--threads", 1, Threads.OfMachine) { Description = "Threads for one image.", DefaultValueFactory = _ => 1 };
    private readonly Option<bool> _skipBad = new("--skip-bad") { Description = "Leave out images and clips that cannot be decoded; they are no failure then." };
    private readonly Option<bool> _failFast = new("--fail-fast") { Description = "Stop at the first image or clip that cannot be decoded. [default: name it, go on, and end with exit code 1]" };
    private readonly SourceOptions _wishes = new();

    public RunVerb() : base(
        "run",
        "Classifies images, cameras and clips: labels, probabilities and where the time goes.",
        "run runs/demo/model.evit photo.jpg --top 3",
        "run runs/demo 'pictures/*.png' --json",
        "run runs/demo camera:0 --size 1280x720",
        "run runs/demo inbox --watch --json",
        "run runs/demo clip.mp4 --frames 32",
        "run model.evit clips/ --faces blazeface.onnx --positive fake",
        "run runs/demo --tensor input.safetensors:image")
    {
        Groups = [new("Images and clips", [_top, _threads, _skipBad, _failFast, _tensor]), .. _wishes.Groups];
        AddAll([_model, _sources, .. Groups.SelectMany(static g => g.Options)]);
    }

    public override IReadOnlyList<OptionGroup> Groups { get; }

    public override IReadOnlyList<Combination> Combinations =>
    [
        Combination.Excludes(_skipBad, "goes on", _failFast),
        _wishes.CropsNeedFaces,
        Combination.Excludes(_tensor, "runs a tensor", [_skipBad, _failFast, .. _wishes.All]),
    ];

    protected override int Run(ParseResult arguments, Printer printer)
    {
        int top = arguments.GetValue(_top);
        string[] sources = arguments.GetValue(_sources) ?? [];
        string? tensor = arguments.GetValue(_tensor);
        if (sources.Length == 0 == (tensor is null))
        {
            // A picture alone is told that the model comes first.
            ModelPath.Resolve(arguments.GetRequiredValue(_model));
            throw new UserException(tensor is null ? "run needs images behind the model, or --tensor FILE. Type 'edgevit run --help' for the options." : "give images or --tensor, not both.", ExitCode.Usage);
        }

        ModelPath.RefuseNetworks(sources, "a picture");
        SourceWishes wishes = _wishes.Read(arguments);
        using EvitModel model = ModelPath.Open(arguments.GetRequiredValue(_model));
        using Session session = model.CreateSession(Threads.Options(arguments.GetValue(_threads)));
        if (tensor is not null)
        {
            return TensorRun.Run(model, session, tensor, top, printer);
        }

        try
        {
            return SourceChoice.Of(sources, wishes, new BadSources(arguments.GetValue(_skipBad), arguments.GetValue(_failFast)))(new Classifier(model, session, top), printer);
        }
        catch (IOException e) when (printer.IsClosed(e))
        {
            // Who reads the lines has seen enough.
            return ExitCode.Ok;
        }
    }
}
