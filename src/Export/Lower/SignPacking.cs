namespace EdgeVit.Export;

/// <summary>Signs of trained weights as rows of 64-bit words: bit k of a row in word k / 64 at position k mod 64, 1 = +1, padding 0;
/// <c>sign(0) = +1</c>.</summary>
internal static class SignPacking
{
    /// <summary>Words of one row of this many signs.</summary>
    public static int Words(int columns) => (columns + 63) / 64;

    /// <summary>Signs of a binary linear's weight <c>[rows, columns]</c>: each row minus its mean.</summary>
    /// <param name="weight">Row-major.</param>
    /// <param name="rowMean">For each row, see <see cref="Lowering"/>.</param>
    public static ulong[] Centred(float[] weight, float[] rowMean)
    {
        int rows = rowMean.Length;
        int columns = weight.Length / rows;
        int words = Words(columns);
        var packed = new ulong[rows * words];
        for (int r = 0; r < rows; r++)
        {
            for (int k = 0; k < columns; k++)
            {
                if (weight[(r * columns) + k] >= rowMean[r])
                    packed[(r * words) + (k / 64)] |= 1UL << (k % 64);
            }
        }
        return packed;
    }

    /// <summary>Signs of a binary convolution's weight <c>[outputs, inputs, kernel, kernel]</c>, not centred, re-ordered so that a row is
    /// kernel row, kernel column, channel: the order in which a window of token-major signs lies.</summary>
    public static ulong[] ChannelsLast(float[] weight, int outputs, int inputs, int kernel)
    {
        int window = kernel * kernel;
        int words = Words(window * inputs);
        var packed = new ulong[outputs * words];
        for (int o = 0; o < outputs; o++)
        {
            for (int tap = 0; tap < window; tap++)
            {
                for (int c = 0; c < inputs; c++)
                {
                    int k = (tap * inputs) + c;
                    if (weight[(((o * inputs) + c) * window) + tap] >= 0)
                        packed[(o * words) + (k / 64)] |= 1UL << (k % 64);
                }
            }
        }
        return packed;
    }

    /// <summary>Row means of a weight: summed in double precision, rounded once.</summary>
    public static float[] RowMeans(float[] weight, int rows)
    {
        int columns = weight.Length / rows;
        var means = new float[rows];
        for (int r = 0; r < rows; r++)
        {
            double sum = 0;
            foreach (float value in weight.AsSpan(r * columns, columns))
                sum += value;
            means[r] = (float)(sum / columns);
        }
        return means;
    }

    /// <summary>The scale of a binary weight: the mean magnitude of each row, of the weight as it is (not centred).</summary>
    public static double[] RowMagnitudes(float[] weight, int rows)
    {
        int columns = weight.Length / rows;
        var magnitudes = new double[rows];
        for (int r = 0; r < rows; r++)
        {
            double sum = 0;
            foreach (float value in weight.AsSpan(r * columns, columns))
                sum += Math.Abs((double)value);
            magnitudes[r] = sum / columns;
        }
        return magnitudes;
    }
}
