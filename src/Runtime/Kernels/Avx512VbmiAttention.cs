using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>AVX-512 with byte permutes: the sum of exponentials by planes. Byte p of all exponentials makes a table of 128 bytes, which 64
/// differences index at once; the bytes are summed eight by eight and planes joined by shifts, in integers throughout. 32 keys a comparison.</summary>
/// <remarks>Heads of up to <see cref="MaxSize"/> bits; longer ones as in the base class. Keys behind the real ones index
/// <see cref="Nothing"/>, where all planes are 0.</remarks>
internal sealed unsafe class Avx512VbmiAttention : TableAttention
{
    private const int Planes = 6;
    private const int Entries = 128;
    private const int Nothing = Entries - 1;
    private const int MaxSize = Nothing - 1;

    internal override byte* Table(long* exp, int size, Func<long, nint> allocate)
    {
        if (size > MaxSize)
        {
            return base.Table(exp, size, allocate);
        }

        byte* table = (byte*)allocate(Planes * Entries);
        for (int c = 0; c <= size; c++)
        {
            for (int p = 0; p < Planes; p++)
            {
                table[(p * Entries) + c] = (byte)(exp[size - c] >> (8 * p));
            }
        }

        return table;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override long Sum(ushort* differences, int count, byte* table, int size)
    {
        if (size > MaxSize)
        {
            return base.Sum(differences, count, table, size);
        }

        Vector512<byte> lane = Vector512.Create(
            (byte)0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
            32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63);
        Vector512<ulong> sum = Vector512<ulong>.Zero;
        for (int j = 0; j < count; j += 64)
        {
            Vector512<byte> index = Vector512.Create(
                Avx512BW.ConvertToVector256Byte(Vector512.Load(differences + j)), Avx512BW.ConvertToVector256Byte(Vector512.Load(differences + j + 32)));
            if (count - j < 64)
            {
                index = Vector512.ConditionalSelect(
                    Vector512.LessThan(lane, Vector512.Create((byte)(count - j))), index, Vector512.Create((byte)Nothing));
            }

            Vector512<ulong> planes = Plane(index, table, 5);
            planes = (planes << 8) + Plane(index, table, 4);
            planes = (planes << 8) + Plane(index, table, 3);
            planes = (planes << 8) + Plane(index, table, 2);
            planes = (planes << 8) + Plane(index, table, 1);
            sum += (planes << 8) + Plane(index, table, 0);
        }

        return (long)Vector512.Sum(sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Select(ushort* differences, int count, int most, ulong* attended)
    {
        Vector512<short> above = Vector512.Create((short)(most + 1));
        for (int j = 0; j < count; j += 64)
        {
            ulong bits = Vector512.GreaterThan(above, Vector512.Load((short*)differences + j)).ExtractMostSignificantBits()
                | (Vector512.GreaterThan(above, Vector512.Load((short*)differences + j + 32)).ExtractMostSignificantBits() << 32);
            attended[j >> 6] = count - j < 64 ? bits & ((1UL << (count - j)) - 1) : bits;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> Plane(Vector512<byte> index, byte* table, int plane)
    {
        byte* at = table + (plane * Entries);
        Vector512<byte> bytes = Avx512Vbmi.PermuteVar64x8x2(Vector512.Load(at), index, Vector512.Load(at + 64));
        return Avx512BW.SumAbsoluteDifferences(bytes, Vector512<byte>.Zero).AsUInt64();
    }
}
