using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeVit.Export;

/// <summary>Signs of trained weights as rows of 64-bit words: bit k of a row in word k / 64 at position k mod 64, 1 = +1, padding 0;
/// <c>sign(0) = +1</c>.</summary>
internal static class SignPacking
{
    public static int Words(int columns) => (columns + 63) / 64;

    /// <summary>Signs of a binary linear's weight <c>[rows, columns]</c>, row-major: each row minus its mean, see <see cref="Lowering"/>.</summary>
    public static ulong[] Centred(float[] weight, float[] rowMean)
    {
        int rows = rowMean.Length;
        int columns = weight.Length / rows;
        int words = Words(columns);
        var packed = new ulong[rows * words];
        Parallel.For(0, rows, r => Pack(weight.AsSpan(r * columns, columns), rowMean[r], packed.AsSpan(r * words, words)));
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
                    {
                        packed[(o * words) + (k / 64)] |= 1UL << (k % 64);
                    }
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
        Parallel.For(0, rows, r => means[r] = (float)(Sum(weight.AsSpan(r * columns, columns), magnitudes: false) / columns));
        return means;
    }

    /// <summary>The scale of a binary weight: the mean magnitude of each row, of the weight as it is (not centred).</summary>
    public static double[] RowMagnitudes(float[] weight, int rows)
    {
        int columns = weight.Length / rows;
        var magnitudes = new double[rows];
        Parallel.For(0, rows, r => magnitudes[r] = Sum(weight.AsSpan(r * columns, columns), magnitudes: true) / columns);
        return magnitudes;
    }

    /// <summary>Whether all of these are +1 or -1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AreSigns(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        foreach (Vector<float> vector in vectors)
        {
            if (!Vector.EqualsAll(Vector.Abs(vector), Vector<float>.One))
            {
                return false;
            }
        }
        foreach (float value in values[(vectors.Length * Vector<float>.Count)..])
        {
            if (Math.Abs(value) != 1)
            {
                return false;
            }
        }
        return true;
    }

    /// <summary>The signs of numbers <c>[tokens, C]</c>: at least 0 means +1.</summary>
    public static ulong[] Tokens(float[] values, int tokens)
    {
        int channels = values.Length / tokens;
        int words = Words(channels);
        var packed = new ulong[tokens * words];
        for (int t = 0; t < tokens; t++)
        {
            Pack(values.AsSpan(t * channels, channels), 0, packed.AsSpan(t * words, words));
        }

        return packed;
    }

    /// <summary>Bit k is whether element k is at least the threshold; padding 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(ReadOnlySpan<float> row, float threshold, Span<ulong> words)
    {
        Vector512<float> level = Vector512.Create(threshold);
        for (int w = 0; w < words.Length; w++)
        {
            ReadOnlySpan<float> part = row.Slice(w * 64, Math.Min(64, row.Length - (w * 64)));
            ulong word = 0;
            int k = 0;
            for (; k + 16 <= part.Length; k += 16)
            {
                word |= Vector512.GreaterThanOrEqual(Vector512.Create(part[k..]), level).ExtractMostSignificantBits() << k;
            }

            for (; k < part.Length; k++)
            {
                word |= part[k] >= threshold ? 1UL << k : 0;
            }

            words[w] = word;
        }
    }

    /// <summary>The sum of elements or of their magnitudes in double precision, on 16 lanes on every machine.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double Sum(ReadOnlySpan<float> row, bool magnitudes)
    {
        ReadOnlySpan<Vector512<float>> vectors = MemoryMarshal.Cast<float, Vector512<float>>(row);
        Vector512<double> low = default, high = default;
        foreach (Vector512<float> vector in vectors)
        {
            Vector512<float> value = magnitudes ? Vector512.Abs(vector) : vector;
            (Vector512<double> first, Vector512<double> second) = Vector512.Widen(value);
            low += first;
            high += second;
        }
        double sum = 0;
        Vector512<double> both = low + high;
        for (int lane = 0; lane < Vector512<double>.Count; lane++)
        {
            sum += both[lane];
        }

        foreach (float value in row[(vectors.Length * Vector512<float>.Count)..])
        {
            sum += magnitudes ? Math.Abs(value) : value;
        }

        return sum;
    }
}
