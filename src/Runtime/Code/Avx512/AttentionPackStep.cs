using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>Brings keys and values into the form of compiled products: for each head its keys as weights of the queries' product, then its
/// values as weights of the product over keys, once for each level.</summary>
internal sealed unsafe class AttentionPackStep(string name, AttentionOperands operands, long prepared)
    : PlanStep(name, "BinaryAttention operands", operands.Heads, 1)
{
    internal override long ScratchBytes => 64 * sizeof(ulong);

    internal override void Run(in ThreadMemory memory, int begin, int end)
    {
        int keyWords = operands.HeadSize / 32;
        int valueWords = AttentionForm.WordsOf(operands.Keys, operands.Levels);
        int keyBlock = ((operands.Keys + 15) & ~15) * keyWords;
        int valueBlock = operands.HeadSize * valueWords;
        for (int head = begin; head < end; head++)
        {
            uint* keys = (uint*)(memory.Arena + prepared) + ((long)head * (keyBlock + valueBlock));
            Keys(memory, head, keys, keyWords);
            Values(memory, head, keys + keyBlock, valueWords);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Keys(in ThreadMemory memory, int head, uint* target, int words)
    {
        byte* source = memory.Arena + operands.Key + (head * operands.HeadSize / 8);
        for (int j = 0; j < operands.Keys; j++)
        {
            uint* key = (uint*)(source + ((long)j * operands.TokenWords * 8));
            uint* to = target + ((j >> 4) * words * 16) + (j & 15);
            for (int w = 0; w < words; w++)
            {
                to[w * 16] = key[w];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Values(in ThreadMemory memory, int head, uint* target, int words)
    {
        ulong* block = (ulong*)memory.Scratch;
        for (int j = 0; j < operands.KeyWords; j++)
        {
            for (int w = 0; w < operands.HeadWords; w++)
            {
                int real = Math.Min(64, operands.Keys - (64 * j));
                ulong* value = (ulong*)(memory.Arena + operands.Value) + (64L * j * operands.TokenWords);
                for (int i = 0; i < real; i++, value += operands.TokenWords)
                {
                    block[i] = operands.HeadSize == 64 ? value[head] : BitRows.Extract(value, head * operands.HeadSize, operands.HeadSize, w);
                }

                new Span<ulong>(block + real, 64 - real).Clear();

                Transpose(block);
                int groups = Math.Min(4, (operands.HeadSize / 16) - (4 * w));
                for (int g = 0; g < groups; g++)
                {
                    uint* to = target + (((4 * w) + g) * words * 16) + (2 * j * 16);
                    (Vector512<uint> lower, Vector512<uint> upper) = Halves(block + (16 * g));
                    for (int level = 0; level < operands.Levels; level++, to += 2 * 16 * operands.KeyWords)
                    {
                        lower.Store(to);
                        if ((2 * j) + 1 < words)
                        {
                            upper.Store(to + 16);
                        }
                    }
                }
            }
        }
    }

    /// <summary>The lower and the upper halves of sixteen words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<uint> Lower, Vector512<uint> Upper) Halves(ulong* words)
    {
        Vector512<ulong> first = Vector512.Load(words);
        Vector512<ulong> second = Vector512.Load(words + 8);
        return (Vector512.Narrow(first & Vector512.Create((ulong)uint.MaxValue), second & Vector512.Create((ulong)uint.MaxValue)), Vector512.Narrow(first >> 32, second >> 32));
    }

    /// <summary>Transposes 64 x 64 bits in place, eight rows a vector. Halves of 32, 16 and 8 bits are swapped between vectors, those of 4, 2
    /// and 1 within them. Scalar twin: <see cref="BitRows.Transpose"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Transpose(ulong* block)
    {
        if (!Avx512F.IsSupported)
        {
            BitRows.Transpose(block);
            return;
        }

        ulong mask = 0x00000000FFFFFFFF;
        for (int half = 32; half >= 8; half >>= 1, mask ^= mask << half)
        {
            for (int r = 0; r < 64; r = ((r | half) + 8) & ~half)
            {
                Vector512<ulong> low = Vector512.Load(block + r);
                Vector512<ulong> high = Vector512.Load(block + (r | half));
                Vector512<ulong> swap = ((low >> half) ^ high) & Vector512.Create(mask);
                (low ^ (swap << half)).Store(block + r);
                (high ^ swap).Store(block + (r | half));
            }
        }

        Vector512<ulong> lanes = Vector512.Create(0UL, 1, 2, 3, 4, 5, 6, 7);
        for (int r = 0; r < 64; r += 8)
        {
            Vector512<ulong> x = Vector512.Load(block + r);
            ulong within = mask;
            for (int half = 4; half != 0; half >>= 1, within ^= within << half)
            {
                Vector512<ulong> bit = Vector512.Create((ulong)half);
                Vector512<ulong> low = Avx512F.PermuteVar8x64(x, Vector512.AndNot(lanes, bit));
                Vector512<ulong> high = Avx512F.PermuteVar8x64(x, lanes | bit);
                Vector512<ulong> swap = ((low >> half) ^ high) & Vector512.Create(within);
                x ^= Avx512F.ShiftLeftLogicalVariable(swap, Vector512.AndNot(bit, lanes & bit));
            }

            x.Store(block + r);
        }
    }
}
