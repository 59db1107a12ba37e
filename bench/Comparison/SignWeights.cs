using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>Sign bits as the floats that they stand for, with the row's scale.</summary>
internal static class SignWeights
{
    /// <summary><c>[outputs, inputs]</c>.</summary>
    public static float[] Linear(LoweredModel model, GraphNode node, int inputs)
    {
        ulong[] words = TensorData.Words(model.Tensors[node.Tensors["weight"]]);
        float[] scale = TensorData.Floats(model.Tensors[node.Tensors["scale"]]);
        int rowWords = (inputs + 63) / 64;
        float[] values = new float[scale.Length * inputs];
        for (int o = 0; o < scale.Length; o++)
        {
            for (int k = 0; k < inputs; k++)
            {
                values[(o * inputs) + k] = ((words[(o * rowWords) + (k / 64)] >> (k % 64)) & 1) != 0 ? scale[o] : -scale[o];
            }
        }
        return values;
    }

    /// <summary><c>[outputs, channels, kernel, kernel]</c> of bits that are ordered kernel row, kernel column, channel.</summary>
    public static float[] Convolution(LoweredModel model, GraphNode node, int channels, int kernel)
    {
        int taps = kernel * kernel, inputs = taps * channels;
        float[] rows = Linear(model, node, inputs), values = new float[rows.Length];
        for (int o = 0; o < rows.Length / inputs; o++)
        {
            for (int tap = 0; tap < taps; tap++)
            {
                for (int c = 0; c < channels; c++)
                {
                    values[(((o * channels) + c) * taps) + tap] = rows[(o * inputs) + (tap * channels) + c];
                }
            }
        }
        return values;
    }
}
