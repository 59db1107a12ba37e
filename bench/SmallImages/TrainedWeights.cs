using EdgeVit.Export;

namespace EdgeVit.Bench;

/// <summary>Weights of a checkpoint, norms folded into the convolutions before them, in the order in which the graph's nodes take them.</summary>
internal sealed class TrainedWeights(IEnumerable<FoldedWeights> nodes) : IPeerWeights
{
    private readonly Queue<FoldedWeights> _nodes = new(nodes);

    /// <exception cref="InvalidDataException">The checkpoint is of another network.</exception>
    public (float[] Weights, float[] Biases) Next(IReadOnlyList<long> shape)
    {
        FoldedWeights? next = _nodes.Count == 0 ? null : _nodes.Dequeue();
        return next is not null && next.Shape.Select(s => (long)s).SequenceEqual(shape)
            ? (next.Weights, next.Biases)
            : throw new InvalidDataException($"{next?.Name ?? "the end"} of the checkpoint has {FloatTensor.Text(next?.Shape ?? [])}, the network's next node [{string.Join(", ", shape)}].");
    }
}

/// <summary>Weights of one node and a bias for each output.</summary>
internal sealed record FoldedWeights(string Name, int[] Shape, float[] Weights, float[] Biases)
{
    private const double Eps = 1e-5;

    /// <summary>Of a layer without a norm; without a bias either where there is none.</summary>
    /// <param name="tensors">The checkpoint.</param>
    /// <param name="name">The layer's.</param>
    /// <param name="factor">On all of it.</param>
    public static FoldedWeights Plain(IReadOnlyDictionary<string, FloatTensor> tensors, string name, double factor = 1)
    {
        FloatTensor weight = tensors.TryGetValue($"{name}.weight", out FloatTensor? own) ? own : tensors[name];
        float[] bias = tensors.TryGetValue($"{name}.bias", out FloatTensor? found) ? found.Data : new float[weight.Shape[0]];
        return new(name, weight.Shape, [.. weight.Data.Select(w => (float)(w * factor))], [.. bias.Select(b => (float)(b * factor))]);
    }

    /// <summary>Of a layer without a bias and the norm behind it, <c>a * (x - mean) + bias</c> with <c>a = scale / sqrt(variance + eps)</c>; the scale is 1
    /// where the norm has none.</summary>
    public static FoldedWeights Normed(IReadOnlyDictionary<string, FloatTensor> tensors, string name, string norm)
    {
        FloatTensor weight = tensors[$"{name}.weight"];
        float[] mean = tensors[$"{norm}.running_mean"].Data, variance = tensors[$"{norm}.running_var"].Data, offset = tensors[$"{norm}.bias"].Data;
        float[]? scale = tensors.GetValueOrDefault($"{norm}.weight")?.Data;
        double[] a = [.. variance.Select((v, o) => (scale?[o] ?? 1) / Math.Sqrt(v + Eps))];
        int perOutput = weight.Data.Length / a.Length;
        return new(name, weight.Shape, [.. weight.Data.Select((w, i) => (float)(w * a[i / perOutput]))], [.. offset.Select((b, o) => (float)(b - (a[o] * mean[o])))]);
    }
}
