using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>How close to their threshold ties were, 0 without ties: for a sign |argument| / max(1, |x|), for an attention bit |p / clip -
/// 0.5|.</summary>
internal readonly record struct MarginRange(double Smallest, double Largest)
{
    private const double Unset = -1;

    public static MarginRange None { get; } = new(Unset, Unset);

    [JsonIgnore]
    public bool IsEmpty => Largest == Unset;

    public MarginRange With(double margin) => IsEmpty ? new(margin, margin) : new(Math.Min(Smallest, margin), Math.Max(Largest, margin));

    public MarginRange With(MarginRange other) => other.IsEmpty ? this : With(other.Smallest).With(other.Largest);
}

/// <summary>One value of the graph, over all images of a parity check.</summary>
/// <param name="Name">The value's name.</param>
/// <param name="Op">The op that computes it.</param>
/// <param name="Compared">Elements compared.</param>
/// <param name="Ties">Differing signs whose argument lies within rounding of zero, and attention rows with a probability within rounding
/// of half the clip.</param>
/// <param name="Mismatches">Elements that differ for no such reason.</param>
/// <param name="MaxError">Largest difference of a float, relative to <c>max(1, largest magnitude of the value)</c>.</param>
/// <param name="Rounded">Elements that differ by no more than the storage of this value's own tensors in 16 bits can make. Always 0 for exact
/// floats.</param>
/// <param name="MaxRounding">Largest difference of those, relative as before.</param>
/// <param name="TieMargins">How close the ties were.</param>
internal sealed record ParityLayer(
    string Name, string Op, long Compared, long Ties, long Mismatches, double MaxError, long Rounded, double MaxRounding, MarginRange TieMargins)
{
    internal ParityLayer With(NodeOutcome outcome) => this with
    {
        Compared = Compared + outcome.Compared,
        Ties = Ties + outcome.Ties,
        Mismatches = Mismatches + outcome.Mismatches,
        MaxError = Math.Max(MaxError, outcome.MaxError),
        Rounded = Rounded + outcome.Rounded,
        MaxRounding = Math.Max(MaxRounding, outcome.MaxRounding),
        TieMargins = TieMargins.With(outcome.TieMargins),
    };
}

/// <summary>What a parity check found: the packed model against the float simulator, value by value with the same inputs, and end to end.</summary>
/// <param name="Images">Images compared.</param>
/// <param name="Layers">Every value, in execution order.</param>
/// <param name="Untapped">Values of the binary tier that the simulator did not report; each must be compared, so any fails the check.</param>
/// <param name="SameTop1">Images whose best class is the same.</param>
/// <param name="TieImages">Images whose logits differ by more than rounding because a sign at its threshold went the other way.</param>
/// <param name="UnexplainedImages">Images whose logits differ by more than rounding and no such sign explains it.</param>
/// <param name="MaxLogitDifference">Largest difference of a logit, over images without ties.</param>
/// <param name="MaxTieLogitDifference">Largest difference of a logit, over the images with ties.</param>
/// <param name="Faults">The first mismatches in words.</param>
/// <param name="TieTexts">The first ties in words: for each image and value the first one, and what made an image's logits differ.</param>
internal sealed record ParityReport(
    int Images,
    IReadOnlyList<ParityLayer> Layers,
    IReadOnlyList<string> Untapped,
    int SameTop1,
    int TieImages,
    int UnexplainedImages,
    double MaxLogitDifference,
    double MaxTieLogitDifference,
    IReadOnlyList<string> Faults,
    IReadOnlyList<string> TieTexts)
{
    private const int MostTies = 3;

    /// <summary>Images whose logits differ by more than usual, without a sign that differs, because the network multiplies the rounding of floats
    /// (<see cref="RoundingTrial"/>).</summary>
    public int RoundedImages { get; init; }

    /// <summary>The first of them in words.</summary>
    public IReadOnlyList<string> RoundingTexts { get; init; } = [];

    public long Compared => Layers.Sum(l => l.Compared);

    public long Ties => Layers.Sum(l => l.Ties);

    public MarginRange TieMargins => Layers.Aggregate(MarginRange.None, (all, l) => all.With(l.TieMargins));

    public long Mismatches => Layers.Sum(l => l.Mismatches);

    public long Signs => Layers.Where(l => l.Op == nameof(EdgeVit.Runtime.Op.ShiftSign)).Sum(l => l.Compared);

    /// <summary>Whether the packed model computes what the simulator does: images were compared, nothing differs but by ties and by what the chosen
    /// storage of floats explains, and no value of the binary tier was left out.</summary>
    public bool Passed => Images > 0 && Mismatches == 0 && UnexplainedImages == 0 && Untapped.Count == 0;

    /// <summary>How many images' logits rounding moves, in words.</summary>
    internal static string RoundingText(int images) => string.Create(CultureInfo.InvariantCulture,
        $"{images} {(images == 1 ? "image" : "images")} where rounding alone moves the logits by more than usual");

    /// <summary>That there are more than the texts before name; nothing where there are none.</summary>
    internal static IEnumerable<string> More(long count, string what) =>
        count > 0 ? [string.Create(CultureInfo.InvariantCulture, $"and {count} more {what}")] : [];

    public string ToJson() => JsonSerializer.Serialize(this, ParityJsonContext.Default.ParityReport);

    public override string ToString()
    {
        var text = new StringBuilder();
        CultureInfo culture = CultureInfo.InvariantCulture;
        text.Append(culture, $"parity {(Passed ? "passed" : "FAILED")}: {Images} images, {Compared:N0} values compared, {Mismatches:N0} mismatches, {Ties:N0} ties\n");
        text.Append(culture, $"end to end: same top-1 on {SameTop1} of {Images}, largest logit difference {MaxLogitDifference:0.0E+0}");
        text.Append(culture, $" ({TieImages} images with a tie left out)\n");
        if (UnexplainedImages > 0)
        {
            text.Append(culture, $"{UnexplainedImages} images differ without a tie\n");
        }

        if (Untapped.Count > 0)
        {
            text.Append(culture, $"not reported by the simulator: {string.Join(", ", Untapped.Take(5))}{(Untapped.Count > 5 ? $" and {Untapped.Count - 5} more" : "")}\n");
        }

        if (RoundedImages > 0)
        {
            text.Append(culture, $"{RoundingText(RoundedImages)}\n");
        }

        foreach (string line in (string[])
        [
            .. Faults,
            .. More(Mismatches + UnexplainedImages - Faults.Count, "mismatches"),
            .. TieTexts.Take(MostTies).Select(t => $"tie: {t}"),
            .. More(TieTexts.Count - MostTies, "ties"),
            .. RoundingTexts.Select(t => $"rounding: {t}"),
            .. More(RoundedImages - RoundingTexts.Count, "images where rounding alone moves the logits"),
        ])
        {
            text.Append(culture, $"  {line}\n");
        }

        return text.ToString().TrimEnd('\n');
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ParityReport))]
internal sealed partial class ParityJsonContext : JsonSerializerContext;
