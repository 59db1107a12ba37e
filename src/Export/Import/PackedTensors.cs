using System.Runtime.InteropServices;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>What of a packed model can start a training: the signs of its binary weights, the slopes of its activations, its float convolutions and gates and its positions.
/// Norms, shifts and scales are not in the file as they were trained: packing has folded them into one another.</summary>
internal static class PackedTensors
{
    /// <summary>Tensors under the names that they had; latent weights have the sign of their bit and the mean magnitude of fresh ones, <c>1 / (2 sqrt(K))</c>.</summary>
    public static IReadOnlyDictionary<string, FloatTensor> Of(EvitFile file)
    {
        var tensors = new Dictionary<string, FloatTensor>(StringComparer.Ordinal);
        foreach (GraphNode node in file.Graph.Nodes)
        {
            FloatTensor? tensor = node.Op switch
            {
                Op.BinaryLinear or Op.BinaryConv => Signs(node, file),
                Op.Conv2d => Floats(node, file, "weight", Convolution(node.Name)),
                Op.Linear when node.Name.EndsWith(".gate.squeeze", StringComparison.Ordinal) || node.Name.EndsWith(".gate.excite", StringComparison.Ordinal) => Floats(node, file, "weight", $"{node.Name}.weight"),
                Op.DepthwiseConv2d => Depthwise(node, file),
                Op.RPReLU => Floats(node, file, "slope", node.Name.EndsWith(".intermediate", StringComparison.Ordinal) || node.Name.EndsWith(".local", StringComparison.Ordinal) || IsStem(node.Name)
                    ? $"{node.Name}.rprelu.prelu.weight" : $"{node.Name}.prelu.weight"),
                Op.Position => Positions(node, file),
                _ => null,
            };
            if (tensor is not null)
            {
                tensors[tensor.Name] = tensor;
            }
        }

        return tensors;
    }

    /// <summary>Names of norms that a convolution's value has, and of the convolution.</summary>
    private static string Convolution(string value) => value switch
    {
        "vit.embeddings.norm" or "vit.embeddings.patch_embeddings" => "vit.embeddings.patch_embeddings.projection.weight",
        _ when value.EndsWith(".norm", StringComparison.Ordinal) && IsStem(value[..^".norm".Length]) => $"{value[..^".norm".Length]}.weight",
        _ => $"{value}.weight",
    };

    private static FloatTensor? Signs(GraphNode node, EvitFile file)
    {
        // A down-sampling's weight is channel, kernel row, kernel column, as in the paper's code; all others are rows as they are packed: kernel row,
        // kernel column, channel.
        int kernel = ConvWindow.Of(node).Kernel;
        bool isReordered = node.Name.EndsWith(".proj", StringComparison.Ordinal);
        StoredTensor bits = file.Tensors[node.Tensors["weight"]];
        int channels = file.Shapes[node.Inputs[0]].Channels, columns = channels * kernel * kernel, rows = bits.Shape[0], words = SignPacking.Words(columns);
        ReadOnlySpan<ulong> packed = MemoryMarshal.Cast<byte, ulong>(bits.Bytes.Span);
        float magnitude = 0.5f / MathF.Sqrt(columns);
        var latent = new float[rows * columns];
        for (int r = 0; r < rows; r++)
        {
            for (int k = 0; k < columns; k++)
            {
                int at = isReordered ? (k % channels * kernel * kernel) + (k / channels) : k;
                latent[(r * columns) + at] = (packed[(r * words) + (k / 64)] >> (k % 64) & 1) != 0 ? magnitude : -magnitude;
            }
        }

        int[] shape = isReordered ? [rows, channels, kernel, kernel] : [rows, columns];
        return new FloatTensor($"{node.Name}.weight", shape, latent);
    }

    /// <summary>Whether a value is that of a layer of the stem.</summary>
    private static bool IsStem(string value) => value.Split('.') is ["vit", "embeddings", ['s', 't', 'e', 'm', ..]];

    private static FloatTensor Depthwise(GraphNode node, EvitFile file)
    {
        float[] rows = TensorData.Floats(file.Tensors[node.Tensors["weight"]]);
        int taps = ConvWindow.Of(node).Taps, channels = rows.Length / taps, kernel = node.Attributes["kernel"];
        string module = node.Name.EndsWith(".norm", StringComparison.Ordinal) ? node.Name[..^".norm".Length] : node.Name;
        return new FloatTensor($"{module}.weight", [channels, 1, kernel, kernel], [.. Enumerable.Range(0, rows.Length).Select(i => rows[(i % taps * channels) + (i / taps)])]);
    }

    private static FloatTensor? Positions(GraphNode node, EvitFile file)
    {
        float[] values = TensorData.Floats(file.Tensors[node.Tensors["position"]]);
        int channels = file.Shapes[node.Output].Channels;
        return new FloatTensor($"{node.Name}.position_embeddings", [1, values.Length / channels, channels], values);
    }

    private static FloatTensor? Floats(GraphNode node, EvitFile file, string role, string name) => node.Tensors.TryGetValue(role, out string? stored)
        ? new FloatTensor(name, [.. file.Tensors[stored].Shape], TensorData.Floats(file.Tensors[stored])) : null;
}
