using System.Globalization;

namespace EdgeVit.Export;

/// <summary>What is special about the checkpoints of students that were trained here: attention clips are kept as their logarithms, and the file
/// says which network it is of.</summary>
internal static class StudentCheckpoint
{
    private const string ClipLog = "att_prob_clip_log";
    private const string Clip = "att_prob_clip";
    private const string Prefix = "config.";

    /// <summary>The tensors under the paper's names, clips instead of their logarithms.</summary>
    public static IReadOnlyDictionary<string, FloatTensor> Renamed(IReadOnlyDictionary<string, FloatTensor> tensors)
    {
        if (!tensors.Keys.Any(IsLogarithm))
        {
            return tensors;
        }

        var result = new Dictionary<string, FloatTensor>(StringComparer.Ordinal);
        foreach ((string name, FloatTensor tensor) in tensors)
        {
            string plain = IsLogarithm(name) ? string.Concat(name.AsSpan(0, name.Length - ClipLog.Length), Clip) : name;
            result[plain] = plain == name ? tensor : new FloatTensor(plain, tensor.Shape, [.. tensor.Data.Select(MathF.Exp)]);
        }
        return result;
    }

    /// <summary>The network that the checkpoint says it is of; null where it says nothing.</summary>
    /// <exception cref="ModelFormatException">It says something that is no network.</exception>
    internal static BinaryViTConfig? Network(Checkpoint checkpoint)
    {
        string? Text(string key) => checkpoint.Metadata.GetValueOrDefault(Prefix + key);
        if (Text("student.layout") is { } layout)
        {
            return ConfigJson.Read(layout);
        }

        return Text("student") is { } preset && BinaryViTPresets.Names.Contains(preset)
            && int.TryParse(Text("student.classes"), NumberStyles.None, CultureInfo.InvariantCulture, out int classes)
            && int.TryParse(Text("student.image"), NumberStyles.None, CultureInfo.InvariantCulture, out int image)
            ? BinaryViTPresets.Get(preset).With(classes, image) : null;
    }

    /// <summary>Means and deviations that the run subtracted and divided by; null where the checkpoint does not say so.</summary>
    internal static (float[]? Mean, float[]? Std) Normalisation(Checkpoint checkpoint) => (Triple(checkpoint, "preprocess.mean"), Triple(checkpoint, "preprocess.std"));

    private static float[]? Triple(Checkpoint checkpoint, string key)
    {
        string[] parts = checkpoint.Metadata.GetValueOrDefault(Prefix + key)?.Split(' ') ?? [];
        float[] values = [.. parts.Select(p => float.TryParse(p, NumberStyles.Float, CultureInfo.InvariantCulture, out float v) ? v : float.NaN)];
        return values.Length == 3 && values.All(float.IsFinite) ? values : null;
    }

    private static bool IsLogarithm(string name) => name.EndsWith(ClipLog, StringComparison.Ordinal);
}
