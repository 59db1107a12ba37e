using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime;

/// <summary>LayerNorm, GELU, gates and softmax of one row. Four vectors of four floats are the 16 lanes on which reductions are defined, so one
/// implementation serves all kernel sets: these ops are a few hundredths of a float transformer's time, its products are
/// <see cref="RowKernel.Multiply"/>'s. Tails are done one by one, in the lane that they belong to. Scalar twins: <see cref="FloatMath"/> and
/// the float ops of the reference interpreter.</summary>
internal static unsafe class FloatKernel
{
    private const int Width = 4;

    /// <summary>Norms one row.</summary>
    /// <param name="x">The row.</param>
    /// <param name="channels">Its channels.</param>
    /// <param name="scale">Factor of each channel.</param>
    /// <param name="offset">Summand of each channel.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="y">Receives the row; may be <paramref name="x"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void LayerNorm(float* x, int channels, float* scale, float* offset, float epsilon, float* y)
    {
        float* lanes = stackalloc float[FloatMath.Lanes];
        int whole = channels & -FloatMath.Lanes;
        (Vector128<float> a0, Vector128<float> a1, Vector128<float> a2, Vector128<float> a3) = default((Vector128<float>, Vector128<float>, Vector128<float>, Vector128<float>));
        for (int c = 0; c < whole; c += FloatMath.Lanes)
        {
            a0 += Vector128.Load(x + c);
            a1 += Vector128.Load(x + c + Width);
            a2 += Vector128.Load(x + c + (2 * Width));
            a3 += Vector128.Load(x + c + (3 * Width));
        }

        StoreLanes(lanes, a0, a1, a2, a3);
        for (int c = whole; c < channels; c++)
        {
            lanes[c - whole] += x[c];
        }

        float mean = FloatMath.Tree(new Span<float>(lanes, FloatMath.Lanes)) / channels;
        Vector128<float> means = Vector128.Create(mean);
        (a0, a1, a2, a3) = default((Vector128<float>, Vector128<float>, Vector128<float>, Vector128<float>));
        for (int c = 0; c < whole; c += FloatMath.Lanes)
        {
            a0 = Squared(x + c, means, a0);
            a1 = Squared(x + c + Width, means, a1);
            a2 = Squared(x + c + (2 * Width), means, a2);
            a3 = Squared(x + c + (3 * Width), means, a3);
        }

        StoreLanes(lanes, a0, a1, a2, a3);
        for (int c = whole; c < channels; c++)
        {
            float d = x[c] - mean;
            lanes[c - whole] = MathF.FusedMultiplyAdd(d, d, lanes[c - whole]);
        }

        float inverse = 1f / MathF.Sqrt((FloatMath.Tree(new Span<float>(lanes, FloatMath.Lanes)) / channels) + epsilon);
        Vector128<float> inverses = Vector128.Create(inverse);
        int i = 0;
        for (; i + Width <= channels; i += Width)
        {
            Vector128<float> d = (Vector128.Load(x + i) - means) * inverses;
            Fused.MultiplyAdd(d, Vector128.Load(scale + i), Vector128.Load(offset + i)).Store(y + i);
        }

        for (; i < channels; i++)
        {
            y[i] = MathF.FusedMultiplyAdd((x[i] - mean) * inverse, scale[i], offset[i]);
        }
    }

    /// <summary>GELU of one row; <paramref name="y"/> may be <paramref name="x"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Gelu(float* x, int channels, float* y)
    {
        int c = 0;
        for (; c + Width <= channels; c += Width)
        {
            Gelu(Vector128.Load(x + c)).Store(y + c);
        }

        for (; c < channels; c++)
        {
            y[c] = FloatMath.Gelu(x[c]);
        }
    }

    /// <summary>One row times its gates, which are brought to 0 to 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Gate(float* x, float* gate, int channels, float* y)
    {
        Vector128<float> most = Vector128.Create(FloatMath.MostGate);
        int c = 0;
        for (; c + Width <= channels; c += Width)
        {
            Vector128<float> g = Vector128.Load(gate + c);
            (Vector128.Load(x + c) * (Vector128.Min(g, most) & Vector128.GreaterThan(g, Vector128<float>.Zero))).Store(y + c);
        }

        for (; c < channels; c++)
        {
            y[c] = x[c] * FloatMath.Gate(gate[c]);
        }
    }

