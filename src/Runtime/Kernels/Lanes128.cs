using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>Four floats: NEON or SSE.</summary>
internal readonly unsafe struct Lanes128 : ILanes<Vector128<float>>
{
    public static int Count => 4;

    public static int Tokens => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Load(float* source) => Vector128.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* target, Vector128<float> x) => x.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(float x) => Vector128.Create(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Add(Vector128<float> a, Vector128<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Subtract(Vector128<float> a, Vector128<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Multiply(Vector128<float> a, Vector128<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Fma(Vector128<float> a, Vector128<float> b, Vector128<float> c) =>
        System.Runtime.Intrinsics.X86.Fma.IsSupported || AdvSimd.IsSupported ? Vector128.FusedMultiplyAdd(a, b, c) : Fused.InDoubles(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Negative(Vector128<float> x, Vector128<float> zero) =>
        AdvSimd.IsSupported ? NeonEnds.Negative(x, zero) : Vector128.MinNative(x, zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MaskAtLeast(Vector128<float> x, Vector128<float> threshold) => Vector128.GreaterThanOrEqual(x, threshold).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<float> X0, Vector128<float> X1) Counts(short* source)
    {
        (Vector128<int> lower, Vector128<int> upper) = Vector128.Widen(Vector128.Load(source));
        return (Vector128.ConvertToSingle(lower), Vector128.ConvertToSingle(upper));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Counts(short* source, nint step, out Column<Vector128<float>> x0, out Column<Vector128<float>> x1)
    {
        if (AdvSimd.IsSupported)
        {
            NeonEnds.Counts(source, step, out x0, out x1);
        }
        else
        {
            EpilogueEnds<Lanes128, Vector128<float>>.Counts(source, step, out x0, out x1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<float> V0, Vector128<float> V1, Vector128<float> V2, Vector128<float> V3) Quarters(
        Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d)
    {
        (Vector128<float> ac0, Vector128<float> ac1) = Zip(a, c);
        (Vector128<float> bd0, Vector128<float> bd1) = Zip(b, d);
        (Vector128<float> v0, Vector128<float> v1) = Zip(ac0, bd0);
        (Vector128<float> v2, Vector128<float> v3) = Zip(ac1, bd1);
        return (v0, v1, v2, v3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<float> Even, Vector128<float> Odd) Pairs(Vector128<float> a, Vector128<float> b) =>
        (Sse.Shuffle(a, b, 0x88), Sse.Shuffle(a, b, 0xDD));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFours(float* ab, float* cd, Vector128<float> x)
    {
        Sse.StoreLow(ab, x);
        Sse.StoreHigh(cd, x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEights(float* ab1, float* cd1, float* ab2, float* cd2, Vector128<float> x)
    {
        *ab1 = x.ToScalar();
        *cd1 = x.GetElement(1);
        *ab2 = x.GetElement(2);
        *cd2 = x.GetElement(3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask(byte* at, int first, ulong mask) => *at = (byte)mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSigns(Slot* s, nint c, Column<Vector128<float>> x0, Column<Vector128<float>> x1)
    {
        if (AdvSimd.Arm64.IsSupported)
        {
            NeonEnds.StoreSigns(s, c, x0, x1);
        }
        else
        {
            EpilogueEnds<Lanes128, Vector128<float>>.StoreSigns(s, c, x0, x1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMeans(Slot* s, nint c, Column<Vector128<float>> x0, Column<Vector128<float>> x1)
    {
        if (AdvSimd.Arm64.IsSupported)
        {
            NeonEnds.StoreMeans(s, c, x0, x1);
        }
        else
        {
            EpilogueEnds<Lanes128, Vector128<float>>.StoreMeans(s, c, x0, x1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<float> Lower, Vector128<float> Upper) Zip(Vector128<float> a, Vector128<float> b) => (Sse.UnpackLow(a, b), Sse.UnpackHigh(a, b));
}
