using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>Four floats: NEON, or SSE with FMA.</summary>
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
    public static Vector128<float> Fma(Vector128<float> a, Vector128<float> b, Vector128<float> c) => Vector128.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Leaky(Vector128<float> u, Vector128<float> slope) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(u, Vector128<float>.Zero), u, slope * u);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MaskAtLeast(Vector128<float> x, Vector128<float> threshold) => Vector128.GreaterThanOrEqual(x, threshold).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> FromUnsigned(ushort* source) =>
        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)source).AsUInt16()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> FromSigned(short* source) =>
        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)source).AsInt16()));

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
    public static (Vector128<float> Even, Vector128<float> Odd) Pairs(Vector128<float> a, Vector128<float> b) => AdvSimd.Arm64.IsSupported
        ? (AdvSimd.Arm64.UnzipEven(a, b), AdvSimd.Arm64.UnzipOdd(a, b))
        : (Sse.Shuffle(a, b, 0x88), Sse.Shuffle(a, b, 0xDD));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFours(float* ab, float* cd, Vector128<float> x)
    {
        if (Sse.IsSupported)
        {
            Sse.StoreLow(ab, x);
            Sse.StoreHigh(cd, x);
            return;
        }

        x.GetLower().Store(ab);
        x.GetUpper().Store(cd);
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
    public static void StoreSigns(byte* at, int first, ulong mask) => *at = (byte)mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<float> Lower, Vector128<float> Upper) Zip(Vector128<float> a, Vector128<float> b) => AdvSimd.Arm64.IsSupported
        ? (AdvSimd.Arm64.ZipLow(a, b), AdvSimd.Arm64.ZipHigh(a, b))
        : (Sse.UnpackLow(a, b), Sse.UnpackHigh(a, b));
}
