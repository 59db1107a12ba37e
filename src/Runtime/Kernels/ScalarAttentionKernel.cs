using System.Numerics;
using System.Runtime.CompilerServices;

namespace EdgeVit.Runtime;

/// <summary>One word at a time.</summary>
internal sealed unsafe class ScalarAttentionKernel : AttentionKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override long Score(ulong* query, ulong* keys, int count, int words, int size, long* exp, ushort* matches)
    {
        long sum = 0;
        for (int j = 0; j < count; j++, keys += words)
        {
            int same = size;
            for (int w = 0; w < words; w++)
            {
                same -= BitOperations.PopCount(query[w] ^ keys[w]);
            }

            matches[j] = (ushort)same;
            sum += exp[same];
        }

        return sum;
    }
}
