using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace EdgeVit.Runtime;

/// <summary>Counts differing bits for many tokens at a time, by the method of the four Russians (Arlazarov, Dinic, Kronrod, Faradzev 1970): of five
/// inputs' weights of 64 outputs a table is made of the counts of all 32 activations that there can be, and each token adds up its entries. A token costs a
/// load where others cost an exclusive or and a population count; making a table costs as much as some fifty tokens.</summary>
/// <remarks>Two outputs share a byte, four bits each: an entry of 32 bytes holds those of 64. Three entries add up to at most 15, the limit of half a byte.
/// Their sum goes to one accumulator, which may wrap, its upper half to another; both hold <see cref="WordsOfBytes"/> words, 192 of 255. The upper one is the
/// count of the upper output, and the lower one's is what 16 times that leaves of the other, modulo 256. A word is twelve groups of five bits and one of
/// four. More words than that add up in 16 bits, at most <see cref="GraphValidator.MaxInputs"/>. Bits behind a row are 0 on both sides. Scalar twin:
/// <see cref="ScalarBitKernel"/>.</remarks>
internal static unsafe partial class WeightTables
{
    /// <summary>Fewest tokens that pay for making the tables.</summary>
    internal const int FewestTokens = 96;

    /// <summary>Most bytes of a tile's counts, so that they stay in the second cache.</summary>
    private const int MostBytes = 400 * 1024;

    /// <summary>Tables of a word: twelve of five bits, one of four.</summary>
    internal const int Groups = 13;

    /// <summary>Bits of a group.</summary>
    internal const int GroupBits = 5;

    /// <summary>Bytes of a table.</summary>
    internal const int GroupBytes = EntryBytes << GroupBits;

    /// <summary>Bytes of a word's tables.</summary>
    internal const int TableBytes = Groups * GroupBytes;

    private const int BlockOutputs = 64;
    private const int EntryBytes = 32;
    private const int VectorBytes = 16;

    private const ulong Index = GroupBytes - EntryBytes;
    private const int WordsOfBytes = 3;

    private const int InBytes = 1;
    private const int InCounts = 2;

    /// <summary>Bytes of a token's accumulators.</summary>
    private const int SumBytes = 4 * VectorBytes;

    /// <summary>Tokens that are counted together: equal parts of all.</summary>
    /// <param name="tokens">All tokens.</param>
    /// <param name="tokenBytes">Bytes of a token's counts.</param>
    /// <param name="mostTokens">Most tokens, so that their accumulators stay near.</param>
    internal static int TileOf(int tokens, int tokenBytes, int mostTokens)
    {
        int most = Math.Clamp(MostBytes / tokenBytes, FewestTokens, mostTokens);
        int parts = (tokens + most - 1) / most;
        return (tokens + parts - 1) / parts;
    }

    /// <summary>Parts of a thread's share: several where each has tokens enough.</summary>
    internal static int ChunksPerShare(int tokens) => tokens >= 16 * FewestTokens ? 4 : 1;

    /// <summary>Scratch for so many tokens.</summary>
    internal static long ScratchBytes(int tokens) => TableBytes + ((long)tokens * SumBytes);

    /// <summary>counts[t][o] = number of differing bits, for all outputs.</summary>
    /// <param name="rows">Words of the first token's row.</param>
    /// <param name="inputs">Bits of a row, and of the distance from row to row in whole words.</param>
    /// <param name="packed">Packed weights.</param>
    /// <param name="counts"><c>[tokens][padded outputs]</c>.</param>
    /// <param name="outputs">Outputs, padded to a multiple of 64.</param>
    /// <param name="tokens">At least 1.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/> bytes.</param>
    internal static void Count(ulong* rows, int inputs, ulong* packed, ushort* counts, int outputs, int tokens, byte* scratch)
    {
        int words = (inputs + 63) >> 6;
        byte* sums = scratch + TableBytes;
        for (int o = 0; o < outputs; o += BlockOutputs)
        {
            for (int w = 0; w < words; w++, packed += BlockOutputs)
            {
                int place = w % WordsOfBytes;
                bool isLast = place == WordsOfBytes - 1 || w == words - 1;
                int goesOn = (place > 0 ? InBytes : 0) | (w >= WordsOfBytes ? InCounts : 0);
                Tables(packed, scratch);
                LookUp(rows + w, words, scratch, sums, goesOn, isLast ? counts + o : null, outputs, tokens);
            }
        }
    }

