using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <summary>One float at a time: the scalar kernel set.</summary>
internal readonly unsafe struct Lanes1 : ILanes<float>
{
    public static int Count => 1;

    public static int Tokens => 1;

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
    public static float Negative(float x, float zero) => x < zero ? x : zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong MaskAtLeast(float x, float threshold) => x >= threshold ? 1UL : 0UL;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (float X0, float X1) Counts(short* source) => (source[0], source[1]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Counts(short* source, nint step, out Column<float> x0, out Column<float> x1) => EpilogueEnds<Lanes1, float>.Counts(source, step, out x0, out x1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (float V0, float V1, float V2, float V3) Quarters(float a, float b, float c, float d) => throw NoGroups();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (float Even, float Odd) Pairs(float a, float b) => throw NoGroups();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFours(float* ab, float* cd, float x) => throw NoGroups();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreEights(float* ab1, float* cd1, float* ab2, float* cd2, float x) => throw NoGroups();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMask(byte* at, int first, ulong mask) => *at = (byte)((first == 0 ? 0 : *at) | ((int)mask << first));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSigns(Slot* s, nint c, Column<float> x0, Column<float> x1) => EpilogueEnds<Lanes1, float>.StoreSigns(s, c, x0, x1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMeans(Slot* s, nint c, Column<float> x0, Column<float> x1) => throw NoGroups();

    private static NotSupportedException NoGroups() => new("group means of single floats are taken in memory");
}
