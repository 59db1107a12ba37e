using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>What compiled AVX2 products look up, and the order of their weights. A byte of an activation chooses two tables of sixteen bytes,
/// one for its lower four bits and one for its upper ones; four bits of a weight choose the entry: half of what equal bits exceed differing
/// ones by, 2 - popcount(a ^ w), so that sums are half the product of signs and no constant is subtracted afterwards.</summary>
internal static unsafe class AgreementTables
{
    private const int Entries = 16;
    private const int BlockOutputs = 64;
    private const int BytesOfAll = 256 * Entries;

    private static readonly nint s_tables = (nint)Make(2, -1);
    private static readonly nint s_counts = (nint)Make(0, 1);

    /// <summary>Distance from the tables of the lower bits to those of the upper ones.</summary>
    internal static int UpperOffset => BytesOfAll;

    /// <summary>Address of the tables.</summary>
    internal static nint Address => s_tables;

    /// <summary>Address of tables of the same form whose entries are the differing bits, popcount(a ^ w), for products that count.</summary>
    internal static nint Counts => s_counts;

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

    private static sbyte* Make(int start, int sign)
    {
        var tables = (sbyte*)NativeBuffer.AllocateForever(2 * BytesOfAll);
        for (int a = 0; a < 256; a++)
        {
            for (int w = 0; w < Entries; w++)
            {
                tables[(a * Entries) + w] = (sbyte)(start + (sign * int.PopCount((a & 15) ^ w)));
                tables[BytesOfAll + (a * Entries) + w] = (sbyte)(start + (sign * int.PopCount((a >> 4) ^ w)));
            }
        }

        return tables;
    }
}