    /// <summary>The tables of a word of inputs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tables(ulong* columns, byte* table)
    {
        for (int half = 0; half < 2; half++)
        {
            Vector128<long> down = Vector128.Create(-2 * half, (-2 * half) - 1);
            for (int g = 0; g < Groups; g++)
            {
                ulong* column = columns + (g * GroupBits);
                byte* to = table + (half * VectorBytes) + (g * GroupBytes);
                Vector128<byte> ones = Vector128.Create((byte)0x11);
                Vector128<byte> x0 = Weights(column[0], down, ones);
                Vector128<byte> x1 = Weights(column[1], down, ones);
                Vector128<byte> x2 = Weights(column[2], down, ones);
                Vector128<byte> x3 = Weights(column[3], down, ones);

                // Where an activation's bit is set, those outputs differ whose weight is 0. The last group's fifth bit is never set.
                Vector128<byte> x4 = g < Groups - 1 ? Weights(column[4], down, ones) : default;
                Vector128<byte> e0 = x0 + x1 + x2 + x3 + x4;
                Vector128<byte> e1 = e0 + (ones - x0 - x0);
                Vector128<byte> by = ones - x1 - x1;
                Vector128<byte> e2 = e0 + by;
                Vector128<byte> e3 = e1 + by;
                by = ones - x2 - x2;
                Vector128<byte> e4 = e0 + by;
                Vector128<byte> e5 = e1 + by;
                Vector128<byte> e6 = e2 + by;
                Vector128<byte> e7 = e3 + by;
                by = ones - x3 - x3;
                Vector128<byte> next = ones - x4 - x4;
                Eight(to, e0, e1, e2, e3, e4, e5, e6, e7, Vector128<byte>.Zero);
                Eight(to + (8 * EntryBytes), e0, e1, e2, e3, e4, e5, e6, e7, by);
                Eight(to + (16 * EntryBytes), e0, e1, e2, e3, e4, e5, e6, e7, next);
                Eight(to + (24 * EntryBytes), e0, e1, e2, e3, e4, e5, e6, e7, next + by);
            }
        }
    }

    /// <summary>An input's weights of 32 outputs, two in a byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Weights(ulong column, Vector128<long> down, Vector128<byte> ones) => AdvSimd.IsSupported
        ? AdvSimd.ShiftLogical(Vector128.Create(column), down).AsByte() & ones
        : Vector128.Create(column >> (int)-down[0], column >> (int)-down[1]).AsByte() & ones;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(
        byte* to,
        Vector128<byte> e0,
        Vector128<byte> e1,
        Vector128<byte> e2,
        Vector128<byte> e3,
        Vector128<byte> e4,
        Vector128<byte> e5,
        Vector128<byte> e6,
        Vector128<byte> e7,
        Vector128<byte> by)
    {
        Vector128<byte> f0 = e0 + by;
        Vector128<byte> f1 = e1 + by;
        Vector128<byte> f2 = e2 + by;
        Vector128<byte> f3 = e3 + by;
        Vector128<byte> f4 = e4 + by;
        Vector128<byte> f5 = e5 + by;
        Vector128<byte> f6 = e6 + by;
        Vector128<byte> f7 = e7 + by;
        f0.Store(to);
        f1.Store(to + EntryBytes);
        f2.Store(to + (2 * EntryBytes));
        f3.Store(to + (3 * EntryBytes));
        f4.Store(to + (4 * EntryBytes));
        f5.Store(to + (5 * EntryBytes));
        f6.Store(to + (6 * EntryBytes));
        f7.Store(to + (7 * EntryBytes));
    }

