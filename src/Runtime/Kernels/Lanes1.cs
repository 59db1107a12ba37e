using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <summary>One float at a time: the scalar kernel set.</summary>
internal readonly unsafe struct Lanes1 : ILanes<float>
{
    public static int Count => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(float* source) => *source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* target, float x) => *target = x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Broadcast(float x) => x;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Add(float a, float b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Subtract(float a, float b) => a - b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Multiply(float a, float b) => a * b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Fma(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SelectPositive(float u, float other) => u > 0 ? u : other;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong SignMask(float x) => x >= 0 ? 1UL : 0UL;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FromUnsigned(ushort* source) => *source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float FromSigned(short* source) => *source;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (float Even, float Odd) Unzip(float a, float b) => (a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSigns(byte* row, int channel, ulong mask)
    {
        // Four bits: the low half of a byte starts it, the high half completes it.
        byte* at = row + (channel >> 3);
        *at = (channel & 4) == 0 ? (byte)mask : (byte)(*at | (mask << 4));
    }
}
