using System.Text;

namespace EdgeVit.Runtime;

/// <summary>The metadata of an <c>.evit</c> file beside the graph: the names of the keys and the one definition of how each is written.</summary>
internal static class MetadataJson
{
    /// <summary>Key of the graph, see <see cref="GraphJson"/>.</summary>
    public const string GraphKey = "edgevit.graph";

    /// <summary>Key of the preprocessing: <c>{height, width, resize, interpolation, mean, std}</c>.</summary>
    public const string PreprocessKey = "edgevit.preprocess";

    /// <summary>Key of the class names: an array of strings.</summary>
    public const string LabelsKey = "edgevit.labels";

    /// <summary>Key of the provenance: a JSON object of the exporter's making.</summary>
    public const string ProvenanceKey = "edgevit.provenance";

    /// <summary>Key of the parity certificate: a JSON object of the exporter's making.</summary>
    public const string CertificateKey = "edgevit.certificate";

    /// <summary>Key of the self-test: <c>{seed, logits}</c>; logits as the shortest decimals that read back bit for bit.</summary>
    public const string SelfTestKey = "edgevit.selftest";

    /// <summary>Key of the checksum, see <see cref="EvitChecksum"/>.</summary>
    public const string ChecksumKey = "edgevit.checksum";

    public static string WritePreprocess(Preprocess preprocess)
    {
        return JsonText.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("height", preprocess.Height);
            writer.WriteNumber("width", preprocess.Width);
            writer.WriteNumber("resize", preprocess.ResizeShorterSide);
            writer.WriteString("interpolation", InterpolationName(preprocess.Interpolation));
            JsonText.Array(writer, "mean", preprocess.Mean);
            JsonText.Array(writer, "std", preprocess.Std);
            writer.WriteEndObject();
        });
    }

    /// <exception cref="EvitFormatException">Not of that form, or impossible numbers.</exception>
    public static Preprocess ReadPreprocess(string json)
    {
        JsonEntry root = JsonTable.Parse(Encoding.UTF8.GetBytes(json), PreprocessKey);
        root.OnlyKeys(PreprocessKey, "height", "width", "resize", "interpolation", "mean", "std");
        string name = root.Get("interpolation", PreprocessKey).String(PreprocessKey, "interpolation");
        Interpolation interpolation = name switch
        {
            "bilinear" => Interpolation.Bilinear,
            "bicubic" => Interpolation.Bicubic,
            _ => throw new EvitFormatException($"{PreprocessKey}: interpolation is '{name}', expected bilinear or bicubic"),
        };

        var result = new Preprocess(
            root.Get("height", PreprocessKey).Int(PreprocessKey, "height"),
            root.Get("width", PreprocessKey).Int(PreprocessKey, "width"),
            root.Get("resize", PreprocessKey).Int(PreprocessKey, "resize"),
            interpolation,
            root.Get("mean", PreprocessKey).Floats(PreprocessKey, "mean"),
            root.Get("std", PreprocessKey).Floats(PreprocessKey, "std"));
        if (result.Mean.Count != 3 || result.Std.Count != 3 || !(result.Std[0] > 0 && result.Std[1] > 0 && result.Std[2] > 0))
        {
            throw new EvitFormatException(
                $"{PreprocessKey}: found {result.Mean.Count} means and std [{string.Join(", ", result.Std)}], expected three means and three positive deviations");
        }

        if (result.ResizeShorterSide < Math.Max(result.Height, result.Width) || result.ResizeShorterSide > 1 << 16)
        {
            throw new EvitFormatException(
                $"{PreprocessKey}: resize is {result.ResizeShorterSide}, expected at least the crop of {result.Height} x {result.Width} and at most 65536");
        }

        return result;
    }

    public static string WriteLabels(IReadOnlyList<string> labels)
    {
        return JsonText.Write(writer =>
        {
            writer.WriteStartArray();
            foreach (string label in labels)
            {
                writer.WriteStringValue(label);
            }

            writer.WriteEndArray();
        });
    }

    /// <exception cref="EvitFormatException">Not an array of strings.</exception>
    public static IReadOnlyList<string> ReadLabels(string json)
    {
        JsonEntry root = JsonTable.Parse(Encoding.UTF8.GetBytes(json), LabelsKey);
        return root.Strings(LabelsKey);
    }

    /// <exception cref="ArgumentException">A logit is not finite.</exception>
    public static string WriteSelfTest(SelfTest selfTest)
    {
        if (!selfTest.Logits.All(float.IsFinite))
        {
            throw new ArgumentException("a self-test needs finite logits", nameof(selfTest));
        }

        return JsonText.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteNumber("seed", selfTest.Seed);
            JsonText.Array(writer, "logits", selfTest.Logits);
            writer.WriteEndObject();
        });
    }

    /// <exception cref="EvitFormatException">Not of that form.</exception>
    public static SelfTest ReadSelfTest(string json)
    {
        JsonEntry root = JsonTable.Parse(Encoding.UTF8.GetBytes(json), SelfTestKey);
        root.OnlyKeys(SelfTestKey, "seed", "logits");
        return new SelfTest(root.Get("seed", SelfTestKey).Unsigned(SelfTestKey, "seed"), root.Get("logits", SelfTestKey).Floats(SelfTestKey, "logits"));
    }

    /// <summary>Checks that a provenance is one JSON object.</summary>
    /// <exception cref="EvitFormatException">It is not.</exception>
    public static void CheckProvenance(string json) => CheckObject(json, ProvenanceKey);

    /// <summary>Checks that a certificate is one JSON object.</summary>
    /// <exception cref="EvitFormatException">It is not.</exception>
    public static void CheckCertificate(string json) => CheckObject(json, CertificateKey);

    private static void CheckObject(string json, string key) => JsonTable.Parse(Encoding.UTF8.GetBytes(json), key).Expect(JsonKind.Object, key);

    private static string InterpolationName(Interpolation interpolation) => interpolation == Interpolation.Bicubic ? "bicubic" : "bilinear";
}
