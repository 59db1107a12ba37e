using System.Numerics;

namespace EdgeVit.Runtime;

/// <summary>One 64-bit word at a time.</summary>
internal sealed unsafe class ScalarBitKernel : BitKernel
{
    internal override long PackedBytes(int outputs, int inputs) => (long)ValueShape.Pad(outputs) * ((inputs + 63) >> 6) * 8;

    internal override void Pack(ulong* words, int outputs, int inputs, byte* packed)
    {
        int n = (inputs + 63) >> 6;
        new ReadOnlySpan<ulong>(words, outputs * n).CopyTo(new Span<ulong>(packed, outputs * n));
    }

    internal override void Expand(ulong* row, int inputs, byte* expanded)
    {
        int bytes = ((inputs + 63) >> 6) * 8;
        Buffer.MemoryCopy(row, expanded, RowStride, bytes);
    }

    internal override void Count(byte* expanded, byte* weights, ushort* counts, int outputs, int inputs, int tokens)
    {
        int n = (inputs + 63) >> 6;
        for (int t = 0; t < tokens; t++)
        {
            ulong* row = (ulong*)(expanded + (t * RowStride));
            ulong* weight = (ulong*)weights;
            for (int o = 0; o < outputs; o++, weight += n)
            {
                int differ = 0;
                for (int w = 0; w < n; w++)
                {
                    differ += BitOperations.PopCount(row[w] ^ weight[w]);
                }

                counts[(t * outputs) + o] = (ushort)differ;
            }
        }
    }
}
