using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime.Tests;

/// <summary>Our own exp and GELU: right to a few roundings, the same in vectors and scalars, and the same bits on every machine.</summary>
public class FloatMathTests
{
    [Fact]
    public void ExpIsRightWhereSoftmaxAsks()
    {
        double worst = 0;
        for (int i = 0; i <= 87_000; i++)
        {
            float x = -i / 1000f;
            worst = Math.Max(worst, Math.Abs((FloatMath.Exp(x) / Math.Exp(x)) - 1));
        }

        Assert.True(worst < 1.5e-7, $"largest relative error {worst:E2}");
        Assert.Equal(1f, FloatMath.Exp(0));
        Assert.Equal(1f, FloatMath.Exp(-0f));
        Assert.Equal(0f, FloatMath.Exp(-87.01f));
        Assert.Equal(0f, FloatMath.Exp(float.NegativeInfinity));
        Assert.True(float.IsNaN(FloatMath.Exp(float.NaN)));
    }

    [Fact]
    public void GeluIsTheErrorFunctionForm()
    {
        double worst = 0;
        for (int i = -100_000; i <= 100_000; i++)
        {
            float x = i / 10_000f;
            worst = Math.Max(worst, Math.Abs(FloatMath.Gelu(x) - (x * (1 + Erf(x / Math.Sqrt(2))) / 2)) / Math.Max(1, Math.Abs(x)));
        }

        Assert.True(worst < 1.5e-7, $"largest error {worst:E2}");
        Assert.Equal(0f, FloatMath.Gelu(0));
        Assert.Equal(0f, FloatMath.Gelu(-1e30f));
        Assert.Equal(0f, FloatMath.Gelu(float.NegativeInfinity));
        Assert.Equal(1e30f, FloatMath.Gelu(1e30f));
        Assert.Equal(float.PositiveInfinity, FloatMath.Gelu(float.PositiveInfinity));
        Assert.True(float.IsNaN(FloatMath.Gelu(float.NaN)));
    }

    /// <summary>Every exponent with many mantissas, both signs; the digest pins the bits for machines that this one is not.</summary>
    [Fact]
    public void VectorsAndScalarsGiveTheSameBitsEverywhere()
    {
        (ulong exps, ulong gelus) = (14695981039346656037, 14695981039346656037);
        for (uint i = 0; i < 1 << 18; i++)
        {
            float x = BitConverter.UInt32BitsToSingle((i << 14) | ((i * 2654435761u) >> 18));
            float gelu = FloatMath.Gelu(x);
            Same(gelu, FloatKernel.Gelu(Vector128.Create(x))[3], x);
            gelus = Digest(gelus, gelu);
            if (!(x <= 1))
            {
                continue;
            }

            float exp = FloatMath.Exp(x);
            Same(exp, FloatKernel.Exp(Vector128.Create(x))[1], x);
            exps = Digest(exps, exp);
        }

        Assert.Equal("eeceeac311b7eacd ef62bf82c2f92a6a", $"{exps:x16} {gelus:x16}");
    }

    private static ulong Digest(ulong digest, float value) =>
        (digest ^ (float.IsNaN(value) ? 0x7fc00000u : BitConverter.SingleToUInt32Bits(value))) * 1099511628211;

    private static void Same(float expected, float found, float x) => Assert.True(
        BitConverter.SingleToUInt32Bits(expected) == BitConverter.SingleToUInt32Bits(found) || (float.IsNaN(expected) && float.IsNaN(found)),
        $"of {x:R}: {found:R} in a vector, {expected:R} alone");

    // 2 / sqrt(pi) * e^(-z^2) * sum of 2^n z^(2n + 1) / (1 * 3 * ... * (2n + 1)); all terms have one sign.
    private static double Erf(double z)
    {
        if (Math.Abs(z) > 6)
        {
            return Math.Sign(z);
        }

        double term = z;
        double sum = z;
        for (int n = 1; n < 300; n++)
        {
            term *= 2 * z * z / ((2 * n) + 1);
            sum += term;
        }

        return 2 / Math.Sqrt(Math.PI) * Math.Exp(-z * z) * sum;
    }
}