    /// <summary>Turns a row of products into exponentials of scores, e^(product * scale - largest).</summary>
    /// <param name="row">The products; receives the exponentials.</param>
    /// <param name="count">Keys.</param>
    /// <param name="scale">Factor of the products.</param>
    /// <returns>Their sum.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static float Exponentials(float* row, int count, float scale)
    {
        float* lanes = stackalloc float[FloatMath.Lanes];
        int whole = count & -FloatMath.Lanes;
        Vector128<float> factor = Vector128.Create(scale);
        Vector128<float> a0 = Vector128.Create(float.NegativeInfinity);
        (Vector128<float> a1, Vector128<float> a2, Vector128<float> a3) = (a0, a0, a0);
        for (int j = 0; j < whole; j += FloatMath.Lanes)
        {
            a0 = Scaled(row + j, factor, a0);
            a1 = Scaled(row + j + Width, factor, a1);
            a2 = Scaled(row + j + (2 * Width), factor, a2);
            a3 = Scaled(row + j + (3 * Width), factor, a3);
        }

        StoreLanes(lanes, a0, a1, a2, a3);
        for (int j = whole; j < count; j++)
        {
            row[j] *= scale;
            lanes[j - whole] = row[j] > lanes[j - whole] ? row[j] : lanes[j - whole];
        }

        float largest = FloatMath.Largest(new ReadOnlySpan<float>(lanes, FloatMath.Lanes));
        Vector128<float> top = Vector128.Create(largest);
        (a0, a1, a2, a3) = default((Vector128<float>, Vector128<float>, Vector128<float>, Vector128<float>));
        for (int j = 0; j < whole; j += FloatMath.Lanes)
        {
            a0 += Exponential(row + j, top);
            a1 += Exponential(row + j + Width, top);
            a2 += Exponential(row + j + (2 * Width), top);
            a3 += Exponential(row + j + (3 * Width), top);
        }

        StoreLanes(lanes, a0, a1, a2, a3);
        for (int j = whole; j < count; j++)
        {
            row[j] = FloatMath.Exp(row[j] - largest);
            lanes[j - whole] += row[j];
        }

        return FloatMath.Tree(new Span<float>(lanes, FloatMath.Lanes));
    }

    /// <summary>y = x * factor.</summary>
    internal static void Scale(float* x, int count, float factor, float* y)
    {
        Vector128<float> factors = Vector128.Create(factor);
        int i = 0;
        for (; i + Width <= count; i += Width)
        {
            (Vector128.Load(x + i) * factors).Store(y + i);
        }

        for (; i < count; i++)
        {
            y[i] = x[i] * factor;
        }
    }

    /// <summary>The twin of <see cref="FloatMath.Exp"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Exp(Vector128<float> x)
    {
        Vector128<float> round = Vector128.Create(FloatMath.Round);
        Vector128<float> one = Vector128<float>.One;
        Vector128<float> t = Fused.MultiplyAdd(x, Vector128.Create(FloatMath.Log2E), round);
        Vector128<float> n = t - round;
        Vector128<float> r = Fused.MultiplyAdd(n, Vector128.Create(-FloatMath.Ln2High), x);
        r = Fused.MultiplyAdd(n, Vector128.Create(-FloatMath.Ln2Low), r);
        Vector128<float> p = Fused.MultiplyAdd(Vector128.Create(FloatMath.E6), r, Vector128.Create(FloatMath.E5));
        p = Fused.MultiplyAdd(p, r, Vector128.Create(FloatMath.E4));
        p = Fused.MultiplyAdd(p, r, Vector128.Create(FloatMath.E3));
        p = Fused.MultiplyAdd(p, r, Vector128.Create(FloatMath.E2));
        p = Fused.MultiplyAdd(p, r, one);
        p = Fused.MultiplyAdd(p, r, one);
        Vector128<int> power = (t.AsInt32() - Vector128.Create(FloatMath.RoundBits - 127)) << 23;
        Vector128<float> y = p * power.AsSingle();
        return Vector128.ConditionalSelect(Vector128.LessThan(x, Vector128.Create(FloatMath.ExpUnderflow)), Vector128<float>.Zero, y);
    }

    /// <summary>The twin of <see cref="FloatMath.Gelu"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Gelu(Vector128<float> x)
    {
        Vector128<float> a = Vector128.Abs(x);
        Vector128<float> p = Fused.MultiplyAdd(Vector128.Create(FloatMath.G9), a, Vector128.Create(FloatMath.G8));
        p = Fused.MultiplyAdd(p, a, Vector128.Create(FloatMath.G7));
        p = Fused.MultiplyAdd(p, a, Vector128.Create(FloatMath.G6));
        p = Fused.MultiplyAdd(p, a, Vector128.Create(FloatMath.G5));
        p = Fused.MultiplyAdd(p, a, Vector128.Create(FloatMath.G4));
        p = Fused.MultiplyAdd(p, a, Vector128.Create(FloatMath.G3));
        p = Fused.MultiplyAdd(p, a, Vector128.Create(FloatMath.G2));
        p = Fused.MultiplyAdd(p, a, Vector128.Create(FloatMath.G1));
        p = Fused.MultiplyAdd(p, a, Vector128.Create(FloatMath.G0));
        Vector128<float> t = Vector128.AndNot(a * Exp(p), Vector128.GreaterThan(a, Vector128.Create(FloatMath.GeluTail)));
        return Vector128.ConditionalSelect(Vector128.GreaterThan(x, Vector128<float>.Zero), x - t, -t);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Squared(float* x, Vector128<float> mean, Vector128<float> sum)
    {
        Vector128<float> d = Vector128.Load(x) - mean;
        return Fused.MultiplyAdd(d, d, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Scaled(float* row, Vector128<float> factor, Vector128<float> largest)
    {
        Vector128<float> score = Vector128.Load(row) * factor;
        score.Store(row);
        return Vector128.ConditionalSelect(Vector128.GreaterThan(score, largest), score, largest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Exponential(float* row, Vector128<float> largest)
    {
        Vector128<float> e = Exp(Vector128.Load(row) - largest);
        e.Store(row);
        return e;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreLanes(float* lanes, Vector128<float> a0, Vector128<float> a1, Vector128<float> a2, Vector128<float> a3)
    {
        a0.Store(lanes);
        a1.Store(lanes + Width);
        a2.Store(lanes + (2 * Width));
        a3.Store(lanes + (3 * Width));
    }
}
