using System.CommandLine;

namespace EdgeVit.Cli;

/// <summary>How the pictures of a clip become one score.</summary>
/// <param name="Detector">The face detector, an ONNX file; null: whole pictures are classified.</param>
/// <param name="Aggregate">How its pictures' probabilities become its own; null where nothing is said.</param>
/// <param name="Positive">The class whose probability is the clip's score; null for none.</param>
/// <param name="Crops">The folder that faces are written to; null for none.</param>
internal sealed record ClipWishes(string? Detector, string? Aggregate, string? Positive, string? Crops)
{
    /// <summary>The largest probability of each class counts, in place of the mean.</summary>
    public bool IsMost => Aggregate == FaceOptions.Most;
}

/// <summary>The options of clips with faces.</summary>
internal sealed class FaceOptions
{
    public const string FacesName = "--faces", AggregateName = "--aggregate", PositiveName = "--positive", CropsName = "--crops";

    public const string Mean = "mean", Most = "max";

    private readonly InputOption<string?> _faces = new(FacesName) { Description = "Classify the largest face of each of a clip's pictures, as this detector finds it (BlazeFace or YuNet).", HelpName = "FILE.onnx" };
    private readonly ChoiceOption _aggregate = new(AggregateName, Mean, Most) { Description = "A clip's score of a class: the mean of its pictures' probabilities, or the largest. [default: mean]" };
    private readonly Option<string?> _positive = new(PositiveName) { Description = "The class whose probability is the score that clips are compared by (AUC).", HelpName = "NAME" };
    private readonly Option<string?> _crops = new(CropsName) { Description = "Write the faces that were classified as pictures, in folders named like the clips' where those are several.", HelpName = "DIR" };

    public IReadOnlyList<Option> All => [_faces, _aggregate, _positive, _crops];

    public Combination CropsNeedFaces => Combination.Needs(_crops, "writes faces", _faces);

    /// <summary>What a command line says.</summary>
    public ClipWishes Read(ParseResult arguments) =>
        new(arguments.GetValue(_faces), arguments.GetValue(_aggregate), arguments.GetValue(_positive), arguments.GetValue(_crops));

    /// <summary>Which are given, and whether each is.</summary>
    public static IEnumerable<(string Name, bool Given)> Given(ClipWishes wishes) =>
        [(FacesName, wishes.Detector is not null), (AggregateName, wishes.Aggregate is not null), (PositiveName, wishes.Positive is not null), (CropsName, wishes.Crops is not null)];
}
