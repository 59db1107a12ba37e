using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>AVX-512 with byte permutes (VBMI): 64 outputs, six bits; an activation byte is the number itself.</summary>
internal readonly unsafe struct SixBitTables512 : ITables<Vector512<byte>>
{
    private const int GroupsPerVector = 64;

    public static int Lanes => 64;

    public static int Bits => 6;

    public static bool ManyRegisters => true;

    // Bit offsets of the eight groups of a 64-bit lane.
    private static Vector512<byte> Shifts => Vector512.Create(0x2A241E18120C0600UL).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load(byte* source) => Vector512.Load(source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Table(byte* tables, byte activation) => Vector512.Load(tables + ((nuint)activation << 6));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Look(Vector512<byte> table, Vector512<byte> weights) => Avx512Vbmi.PermuteVar64x8(table, weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Add(Vector512<byte> a, Vector512<byte> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Widen(Vector512<byte> sum, ushort* counts, bool add)
    {
        Vector512<ushort> lower = Avx512BW.ConvertToVector512UInt16(sum.GetLower());
        Vector512<ushort> upper = Avx512BW.ConvertToVector512UInt16(sum.GetUpper());
        if (add)
        {
            lower += Vector512.Load(counts);
            upper += Vector512.Load(counts + 32);
        }

        lower.Store(counts);
        upper.Store(counts + 32);
    }

    // 48 bytes are 64 groups of six bits: six bytes go into each 64-bit lane, a multi-shift takes its eight groups out.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Expand(ulong* row, int inputs, byte* expanded)
    {
        Vector512<byte> spread = Vector512.Create(
            (byte)0, 1, 2, 3, 4, 5, 0, 0, 6, 7, 8, 9, 10, 11, 0, 0, 12, 13, 14, 15, 16, 17, 0, 0, 18, 19, 20, 21, 22, 23, 0, 0,
            24, 25, 26, 27, 28, 29, 0, 0, 30, 31, 32, 33, 34, 35, 0, 0, 36, 37, 38, 39, 40, 41, 0, 0, 42, 43, 44, 45, 46, 47, 0, 0);
        Vector512<byte> six = Vector512.Create((byte)63);
        Vector512<byte> lane = Vector512.Create(
            (byte)0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
            32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63);
        int bytes = ((inputs + 63) >> 6) * 8;
        byte* source = (byte*)row;
        for (int at = 0; at < bytes; at += 48, expanded += GroupsPerVector)
        {
            Vector512<byte> x = Vector512.Load(source + at);
            int left = bytes - at;
            if (left < 48)
            {
                // Behind the row lies the next one; its bits must not count.
                x &= Vector512.LessThan(lane, Vector512.Create((byte)left));
            }

            x = Avx512Vbmi.PermuteVar64x8(x, spread);
            (Avx512Vbmi.MultiShift(Shifts, x.AsUInt64()) & six).Store(expanded);
        }
    }

    // Eight groups of 64 rows at a time: 48 bits of eight rows fill a vector; its 8 x 8 bytes are transposed within, the eight vectors' 64-bit
    // lanes among them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(ulong* rows, int words, int count, int steps, byte* packed)
    {
        Vector512<byte> transposed = Vector512.Create(
            (byte)0, 8, 16, 24, 32, 40, 48, 56, 1, 9, 17, 25, 33, 41, 49, 57, 2, 10, 18, 26, 34, 42, 50, 58, 3, 11, 19, 27, 35, 43, 51, 59,
            4, 12, 20, 28, 36, 44, 52, 60, 5, 13, 21, 29, 37, 45, 53, 61, 6, 14, 22, 30, 38, 46, 54, 62, 7, 15, 23, 31, 39, 47, 55, 63);
        Vector512<byte> six = Vector512.Create((byte)63);
        ulong* bits = stackalloc ulong[8];
        Vector512<ulong>* z = stackalloc Vector512<ulong>[8];
        Vector512<ulong>* groups = stackalloc Vector512<ulong>[8];
        for (int k = 0; k < steps; k += 8)
        {
            // The last 48 bits of a row may end in its last word: nothing behind the row is read.
            int from = k / 8 * 6;
            int beyond = Math.Max(0, from + 8 - (8 * words));
            for (int i = 0; i < 8; i++)
            {
                for (int r = 0; r < 8; r++)
                {
                    int row = (8 * i) + r;
                    bits[r] = row < count ? *(ulong*)((byte*)(rows + ((long)row * words)) + from - beyond) >> (8 * beyond) : 0;
                }

                Vector512<byte> eight = Avx512Vbmi.MultiShift(Shifts, Vector512.Load(bits)) & six;
                z[i] = Avx512Vbmi.PermuteVar64x8(eight, transposed).AsUInt64();
            }

            for (int odd = 0; odd < 2; odd++)
            {
                Vector512<ulong> a = Unpack(z[0], z[1], odd);
                Vector512<ulong> b = Unpack(z[2], z[3], odd);
                Vector512<ulong> c = Unpack(z[4], z[5], odd);
                Vector512<ulong> d = Unpack(z[6], z[7], odd);
                Vector512<ulong> ab = Avx512F.Shuffle4x128(a, b, 0x88);
                Vector512<ulong> cd = Avx512F.Shuffle4x128(c, d, 0x88);
                Vector512<ulong> ef = Avx512F.Shuffle4x128(a, b, 0xDD);
                Vector512<ulong> gh = Avx512F.Shuffle4x128(c, d, 0xDD);
                groups[odd] = Avx512F.Shuffle4x128(ab, cd, 0x88);
                groups[2 + odd] = Avx512F.Shuffle4x128(ef, gh, 0x88);
                groups[4 + odd] = Avx512F.Shuffle4x128(ab, cd, 0xDD);
                groups[6 + odd] = Avx512F.Shuffle4x128(ef, gh, 0xDD);
            }

            for (int g = 0; g < Math.Min(8, steps - k); g++)
            {
                groups[g].AsByte().Store(packed + ((long)(k + g) * Lanes));
            }
        }
    }

    private static Vector512<ulong> Unpack(Vector512<ulong> a, Vector512<ulong> b, int odd) =>
        odd == 0 ? Avx512F.UnpackLow(a, b) : Avx512F.UnpackHigh(a, b);
}
