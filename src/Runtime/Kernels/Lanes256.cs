using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>Eight floats: AVX2 with FMA.</summary>
internal readonly unsafe struct Lanes256 : ILanes<Vector256<float>>
{
    public static int Count => 8;

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
    public static Vector256<float> SelectPositive(Vector256<float> u, Vector256<float> other) =>
        Vector256.ConditionalSelect(Vector256.GreaterThan(u, Vector256<float>.Zero), u, other);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong SignMask(Vector256<float> x) => Vector256.GreaterThanOrEqual(x, Vector256<float>.Zero).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> FromUnsigned(ushort* source) =>
        Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(Vector128.Load(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> FromSigned(short* source) =>
        Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(Vector128.Load(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> Even, Vector256<float> Odd) Unzip(Vector256<float> a, Vector256<float> b)
    {
        // Within 128-bit lanes first; the quarters then stand as 0, 2, 1, 3.
        Vector256<double> even = Avx.Shuffle(a, b, 0x88).AsDouble();
        Vector256<double> odd = Avx.Shuffle(a, b, 0xDD).AsDouble();
        return (Avx2.Permute4x64(even, 0xD8).AsSingle(), Avx2.Permute4x64(odd, 0xD8).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSigns(byte* row, int channel, ulong mask) => *(uint*)(row + (channel >> 3)) = (uint)mask;
}
