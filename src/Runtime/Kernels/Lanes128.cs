using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>Four floats: NEON, or SSE with FMA.</summary>
internal readonly unsafe struct Lanes128 : ILanes<Vector128<float>>
{
    public static int Count => 4;

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
    public static Vector128<float> SelectPositive(Vector128<float> u, Vector128<float> other) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(u, Vector128<float>.Zero), u, other);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong SignMask(Vector128<float> x) => Vector128.GreaterThanOrEqual(x, Vector128<float>.Zero).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> FromUnsigned(ushort* source) =>
        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)source).AsUInt16()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> FromSigned(short* source) =>
        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.CreateScalar(*(ulong*)source).AsInt16()));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<float> Even, Vector128<float> Odd) Unzip(Vector128<float> a, Vector128<float> b) => AdvSimd.Arm64.IsSupported
        ? (AdvSimd.Arm64.UnzipEven(a, b), AdvSimd.Arm64.UnzipOdd(a, b))
        : (Sse.Shuffle(a, b, 0x88), Sse.Shuffle(a, b, 0xDD));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSigns(byte* row, int channel, ulong mask) => *(ushort*)(row + (channel >> 3)) = (ushort)mask;
}
