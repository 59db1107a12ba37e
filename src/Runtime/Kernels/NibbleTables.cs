using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>Tables of four bits: an activation byte is the nibble times 16, the offset of its
/// table.</summary>
internal static unsafe class NibbleTables
{
    private const int Rows = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Expand(ulong* row, int inputs, byte* expanded)
    {
        int words = (inputs + 63) >> 6;
        Vector128<byte> high = Vector128.Create((byte)0xF0);
        for (int w = 0; w < words; w++)
        {
            Vector128<byte> x = Vector128.CreateScalar(row[w]).AsByte();
            Vector128<byte> even = Sse2.ShiftLeftLogical(x.AsUInt16(), 4).AsByte() & high;
            Sse2.UnpackLow(even, x & high).Store(expanded + (16 * w));
        }
    }

    /// <summary>Packs up to <paramref name="lanes"/> rows, 16 at a time. 128 bits, so that code for AVX2 can be made by a program that was compiled without.</summary>
    internal static void Pack(ulong* rows, int words, int count, int steps, byte* packed, int lanes)
    {
        for (int first = 0; first < lanes; first += Rows)
        {
            for (int w = 0; w < words; w++)
            {
                Word(rows + ((long)first * words) + w, words, count - first, Math.Min(16, steps - (16 * w)), packed + (16L * w * lanes) + first, lanes);
            }
        }
    }

    /// <summary>One word of 16 rows: a transposition of bytes, then its nibbles.</summary>
    private static void Word(ulong* column, int words, int count, int steps, byte* packed, int lanes)
    {
        Vector128<byte> pairs = Vector128.Create((byte)0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
        Vector128<byte>* rows = stackalloc Vector128<byte>[8];
        for (int i = 0; i < 8; i++)
        {
            rows[i] = Ssse3.Shuffle(Vector128.Create(At(2 * i), At((2 * i) + 1)).AsByte(), pairs);
        }

        Vector128<byte>* bytes = stackalloc Vector128<byte>[8];
        for (int half = 0; half < 2; half++)
        {
            // Bytes 4 * half .. 4 * half + 3 of four rows, eight rows, sixteen rows.
            Vector128<uint> a = Unpack16(rows[0], rows[1], half);
            Vector128<uint> b = Unpack16(rows[2], rows[3], half);
            Vector128<uint> c = Unpack16(rows[4], rows[5], half);
            Vector128<uint> d = Unpack16(rows[6], rows[7], half);
            Vector128<ulong> ab = Sse2.UnpackLow(a, b).AsUInt64();
            Vector128<ulong> cd = Sse2.UnpackLow(c, d).AsUInt64();
            Vector128<ulong> ef = Sse2.UnpackHigh(a, b).AsUInt64();
            Vector128<ulong> gh = Sse2.UnpackHigh(c, d).AsUInt64();
            bytes[4 * half] = Sse2.UnpackLow(ab, cd).AsByte();
            bytes[(4 * half) + 1] = Sse2.UnpackHigh(ab, cd).AsByte();
            bytes[(4 * half) + 2] = Sse2.UnpackLow(ef, gh).AsByte();
            bytes[(4 * half) + 3] = Sse2.UnpackHigh(ef, gh).AsByte();
        }

        Vector128<byte> nibble = Vector128.Create((byte)15);
        for (int k = 0; k < steps; k++)
        {
            Vector128<byte> x = bytes[k >> 1];
            ((k & 1) == 0 ? x & nibble : (x.AsUInt16() >> 4).AsByte() & nibble).Store(packed + ((long)k * lanes));
        }

        ulong At(int row) => row < count ? column[(long)row * words] : 0;
    }

    private static Vector128<uint> Unpack16(Vector128<byte> a, Vector128<byte> b, int half) => half == 0
        ? Sse2.UnpackLow(a.AsUInt16(), b.AsUInt16()).AsUInt32()
        : Sse2.UnpackHigh(a.AsUInt16(), b.AsUInt16()).AsUInt32();
}

/// <summary>AVX2: 32 outputs, four bits.</summary>
internal readonly unsafe struct NibbleTables256 : ITables<Vector256<byte>>
{
    public static int Lanes => 32;

    public static int Bits => 4;

    public static bool ManyRegisters => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* source) => Vector256.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Table(byte* tables, byte activation) => Avx2.BroadcastVector128ToVector256(tables + activation);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Look(Vector256<byte> table, Vector256<byte> weights) => Avx2.Shuffle(table, weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Add(Vector256<byte> a, Vector256<byte> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Widen(Vector256<byte> sum, ushort* counts, bool add)
    {
        Vector256<ushort> lower = Avx2.ConvertToVector256Int16(sum.GetLower()).AsUInt16();
        Vector256<ushort> upper = Avx2.ConvertToVector256Int16(sum.GetUpper()).AsUInt16();
        if (add)
        {
            lower += Vector256.Load(counts);
            upper += Vector256.Load(counts + 16);
        }

        lower.Store(counts);
        upper.Store(counts + 16);
    }

    public static void Expand(ulong* row, int inputs, byte* expanded) => NibbleTables.Expand(row, inputs, expanded);

    public static void Pack(ulong* rows, int words, int count, int steps, byte* packed) =>
        NibbleTables.Pack(rows, words, count, steps, packed, Lanes);
}
