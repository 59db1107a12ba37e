using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Where the weights of a certified file come from: a file's name without folders, and its SHA-256 in lower-case hex.</summary>
internal sealed record CertificateSource(string File, string Sha256);

/// <summary>What was fed to both sides and compared value by value; the seed is that of synthetic images, null for images of a data set.</summary>
internal sealed record CertificateImages(int Count, string Data, ulong? Seed = null);

/// <summary>The agreement of one module (a block, a down-sampling, the embeddings, the head), computed from the same inputs; see <see
/// cref="ParityLayer"/>.</summary>
internal sealed record CertificateLayer(string Name, long Compared, long Ties, long Rounded, long Mismatches, double MaxError);

/// <summary>The agreement of the logits when both sides run freely, see <see cref="ParityReport"/>; and of the predictions of images of which only
/// the best class was compared, where there were more.</summary>
internal sealed record CertificateLogits(
    int SameTop1, int TieImages, int UnexplainedImages, double MaxLogitDifference, double MaxTieLogitDifference, int? Predictions = null, int? SamePredictions = null,
    int RoundedImages = 0);

/// <summary>What was compared when a file was made, and the result: printed, and stored in the file (<c>edgevit.certificate</c>).</summary>
/// <param name="Schema">Version of this record, <see cref="CurrentSchema"/>.</param>
/// <param name="Kind"><c>convert</c>, <c>import</c> or <c>export</c>.</param>
/// <param name="Passed">The verdict, see <see cref="ParityReport.Passed"/>.</param>
/// <param name="Source">The file that the weights come from; null for a student that was trained in the same run.</param>
/// <param name="Reference">What the file was compared with.</param>
/// <param name="Images">On what.</param>
/// <param name="Floats">How floats are stored: <c>f32</c>, or <c>f16</c> and the groups of <see cref="FloatGroups"/>.</param>
/// <param name="Compared">Values compared, each side computing from the same inputs.</param>
/// <param name="Ties">Signs and attention rows that lie within rounding of their threshold and fell on different sides.</param>
/// <param name="TieMargins">How close to it they were; null without ties.</param>
/// <param name="Signs">Signs among the values.</param>
/// <param name="Rounded">Values that differ by no more than the storage of floats in 16 bits can make.</param>
/// <param name="Mismatches">Values that differ for no such reason.</param>
/// <param name="Layers">Module by module.</param>
/// <param name="Logits">End to end.</param>
/// <param name="Faults">The first mismatches in words.</param>
/// <param name="TieTexts">The first ties in words, see <see cref="ParityReport.TieTexts"/>.</param>
/// <param name="FloatsReason">Why floats are stored that way; null where there was no choice.</param>
internal sealed record ParityCertificate(
    string Schema,
    string Kind,
    bool Passed,
    CertificateSource? Source,
    string Reference,
    CertificateImages Images,
    string Floats,
    long Compared,
    long Ties,
    MarginRange? TieMargins,
    long Signs,
    long Rounded,
    long Mismatches,
    IReadOnlyList<CertificateLayer> Layers,
    CertificateLogits Logits,
    IReadOnlyList<string> Faults,
    IReadOnlyList<string> TieTexts,
    string? FloatsReason = null)
{
    private const int MostTies = 3;
    private const int MostFaults = 3;

    /// <summary>Why logits differ by more than usual on images without a tie, the first in words, see <see cref="ParityReport.RoundingTexts"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? RoundingTexts { get; init; }

    /// <summary>The schema that is written.</summary>
    public const string CurrentSchema = "edgevit.certificate/2";

    /// <summary>The certificate of a check. <paramref name="predictions"/> are images, and how many of them both sides predicted alike, where more
    /// than the report's were.</summary>
    public static ParityCertificate Of(
        string kind, EvitFile file, ParityReport report, string reference, CertificateImages images, CertificateSource? source = null,
        (int Images, int Same)? predictions = null)
    {
        return new ParityCertificate(
            CurrentSchema, kind, report.Passed, source, reference, images with { Count = report.Images }, FloatsOf(file),
            report.Compared, report.Ties, report.TieMargins.IsEmpty ? null : report.TieMargins, report.Signs, report.Layers.Sum(l => l.Rounded), report.Mismatches,
            [.. report.Layers.GroupBy(l => GraphModule.Of(l.Name)).Select(g => new CertificateLayer(
                g.Key, g.Sum(l => l.Compared), g.Sum(l => l.Ties), g.Sum(l => l.Rounded), g.Sum(l => l.Mismatches), Short(g.Max(l => l.MaxError))))],
            new CertificateLogits(
                report.SameTop1, report.TieImages, report.UnexplainedImages, Short(report.MaxLogitDifference), Short(report.MaxTieLogitDifference),
                predictions?.Images, predictions?.Same, report.RoundedImages),
            [.. report.Untapped.Take(5).Select(v => $"{v}: not reported by the reference"), .. report.Faults],
            report.TieTexts)
        { RoundingTexts = report.RoundingTexts.Count > 0 ? report.RoundingTexts : null };
    }

    /// <summary>How a file stores its floats, as <see cref="Floats"/> words it.</summary>
    public static string FloatsOf(EvitFile file)
    {
        FloatGroups groups = HalfFloats.GroupsOf(file.Graph, file.Tensors);
        return groups == FloatGroups.None ? "f32" : $"f16 ({groups.ToString().ToLowerInvariant()})";
    }

    /// <summary>One compact JSON object.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, CertificateJsonContext.Default.ParityCertificate);

    /// <summary>Reads what <see cref="ToJson"/> wrote; null where the text is not such a certificate (of another schema, or not of this
    /// form).</summary>
    public static ParityCertificate? Read(string? json)
    {
        if (json is null)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(json, CertificateJsonContext.Default.ParityCertificate) is { Schema: CurrentSchema } certificate ? certificate : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The certificate in sentences.</summary>
    /// <param name="separators">Whether thousands are separated by commas.</param>
    public IReadOnlyList<string> Lines(bool separators = true)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        string format = Format(separators);

        List<string> lines =
        [
            string.Create(culture, $"{(Passed ? "passed" : "FAILED")}: {Text(Compared, format)} values against {Reference}, {Text(Mismatches, format)} mismatches; {Images.Count} {(Images.Count == 1 ? "image" : "images")} of {Images.Data}{(Images.Seed is { } seed ? $", seed {seed}" : "")}"),
            Agreement(culture, format),
        ];
        lines.AddRange(TieTexts.Take(MostTies).Select(t => $"tie: {t}"));
        lines.AddRange(ParityReport.More(TieTexts.Count - MostTies, "ties named in the file"));
        lines.AddRange((RoundingTexts ?? []).Select(t => $"rounding: {t}"));
        lines.AddRange(ParityReport.More(Logits.RoundedImages - (RoundingTexts?.Count ?? 0), "images where rounding alone moves the logits"));
        if (FloatsReason is not null)
        {
            lines.Add(string.Create(culture, $"floats stored as {Floats}{(Rounded > 0 ? $", which explains {Text(Rounded, format)} values" : "")}: {FloatsReason}"));
        }

        if (Logits.Predictions is { } predictions)
        {
            lines.Add(string.Create(culture, $"{Text(Logits.SamePredictions, format)} of {Text(predictions, format)} predictions the same"));
        }

        if (!Passed)
        {
            lines.AddRange(Faults.Take(MostFaults));
            lines.AddRange(ParityReport.More(Faults.Count - MostFaults, "faults named in the file"));
        }

        return lines;
    }

    /// <summary>The line on ties and logits.</summary>
    private string Agreement(CultureInfo culture, string format)
    {
        // An export has the same floats as what it is compared with.
        bool exact = Floats == "f32" || Kind == "export";
        return string.Create(culture, $"{Text(Ties, format)} {(Ties == 1 ? "tie" : "ties")}{(TieMargins is { } m ? $" {Margin(m.Smallest)} to {Margin(m.Largest)} from their threshold" : "")}; largest logit difference {Logits.MaxLogitDifference:0.#E+0}{(Logits.TieImages > 0 ? $", {Logits.MaxTieLogitDifference:0.##} on {Logits.TieImages} {(Logits.TieImages == 1 ? "image" : "images")} where {(exact ? "a sign at its threshold went the other way" : "rounding turned a sign")}" : "")}{(Logits.RoundedImages > 0 ? $"; {ParityReport.RoundingText(Logits.RoundedImages)}" : "")}; same top-1 on {Logits.SameTop1} of {Images.Count}");
    }

    private static string Format(bool separators) => separators ? "N0" : "D";

    private static string Text(long? number, string format) => number?.ToString(format, CultureInfo.InvariantCulture) ?? "";

    private static string Margin(double value) => value == 0 ? "0" : value.ToString("0.#E+0", CultureInfo.InvariantCulture);

    private static double Short(double value) => double.Parse(value.ToString("G3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ParityCertificate))]
internal sealed partial class CertificateJsonContext : JsonSerializerContext;
