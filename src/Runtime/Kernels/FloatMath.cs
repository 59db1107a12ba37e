namespace EdgeVit.Runtime;

/// <summary>Functions of the float tier, by polynomials of our own: the platform's <c>exp</c> and <c>erf</c> differ in the last place from
/// machine to machine. Here every step is an exact operation or rounds once, in a fixed order, so that the bits are the same
/// everywhere.</summary>
internal static class FloatMath
{
    /// <summary>Lanes of a reduction: element i belongs to lane i mod 16, see <see cref="Tree"/>.</summary>
    internal const int Lanes = 16;

    internal const float Log2E = 1.4426950408889634f;

    /// <summary>ln 2 in two parts; n times the first is exact for |n| up to 2^15.</summary>
    internal const float Ln2High = 0.693359375f;

    internal const float Ln2Low = -2.12194440e-4f;

    /// <summary>1.5 * 2^23: adding it rounds a small number to the nearest integer, which then stands in the lowest bits.</summary>
    internal const float Round = 12582912f;

    internal const int RoundBits = 0x4B400000;

    /// <summary>Below this <see cref="Exp"/> is 0.</summary>
    internal const float ExpUnderflow = -87f;

    /// <summary>Beyond this <see cref="Gelu"/> is x or 0; what it neglects is less than 6e-9.</summary>
    internal const float GeluTail = 6f;

    /// <summary>The most that a gate can be; 1 changes nothing.</summary>
    internal const float MostGate = 2f;

    // e^r on [-ln2 / 2, ln2 / 2], relative error 1.9e-9 before rounding: r^6 first.
    internal const float E6 = 0.0013836706057190895f;
    internal const float E5 = 0.00837481115013361f;
    internal const float E4 = 0.041668228805065155f;
    internal const float E3 = 0.16666419804096222f;
    internal const float E2 = 0.49999991059303284f;

    // ln((1 - erf(a / sqrt 2)) / 2) on [0, 6], so that a * e^P(a) is right to 1.5e-9 before rounding: a^9 first.
    internal const float G9 = 2.6761117055684736e-07f;
    internal const float G8 = -5.327749022399075e-06f;
    internal const float G7 = 4.408173117553815e-05f;
    internal const float G6 = -0.00017157115507870913f;
    internal const float G5 = -3.742156695807353e-05f;
    internal const float G4 = 0.004856957588344812f;
    internal const float G3 = -0.036378130316734314f;
    internal const float G2 = -0.3182971179485321f;
    internal const float G1 = -0.7978862524032593f;
    internal const float G0 = -0.6931471228599548f;

    /// <summary>e^x for x at most about 0 (what a softmax asks for); 0 below <see cref="ExpUnderflow"/>.</summary>
    internal static float Exp(float x)
    {
        float t = MathF.FusedMultiplyAdd(x, Log2E, Round);
        float n = t - Round;
        float r = MathF.FusedMultiplyAdd(n, -Ln2High, x);
        r = MathF.FusedMultiplyAdd(n, -Ln2Low, r);
        float p = MathF.FusedMultiplyAdd(E6, r, E5);
        p = MathF.FusedMultiplyAdd(p, r, E4);
        p = MathF.FusedMultiplyAdd(p, r, E3);
        p = MathF.FusedMultiplyAdd(p, r, E2);
        p = MathF.FusedMultiplyAdd(p, r, 1f);
        p = MathF.FusedMultiplyAdd(p, r, 1f);
        float power = BitConverter.Int32BitsToSingle(unchecked(BitConverter.SingleToInt32Bits(t) - RoundBits + 127) << 23);
        float y = p * power;
        return x < ExpUnderflow ? 0f : y;
    }

    /// <summary>The error-function form of GELU: <c>x * (1 + erf(x / sqrt 2)) / 2</c>. With a = |x| and t = a * (1 - erf(a / sqrt 2)) / 2 it
    /// is x - t for positive x and -t for the others.</summary>
    internal static float Gelu(float x)
    {
        float a = Math.Abs(x);
        float p = MathF.FusedMultiplyAdd(G9, a, G8);
        p = MathF.FusedMultiplyAdd(p, a, G7);
        p = MathF.FusedMultiplyAdd(p, a, G6);
        p = MathF.FusedMultiplyAdd(p, a, G5);
        p = MathF.FusedMultiplyAdd(p, a, G4);
        p = MathF.FusedMultiplyAdd(p, a, G3);
        p = MathF.FusedMultiplyAdd(p, a, G2);
        p = MathF.FusedMultiplyAdd(p, a, G1);
        p = MathF.FusedMultiplyAdd(p, a, G0);
        float t = a > GeluTail ? 0f : a * Exp(p);
        return x > 0 ? x - t : -t;
    }

    /// <summary>What a gate multiplies by: 0 to <see cref="MostGate"/>.</summary>
    internal static float Gate(float gate) => gate > 0 ? MathF.Min(gate, MostGate) : 0;

    /// <summary>The sum of a reduction's lanes: 8 sums of lanes that are 8 apart, then 4, 2, 1.</summary>
    internal static float Tree(Span<float> lanes)
    {
        for (int width = Lanes / 2; width > 0; width /= 2)
        {
            for (int i = 0; i < width; i++)
            {
                lanes[i] += lanes[i + width];
            }
        }

        return lanes[0];
    }

    /// <summary>The largest of a reduction's lanes; NaN counts as nothing.</summary>
    internal static float Largest(ReadOnlySpan<float> lanes)
    {
        float largest = float.NegativeInfinity;
        foreach (float lane in lanes)
        {
            largest = lane > largest ? lane : largest;
        }

        return largest;
    }

    /// <summary>What softmax attention's scores of heads of this size are multiplied by.</summary>
    internal static float ScoreScale(int headSize) => (float)(1 / Math.Sqrt(headSize));
}
