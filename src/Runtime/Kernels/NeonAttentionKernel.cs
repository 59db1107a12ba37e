using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace EdgeVit.Runtime;

/// <summary>NEON: two words a vector, counted by CNT; pairwise additions bring sixteen words' counts into one vector without a step across
/// lanes.</summary>
/// <remarks>Score: sixteen keys of one word; byte sums are at most 64. Context: sixteen channels; a byte holds at most 31 words of 8 before
/// it is widened. Tails and heads of several words are left to the scalar twin, <see cref="ScalarAttentionKernel"/>.</remarks>
internal sealed unsafe class NeonAttentionKernel : AttentionKernel
{
    private const int WordsPerWiden = 31;

    /// <summary>Bits of a place in a table, in bytes, by a match of eight bits: without a further operation where it lies three bits up.</summary>
    private const ulong Place = 255 * sizeof(long);

    private readonly ScalarAttentionKernel _tail = new();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override long Score(ulong* query, ulong* keys, int count, int words, int size, long* exp, ushort* matches)
    {
        long sum0 = 0;
        long sum1 = 0;
        int j = 0;
        if (words == 1)
        {
            Vector128<byte> q = AdvSimd.Arm64.LoadAndReplicateToVector128(query).AsByte();
            Vector128<byte> full = Vector128.Create((byte)size);
            for (; j + 16 <= count; j += 16, keys += 16)
            {
                Vector128<byte> x0 = AdvSimd.LoadVector128(keys).AsByte() ^ q;
                Vector128<byte> x1 = AdvSimd.LoadVector128(keys + 2).AsByte() ^ q;
                Vector128<byte> x2 = AdvSimd.LoadVector128(keys + 4).AsByte() ^ q;
                Vector128<byte> x3 = AdvSimd.LoadVector128(keys + 6).AsByte() ^ q;
                Vector128<byte> x4 = AdvSimd.LoadVector128(keys + 8).AsByte() ^ q;
                Vector128<byte> x5 = AdvSimd.LoadVector128(keys + 10).AsByte() ^ q;
                Vector128<byte> x6 = AdvSimd.LoadVector128(keys + 12).AsByte() ^ q;
                Vector128<byte> x7 = AdvSimd.LoadVector128(keys + 14).AsByte() ^ q;
                x0 = AdvSimd.PopCount(x0);
                x1 = AdvSimd.PopCount(x1);
                x2 = AdvSimd.PopCount(x2);
                x3 = AdvSimd.PopCount(x3);
                x4 = AdvSimd.PopCount(x4);
                x5 = AdvSimd.PopCount(x5);
                x6 = AdvSimd.PopCount(x6);
                x7 = AdvSimd.PopCount(x7);
                x0 = AdvSimd.Arm64.AddPairwise(x0, x1);
                x2 = AdvSimd.Arm64.AddPairwise(x2, x3);
                x4 = AdvSimd.Arm64.AddPairwise(x4, x5);
                x6 = AdvSimd.Arm64.AddPairwise(x6, x7);
                x0 = AdvSimd.Arm64.AddPairwise(x0, x2);
                x4 = AdvSimd.Arm64.AddPairwise(x4, x6);
                Vector128<byte> same = full - AdvSimd.Arm64.AddPairwise(x0, x4);
                AdvSimd.Store(matches + j, AdvSimd.ZeroExtendWideningLower(same.GetLower()));
                AdvSimd.Store(matches + j + 8, AdvSimd.ZeroExtendWideningUpper(same));
                ulong low = same.AsUInt64().ToScalar();
                ulong high = same.AsUInt64().GetElement(1);
                Sum(exp, low, ref sum0, ref sum1);
                Sum(exp, high, ref sum0, ref sum1);
            }
        }

        return sum0 + sum1 + _tail.Score(query, keys, count - j, words, size, exp, matches + j);
    }