    /// <summary>A word of all tokens' rows, 64 outputs.</summary>
    /// <param name="row">The first token's word.</param>
    /// <param name="stride">Words from token to token.</param>
    /// <param name="table">The word's tables.</param>
    /// <param name="sums">Accumulators of all tokens.</param>
    /// <param name="goesOn">Where they go on with what words before have left: <see cref="InBytes"/>, <see cref="InCounts"/>.</param>
    /// <param name="counts">Where their counts go; null where more words come.</param>
    /// <param name="outputs">Counts from token to token.</param>
    /// <param name="tokens">Number of tokens.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void LookUp(ulong* row, nint stride, byte* table, byte* sums, int goesOn, ushort* counts, nint outputs, int tokens)
    {
        byte* t1 = table + GroupBytes;
        byte* t2 = table + (2 * GroupBytes);
        byte* t3 = table + (3 * GroupBytes);
        byte* t4 = table + (4 * GroupBytes);
        byte* t5 = table + (5 * GroupBytes);
        byte* t6 = table + (6 * GroupBytes);
        byte* t7 = table + (7 * GroupBytes);
        byte* t8 = table + (8 * GroupBytes);
        byte* t9 = table + (9 * GroupBytes);
        byte* t10 = table + (10 * GroupBytes);
        byte* t11 = table + (11 * GroupBytes);
        byte* t12 = table + (12 * GroupBytes);
        do
        {
            ulong bits = *row;
            Vector128<byte> all0 = default;
            Vector128<byte> all1 = default;
            Vector128<byte> upper0 = default;
            Vector128<byte> upper1 = default;
            if ((goesOn & InBytes) != 0)
            {
                all0 = Vector128.Load(sums);
                all1 = Vector128.Load(sums + VectorBytes);
                upper0 = Vector128.Load(sums + (2 * VectorBytes));
                upper1 = Vector128.Load(sums + (3 * VectorBytes));
            }

            Three(table + ((bits << 5) & Index), t1 + (bits & Index), t2 + ((bits >> 5) & Index), ref all0, ref all1, ref upper0, ref upper1);
            Three(t3 + ((bits >> 10) & Index), t4 + ((bits >> 15) & Index), t5 + ((bits >> 20) & Index), ref all0, ref all1, ref upper0, ref upper1);
            Three(t6 + ((bits >> 25) & Index), t7 + ((bits >> 30) & Index), t8 + ((bits >> 35) & Index), ref all0, ref all1, ref upper0, ref upper1);
            Three(t9 + ((bits >> 40) & Index), t10 + ((bits >> 45) & Index), t11 + ((bits >> 50) & Index), ref all0, ref all1, ref upper0, ref upper1);
            byte* last = t12 + ((bits >> 55) & Index);
            Add(Vector128.Load(last), ref all0, ref upper0);
            Add(Vector128.Load(last + VectorBytes), ref all1, ref upper1);
            row += stride;
            if (counts == null)
            {
                all0.Store(sums);
                all1.Store(sums + VectorBytes);
                upper0.Store(sums + (2 * VectorBytes));
                upper1.Store(sums + (3 * VectorBytes));
            }
            else
            {
                Vector128<ushort> s0 = default;
                Vector128<ushort> s1 = default;
                Vector128<ushort> s2 = default;
                Vector128<ushort> s3 = default;
                Vector128<ushort> s4 = default;
                Vector128<ushort> s5 = default;
                Vector128<ushort> s6 = default;
                Vector128<ushort> s7 = default;
                if ((goesOn & InCounts) != 0)
                {
                    s0 = Vector128.Load(counts);
                    s1 = Vector128.Load(counts + 8);
                    s2 = Vector128.Load(counts + 16);
                    s3 = Vector128.Load(counts + 24);
                    s4 = Vector128.Load(counts + 32);
                    s5 = Vector128.Load(counts + 40);
                    s6 = Vector128.Load(counts + 48);
                    s7 = Vector128.Load(counts + 56);
                }

                all0 -= upper0 << 4;
                all1 -= upper1 << 4;
                AddLower(s2, upper0).Store(counts + 16);
                AddHigher(s3, upper0).Store(counts + 24);
                AddLower(s6, upper1).Store(counts + 48);
                AddHigher(s7, upper1).Store(counts + 56);
                AddLower(s0, all0).Store(counts);
                AddHigher(s1, all0).Store(counts + 8);
                AddLower(s4, all1).Store(counts + 32);
                AddHigher(s5, all1).Store(counts + 40);
                counts += outputs;
            }

            sums += SumBytes;
        }
        while (--tokens > 0);
    }

    /// <summary>Adds the entries of three groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Three(
        byte* a, byte* b, byte* c, ref Vector128<byte> all0, ref Vector128<byte> all1, ref Vector128<byte> upper0, ref Vector128<byte> upper1)
    {
        Vector128<byte> sum0 = Vector128.Load(a) + Vector128.Load(b) + Vector128.Load(c);
        Vector128<byte> sum1 = Vector128.Load(a + VectorBytes) + Vector128.Load(b + VectorBytes) + Vector128.Load(c + VectorBytes);
        Add(sum0, ref all0, ref upper0);
        Add(sum1, ref all1, ref upper1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector128<byte> sum, ref Vector128<byte> all, ref Vector128<byte> upper)
    {
        all += sum;
        upper = AdvSimd.IsSupported ? AdvSimd.ShiftRightLogicalAdd(upper, sum, 4) : upper + (sum >>> 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> AddLower(Vector128<ushort> counts, Vector128<byte> bytes) =>
        AdvSimd.IsSupported ? AdvSimd.AddWideningLower(counts, bytes.GetLower()) : counts + Vector128.WidenLower(bytes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> AddHigher(Vector128<ushort> counts, Vector128<byte> bytes) =>
        AdvSimd.IsSupported ? AdvSimd.AddWideningUpper(counts, bytes) : counts + Vector128.WidenUpper(bytes);
}
