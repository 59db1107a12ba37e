using EdgeVit.Export.Onnx.Wire;
using Google.Protobuf;

namespace EdgeVit.Export.Onnx;

/// <summary>Finds the features of a network whose outputs are not the classes that are wanted.</summary>
internal static class OnnxFeatures
{
    /// <summary>More numbers for an image are a picture, not features.</summary>
    internal const int MostNumbers = 65_536;

    /// <summary>The name of the value to take: an output that is called features, embedding or the like; else what goes into the last layer; else the output with the most
    /// numbers for an image, which <c>widths</c> has.</summary>
    private static string Of(OnnxFile file, IReadOnlyList<OnnxValue> outputs, IReadOnlyList<int> widths)
    {
        OnnxValue[] some = [.. outputs.Where((_, i) => widths[i] > 1)];
        if (some.FirstOrDefault(static o => IsCalledFeatures(o.Name)) is { } called)
        {
            return called.Name;
        }

        foreach (OnnxValue output in some.OrderBy(static o => !o.Name.Equals("logits", StringComparison.OrdinalIgnoreCase)))
        {
            if (file.BeforeLastLayer(output.Name) is { } inner)
            {
                return inner;
            }
        }

        return some.Length == 0
            ? throw new OnnxModelException($"{file.Name}: none of its outputs has two numbers or more for an image. Name a value with {OnnxClassifierWishes.OutputOption}.") { IsUsage = true }
            : some.MaxBy(o => widths[outputs.ToList().IndexOf(o)])!.Name;
    }

    /// <summary>The value to take as features: the one that is named, whether output or not, or the one that <see cref="Of"/> finds; null where an output is the
    /// classes and features are not asked for.</summary>
    /// <exception cref="OnnxModelException">There is no value of that name.</exception>
    public static string? Wanted(OnnxModel model, OnnxOutputs outputs, OnnxClassifierWishes wishes)
    {
        IReadOnlyList<string>? labels = wishes.Labels ?? OnnxLabels.Of(model.Metadata);
        if (wishes.Output is { } name)
        {
            bool isOutput = model.Outputs.Any(o => o.Name == name);
            return !isOutput ? model.File.Computes(name) ? name : null
                : wishes.FeaturesOnly || (outputs.Values.FirstOrDefault(o => o.Name == name) is { } output && !wishes.Fits(outputs.WidthOf(output), labels)) ? name : null;
        }

        return !wishes.FeaturesOnly && outputs.Widths.Any(w => wishes.Fits(w, labels)) ? null : Of(model.File, outputs.Values, outputs.Widths);
    }

    /// <summary>The bytes of a model with one output more: fields of a message that appear twice are merged when it is read.</summary>
    public static byte[] WithOutput(string path, string value)
    {
        byte[] more = new ModelProto { Graph = new GraphProto { Output = { new ValueInfoProto { Name = value } } } }.ToByteArray();
        return [.. File.ReadAllBytes(path), .. more];
    }

    /// <summary>Numbers for an image of an output <c>[n, D]</c>, <c>[n, T, D]</c> (tokens) or <c>[n, D, h, w]</c> (maps; <c>[n, h, w, D]</c> with channels last) when
    /// tokens and maps are averaged.</summary>
    public static int PooledWidth(IReadOnlyList<long> image, bool channelsLast) => image.Count switch
    {
        0 => 1,
        1 => (int)image[0],
        2 => (int)image[1],
        _ => (int)(channelsLast ? image[^1] : image[0]),
    };

    /// <summary>Averages tokens or maps: rows of all numbers, whose sizes without the batch are <c>image</c>, → rows <c>[n, D]</c>.</summary>
    public static float[] Pool(float[] rows, IReadOnlyList<long> image, bool channelsLast)
    {
        int width = PooledWidth(image, channelsLast), all = (int)image.Aggregate(1L, static (a, b) => a * b), places = all / width, count = rows.Length / Math.Max(1, all);
        if (places == 1)
        {
            return rows;
        }

        bool last = image.Count == 2 || channelsLast;
        var means = new float[count * width];
        for (int n = 0; n < count; n++)
        {
            for (int i = 0; i < all; i++)
            {
                means[(n * width) + (last ? i % width : i / places)] += rows[(n * all) + i] / places;
            }
        }
        return means;
    }

    private static bool IsCalledFeatures(string name) =>
        ((string[])["feature", "embed", "pooler", "pooled", "pre_logits", "penultimate"]).Any(w => name.Contains(w, StringComparison.OrdinalIgnoreCase));
}