    /// <summary>Adds the exponentials of eight matches: all are looked up before the first is added, so that a core that runs instructions in order need
    /// not wait.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Sum(long* exp, ulong matches, ref long sum0, ref long sum1)
    {
        ulong m0 = (matches << 3) & Place;
        ulong m1 = (matches >> 5) & Place;
        ulong m2 = (matches >> 13) & Place;
        ulong m3 = (matches >> 21) & Place;
        ulong m4 = (matches >> 29) & Place;
        ulong m5 = (matches >> 37) & Place;
        ulong m6 = (matches >> 45) & Place;
        ulong m7 = (matches >> 53) & Place;
        long e0 = *(long*)((byte*)exp + m0);
        long e1 = *(long*)((byte*)exp + m1);
        long e2 = *(long*)((byte*)exp + m2);
        long e3 = *(long*)((byte*)exp + m3);
        long e4 = *(long*)((byte*)exp + m4);
        long e5 = *(long*)((byte*)exp + m5);
        long e6 = *(long*)((byte*)exp + m6);
        long e7 = *(long*)((byte*)exp + m7);
        e0 += e4;
        e1 += e5;
        e2 += e6;
        e3 += e7;
        sum0 += e0 + e2;
        sum1 += e1 + e3;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override int Select(ushort* matches, int count, int threshold, ulong* attended)
    {
        // Matches stay below 2^15 and a threshold is at most one above them.
        Vector128<ushort> least = Vector128.Create((ushort)threshold);
        Vector128<byte> place = Vector128.Create(0x8040201008040201UL).AsByte();
        int selected = 0;
        for (int j = 0; j < count; j += 64, matches += 64)
        {
            Vector128<byte> m0 = AtLeast(matches, least) & place;
            Vector128<byte> m1 = AtLeast(matches + 16, least) & place;
            Vector128<byte> m2 = AtLeast(matches + 32, least) & place;
            Vector128<byte> m3 = AtLeast(matches + 48, least) & place;
            m0 = AdvSimd.Arm64.AddPairwise(m0, m1);
            m2 = AdvSimd.Arm64.AddPairwise(m2, m3);
            m0 = AdvSimd.Arm64.AddPairwise(m0, m2);
            ulong bits = AdvSimd.Arm64.AddPairwise(m0, m0).AsUInt64().ToScalar();
            if (count - j < 64)
            {
                bits &= (1UL << (count - j)) - 1;
            }

            attended[j >> 6] = bits;
            selected += BitOperations.PopCount(bits);
        }

        return selected;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Context(ulong* attended, ulong* values, int keyWords, int stride, int selected, int size, short* counts)
    {
        Vector128<ushort> minus = Vector128.Create((ushort)selected);
        int c = 0;
        for (; c + 16 <= size; c += 16, values += 16)
        {
            Vector128<ushort> lower = default;
            Vector128<ushort> upper = default;
            for (int w = 0; w < keyWords; w += WordsPerWiden)
            {
                (Vector128<ushort> low, Vector128<ushort> high) = Positive(
                    attended + w, values + ((long)w * stride), Math.Min(WordsPerWiden, keyWords - w), stride);
                lower += low;
                upper += high;
            }

            AdvSimd.Store((ushort*)counts + c, lower + lower - minus);
            AdvSimd.Store((ushort*)counts + c + 8, upper + upper - minus);
        }

        base.Context(attended, values, keyWords, stride, selected, size - c, counts + c);
    }

    /// <summary>popcount(attended &amp; values) of sixteen channels over at most <see cref="WordsPerWiden"/> words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector128<ushort> Lower, Vector128<ushort> Upper) Positive(ulong* attended, ulong* values, int keyWords, int stride)
    {
        Vector128<byte> a = AdvSimd.Arm64.LoadAndReplicateToVector128(attended).AsByte();
        Vector128<byte> s0 = AdvSimd.LoadVector128(values).AsByte() & a;
        Vector128<byte> s1 = AdvSimd.LoadVector128(values + 2).AsByte() & a;
        Vector128<byte> s2 = AdvSimd.LoadVector128(values + 4).AsByte() & a;
        Vector128<byte> s3 = AdvSimd.LoadVector128(values + 6).AsByte() & a;
        Vector128<byte> s4 = AdvSimd.LoadVector128(values + 8).AsByte() & a;
        Vector128<byte> s5 = AdvSimd.LoadVector128(values + 10).AsByte() & a;
        Vector128<byte> s6 = AdvSimd.LoadVector128(values + 12).AsByte() & a;
        Vector128<byte> s7 = AdvSimd.LoadVector128(values + 14).AsByte() & a;
        s0 = AdvSimd.PopCount(s0);
        s1 = AdvSimd.PopCount(s1);
        s2 = AdvSimd.PopCount(s2);
        s3 = AdvSimd.PopCount(s3);
        s4 = AdvSimd.PopCount(s4);
        s5 = AdvSimd.PopCount(s5);
        s6 = AdvSimd.PopCount(s6);
        s7 = AdvSimd.PopCount(s7);
        for (ulong* end = attended + keyWords; ++attended < end;)
        {
            values += stride;
            a = AdvSimd.Arm64.LoadAndReplicateToVector128(attended).AsByte();
            Vector128<byte> x0 = AdvSimd.LoadVector128(values).AsByte() & a;
            Vector128<byte> x1 = AdvSimd.LoadVector128(values + 2).AsByte() & a;
            Vector128<byte> x2 = AdvSimd.LoadVector128(values + 4).AsByte() & a;
            Vector128<byte> x3 = AdvSimd.LoadVector128(values + 6).AsByte() & a;
            Vector128<byte> x4 = AdvSimd.LoadVector128(values + 8).AsByte() & a;
            Vector128<byte> x5 = AdvSimd.LoadVector128(values + 10).AsByte() & a;
            Vector128<byte> x6 = AdvSimd.LoadVector128(values + 12).AsByte() & a;
            Vector128<byte> x7 = AdvSimd.LoadVector128(values + 14).AsByte() & a;
            x0 = AdvSimd.PopCount(x0);
            x1 = AdvSimd.PopCount(x1);
            x2 = AdvSimd.PopCount(x2);
            x3 = AdvSimd.PopCount(x3);
            x4 = AdvSimd.PopCount(x4);
            x5 = AdvSimd.PopCount(x5);
            x6 = AdvSimd.PopCount(x6);
            x7 = AdvSimd.PopCount(x7);
            s0 += x0;
            s1 += x1;
            s2 += x2;
            s3 += x3;
            s4 += x4;
            s5 += x5;
            s6 += x6;
            s7 += x7;
        }

        return (Sums(s0, s1, s2, s3), Sums(s4, s5, s6, s7));
    }

    /// <summary>The sums of the eight halves of four vectors of bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Sums(Vector128<byte> s0, Vector128<byte> s1, Vector128<byte> s2, Vector128<byte> s3) =>
        AdvSimd.Arm64.AddPairwise(
            AdvSimd.Arm64.AddPairwise(AdvSimd.AddPairwiseWidening(s0), AdvSimd.AddPairwiseWidening(s1)),
            AdvSimd.Arm64.AddPairwise(AdvSimd.AddPairwiseWidening(s2), AdvSimd.AddPairwiseWidening(s3)));

    /// <summary>All ones in the bytes of those of sixteen matches that reach the threshold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> AtLeast(ushort* matches, Vector128<ushort> least) =>
        AdvSimd.Arm64.UnzipEven(
            AdvSimd.CompareGreaterThanOrEqual(AdvSimd.LoadVector128(matches), least).AsByte(),
            AdvSimd.CompareGreaterThanOrEqual(AdvSimd.LoadVector128(matches + 8), least).AsByte());
}
