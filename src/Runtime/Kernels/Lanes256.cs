using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>Eight floats: AVX2 with FMA.</summary>
internal readonly unsafe struct Lanes256 : ILanes<Vector256<float>>
{
    public static int Count => 8;

    public static int Tokens => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(float* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* target, Vector256<float> x) => x.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float x) => Vector256.Create(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Fma(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Negative(Vector256<float> x, Vector256<float> zero) => Vector256.MinNative(x, zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MaskAtLeast(Vector256<float> x, Vector256<float> threshold) => Vector256.GreaterThanOrEqual(x, threshold).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> X0, Vector256<float> X1) Counts(short* source) => (Signed(source), Signed(source + Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Counts(short* source, nint step, out Column<Vector256<float>> x0, out Column<Vector256<float>> x1) => EpilogueEnds<Lanes256, Vector256<float>>.Counts(source, step, out x0, out x1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> V0, Vector256<float> V1, Vector256<float> V2, Vector256<float> V3) Quarters(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d)
    {
        // A transposition within 128-bit lanes: the lower one holds the even groups, the upper one the odd ones.
        Vector256<double> ab = Avx.UnpackLow(a, b).AsDouble();
        Vector256<double> cd = Avx.UnpackLow(c, d).AsDouble();
        Vector256<double> ef = Avx.UnpackHigh(a, b).AsDouble();
        Vector256<double> gh = Avx.UnpackHigh(c, d).AsDouble();
        return (
            Avx.UnpackLow(ab, cd).AsSingle(), Avx.UnpackHigh(ab, cd).AsSingle(),
            Avx.UnpackLow(ef, gh).AsSingle(), Avx.UnpackHigh(ef, gh).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> Even, Vector256<float> Odd) Pairs(Vector256<float> a, Vector256<float> b) =>
        (Avx.Permute2x128(a, b, 0x20), Avx.Permute2x128(a, b, 0x31));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFours(float* ab, float* cd, Vector256<float> x)
    {
        Vector256<float> ordered = Avx2.PermuteVar8x32(x, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7));
        ordered.GetLower().Store(ab);
        ordered.GetUpper().Store(cd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEights(float* ab1, float* cd1, float* ab2, float* cd2, Vector256<float> x)
    {
        Sse.StoreLow(ab1, x.GetLower());
        Sse.StoreHigh(cd1, x.GetLower());
        Sse.StoreLow(ab2, x.GetUpper());
        Sse.StoreHigh(cd2, x.GetUpper());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask(byte* at, int first, ulong mask) => *(ushort*)at = (ushort)mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSigns(Slot* s, nint c, Column<Vector256<float>> x0, Column<Vector256<float>> x1) => EpilogueEnds<Lanes256, Vector256<float>>.StoreSigns(s, c, x0, x1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMeans(Slot* s, nint c, Column<Vector256<float>> x0, Column<Vector256<float>> x1) => EpilogueEnds<Lanes256, Vector256<float>>.StoreMeans(s, c, x0, x1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Signed(short* source) => Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(Vector128.Load(source)));
}
