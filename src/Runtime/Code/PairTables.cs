using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>What compiled AVX2 products look up, and the order of their weights. Four bits of two tokens choose a table of sixteen bytes; four bits
/// of a weight choose the entry, popcount(a ^ w) + 16 * popcount(b ^ w), so that one look-up counts for both.</summary>
internal static unsafe class PairTables
{
    /// <summary>An index times 2^2 is the distance of its table: a * 4 + b * 64.</summary>
    internal const int IndexShift = 2;

    /// <summary>Distance from the tables to 32 bytes 0xF0.</summary>
    internal const int UpperOffset = -3 * 32;

    /// <summary>Distance from the tables to 32 bytes 0x0F.</summary>
    internal const int NibblesOffset = -2 * 32;

    /// <summary>Distance from the tables to sixteen pairs of the bytes that make an index of four bits of two tokens.</summary>
    internal const int FactorsOffset = -32;

    private const int Entries = 16;
    private const int BlockOutputs = 64;

    /// <summary>Address of the tables.</summary>
    internal static nint Address { get; } = (nint)Make();

    /// <summary>Weights <c>[outputs / 64][bytes of the row][2][64]</c>: of each byte the lower four bits of 64 outputs, then the upper
    /// ones.</summary>
    /// <param name="operands">The product's operands.</param>
    /// <param name="weights">Gives the memory.</param>
    /// <param name="order">The order of the outputs; null for their own.</param>
    /// <returns>The address.</returns>
    internal static nint Pack(BinaryOperands operands, PlanWeights weights, GroupOrder? order)
    {
        int words = operands.Source.Words;
        int blocks = ValueShape.Pad(operands.Outputs) / BlockOutputs;
        byte* packed = (byte*)weights.Allocate((long)blocks * BlockOutputs * words * 16);
        ReadOnlySpan<ulong> rows = MemoryMarshal.Cast<byte, ulong>(operands.Weights.Span);
        ulong[] block = new ulong[BlockOutputs * words];
        fixed (ulong* first = block)
        {
            for (int b = 0; b < blocks; b++)
            {
                int count = Math.Min(BlockOutputs, operands.Outputs - (b * BlockOutputs));
                for (int i = 0; i < count; i++)
                {
                    int position = (b * BlockOutputs) + i;
                    rows.Slice((order?.Channel(position) ?? position) * words, words).CopyTo(block.AsSpan(i * words));
                }

                NibbleTables.Pack(first, words, count, 16 * words, packed + ((long)b * BlockOutputs * words * 16), BlockOutputs);
            }
        }

        return (nint)packed;
    }

    private static byte* Make()
    {
        const int Before = 128;
        byte* tables = NativeBuffer.AllocateForever(Before + (Entries * Entries * Entries)) + Before;
        new Span<byte>(tables + UpperOffset, 32).Fill(0xF0);
        new Span<byte>(tables + NibblesOffset, 32).Fill(0x0F);
        for (int i = 0; i < 32; i++)
        {
            tables[FactorsOffset + i] = (byte)((i % 2 == 0 ? Entries : Entries * Entries) >> IndexShift);
        }

        for (int b = 0; b < Entries; b++)
        {
            for (int a = 0; a < Entries; a++)
            {
                for (int w = 0; w < Entries; w++)
                {
                    tables[(((b * Entries) + a) * Entries) + w] = (byte)(int.PopCount(a ^ w) + (16 * int.PopCount(b ^ w)));
                }
            }
        }

        return tables;
    }
}
