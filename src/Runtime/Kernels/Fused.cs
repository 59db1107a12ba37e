using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>Fused multiply-adds of four floats, with an instruction or without.</summary>
internal static class Fused
{
    /// <summary>True where there is an instruction. A program that was compiled ahead of time for processors before AVX has none on any.</summary>
    internal static bool IsAccelerated => Fma.IsSupported || AdvSimd.IsSupported;

    /// <summary>a * b + c, rounded once. Scalar twin: <see cref="MathF.FusedMultiplyAdd"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> MultiplyAdd(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        IsAccelerated ? Vector128.FusedMultiplyAdd(a, b, c) : InDoubles(a, b, c);

    /// <summary>The same in doubles: a product of floats is exact there, and a sum that is rounded to odd may be rounded again to less than half of its
    /// bits. Source: Boldo and Melquiond, Emulation of a FMA and Correctly Rounded Sums: Proved Algorithms Using Rounding to Odd, IEEE Transactions on
    /// Computers 57, 2008.</summary>
    internal static Vector128<float> InDoubles(Vector128<float> a, Vector128<float> b, Vector128<float> c)
    {
        (Vector128<double> aLow, Vector128<double> aHigh) = Vector128.Widen(a);
        (Vector128<double> bLow, Vector128<double> bHigh) = Vector128.Widen(b);
        (Vector128<double> cLow, Vector128<double> cHigh) = Vector128.Widen(c);
        return Vector128.Narrow(OddSum(aLow * bLow, cLow), OddSum(aHigh * bHigh, cHigh));
    }

    /// <summary>a + b; where that is no double, the odd one of its two neighbours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> OddSum(Vector128<double> a, Vector128<double> b)
    {
        Vector128<double> sum = a + b;
        Vector128<double> part = sum - a;
        Vector128<double> error = (a - (sum - part)) + (b - part);

        // Of a rounded even sum, the neighbour on the error's side: one up in magnitude where their signs agree, one down where not. NaN is neither.
        Vector128<double> one = Vector128<double>.One;
        Vector128<double> signs = ((sum ^ error) & Vector128.Create(-0.0)) | one;
        Vector128<long> step = Vector128.LessThan(signs, Vector128<double>.Zero).AsInt64() | Vector128<long>.One;
        Vector128<long> inexact = (Vector128.LessThan(error, Vector128<double>.Zero) | Vector128.GreaterThan(error, Vector128<double>.Zero)).AsInt64();
        Vector128<long> even = (sum.AsInt64() & Vector128<long>.One) - Vector128<long>.One;
        return (sum.AsInt64() + (step & inexact & even)).AsDouble();
    }
}
