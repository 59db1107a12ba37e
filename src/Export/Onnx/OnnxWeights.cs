using EdgeVit.Runtime;

namespace EdgeVit.Export.Onnx;

/// <summary>Stored weights in the layouts of ONNX.</summary>
internal static class OnnxWeights
{
    /// <summary>Rows of packed signs as floats of -1 and +1, <c>[outputs, inputs]</c>.</summary>
    public static float[] Signs(StoredTensor weight, int outputs, int inputs)
    {
        ulong[] words = TensorData.Words(weight);
        int rowWords = (inputs + 63) / 64;
        var signs = new float[outputs * inputs];
        for (int o = 0; o < outputs; o++)
        {
            for (int k = 0; k < inputs; k++)
            {
                signs[(o * inputs) + k] = ((words[(o * rowWords) + (k >> 6)] >> k) & 1) != 0 ? 1 : -1;
            }
        }
        return signs;
    }

    /// <summary><c>[outputs, inputs]</c> as <c>[inputs, outputs]</c>.</summary>
    public static float[] Transposed(float[] rows, int outputs, int inputs)
    {
        var columns = new float[rows.Length];
        for (int o = 0; o < outputs; o++)
        {
            for (int k = 0; k < inputs; k++)
            {
                columns[(k * outputs) + o] = rows[(o * inputs) + k];
            }
        }
        return columns;
    }

    /// <summary>Packed signs that are ordered kernel row, kernel column, channel as <c>[outputs, channels, kernel, kernel]</c>.</summary>
    public static float[] Convolution(StoredTensor weight, int outputs, int channels, int kernel)
    {
        int taps = kernel * kernel;
        float[] rows = Signs(weight, outputs, taps * channels);
        var values = new float[rows.Length];
        for (int o = 0; o < outputs; o++)
        {
            for (int i = 0; i < taps * channels; i++)
            {
                values[(o * taps * channels) + (i % channels * taps) + (i / channels)] = rows[(o * taps * channels) + i];
            }
        }
        return values;
    }
}
