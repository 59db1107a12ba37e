namespace EdgeVit.Export.Onnx;

/// <summary>What a classifier is wanted for.</summary>
/// <param name="Height">Of the images; where <see cref="AnySize"/> of those for a model that takes any.</param>
/// <param name="Width">The same.</param>
/// <param name="Classes">The names of the data's classes; null where the model's are taken, whatever they are.</param>
/// <param name="Output">The name of the output to take; null for the one that fits.</param>
/// <param name="Timed">The number of classes of the model that it is timed beside: a model for images of another size is taken, too, and any output, best
/// one of so many numbers; null for a classifier whose answers count.</param>
/// <param name="AnyImages">Whether a classifier of images of another size is taken, too.</param>
internal sealed record OnnxClassifierWishes(int Height, int Width, IReadOnlyList<string>? Classes, string? Output = null, int? Timed = null, bool AnyImages = false)
{
    /// <summary>The option that names an output.</summary>
    public const string OutputOption = "--teacher-output";

    /// <summary>Whether an output, or a value inside the network, is taken as features where no output is the classes.</summary>
    public bool Features { get; init; }

    /// <summary>Whether features are taken even where an output fits.</summary>
    public bool FeaturesOnly { get; init; }

    /// <summary>The names of the model's classes where they are known from elsewhere; null for what its file says.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Whether a model with another size is taken.</summary>
    public bool AnySize => AnyImages || Timed is not null;

    /// <summary>Whether an output of so many numbers for an image may be the classes; <paramref name="labels"/> are the model's names of them, null for
    /// none.</summary>
    public bool Fits(int width, IReadOnlyList<string>? labels) =>
        Timed is not null ? width > 0 : Classes is null ? width > 1 : labels is not null && labels.Count == width && LabelMatch.Of(Classes, labels).IsWhole || width == Classes.Count && !(Features && labels is not null && labels.Count == width && !LabelMatch.AreNumbers(labels));

    /// <summary>How many classes the data has and which, for messages: "2 (cat, dog)".</summary>
    public override string ToString() =>
        Classes is null ? "2 or more" : $"{Classes.Count} ({string.Join(", ", Classes.Take(5))}{(Classes.Count > 5 ? ", ..." : "")})";
}
