using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>Sixteen floats: AVX-512.</summary>
internal readonly unsafe struct Lanes512 : ILanes<Vector512<float>>
{
    public static int Count => 16;

    public static int Tokens => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(float* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* target, Vector512<float> x) => x.Store(target);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Broadcast(float x) => Vector512.Create(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Fma(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Negative(Vector512<float> x, Vector512<float> zero) => Vector512.MinNative(x, zero);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MaskAtLeast(Vector512<float> x, Vector512<float> threshold) => Vector512.GreaterThanOrEqual(x, threshold).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> X0, Vector512<float> X1) Counts(short* source) => (Signed(source), Signed(source + Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Counts(short* source, nint step, out Column<Vector512<float>> x0, out Column<Vector512<float>> x1) => EpilogueEnds<Lanes512, Vector512<float>>.Counts(source, step, out x0, out x1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> V0, Vector512<float> V1, Vector512<float> V2, Vector512<float> V3) Quarters(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        // A transposition within 128-bit lanes: lane i holds groups i, 4 + i, 8 + i, 12 + i.
        Vector512<double> ab = Avx512F.UnpackLow(a, b).AsDouble();
        Vector512<double> cd = Avx512F.UnpackLow(c, d).AsDouble();
        Vector512<double> ef = Avx512F.UnpackHigh(a, b).AsDouble();
        Vector512<double> gh = Avx512F.UnpackHigh(c, d).AsDouble();
        return (
            Avx512F.UnpackLow(ab, cd).AsSingle(), Avx512F.UnpackHigh(ab, cd).AsSingle(),
            Avx512F.UnpackLow(ef, gh).AsSingle(), Avx512F.UnpackHigh(ef, gh).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector512<float> Even, Vector512<float> Odd) Pairs(Vector512<float> a, Vector512<float> b) =>
        (Avx512F.Shuffle4x128(a, b, 0x88), Avx512F.Shuffle4x128(a, b, 0xDD));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFours(float* ab, float* cd, Vector512<float> x)
    {
        Vector512<float> ordered = Avx512F.PermuteVar16x32(x, Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
        ordered.GetLower().Store(ab);
        ordered.GetUpper().Store(cd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEights(float* ab1, float* cd1, float* ab2, float* cd2, Vector512<float> x)
    {
        Vector512<float> ordered = Avx512F.PermuteVar16x32(x, Vector512.Create(0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15));
        ordered.GetLower().GetLower().Store(ab1);
        ordered.GetLower().GetUpper().Store(cd1);
        ordered.GetUpper().GetLower().Store(ab2);
        ordered.GetUpper().GetUpper().Store(cd2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask(byte* at, int first, ulong mask) => *(uint*)at = (uint)mask;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSigns(Slot* s, nint c, Column<Vector512<float>> x0, Column<Vector512<float>> x1) => EpilogueEnds<Lanes512, Vector512<float>>.StoreSigns(s, c, x0, x1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMeans(Slot* s, nint c, Column<Vector512<float>> x0, Column<Vector512<float>> x1) => EpilogueEnds<Lanes512, Vector512<float>>.StoreMeans(s, c, x0, x1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Signed(short* source) => Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector256.Load(source)));
}
