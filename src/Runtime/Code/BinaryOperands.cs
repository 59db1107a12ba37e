using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>The operands of a binary product before they are packed.</summary>
/// <param name="Source">Where the rows of activations come from.</param>
/// <param name="Weights">Canonical rows, <c>[outputs][words]</c>, in the order of the activations' bits.</param>
/// <param name="Outputs">Number of outputs.</param>
/// <param name="MayReorder">True where all who read the signs that the step writes can follow another order of their bits.</param>
/// <param name="IsCount">True for counts of differing bits, false for products of signs.</param>
internal sealed unsafe record BinaryOperands(BitsSource Source, ReadOnlyMemory<byte> Weights, int Outputs, bool MayReorder, bool IsCount)
{
    /// <summary>Packs the weights as compiled products read them, <c>[outputs / 16][words][16]</c> of 32-bit words, outputs padded with
    /// zeros to a multiple of 64.</summary>
    /// <param name="weights">Gives the memory.</param>
    /// <param name="order">The order of the outputs; null for their own.</param>
    /// <returns>The address.</returns>
    internal nint Pack(PlanWeights weights, GroupOrder? order)
    {
        int words = Source.Words * 2;
        nint packed = weights.Allocate((long)ValueShape.Pad(Outputs) * words * sizeof(uint));
        ReadOnlySpan<uint> rows = MemoryMarshal.Cast<byte, uint>(Weights.Span);
        for (int position = 0; position < Outputs; position++)
        {
            int output = order?.Channel(position) ?? position;
            uint* to = (uint*)packed + ((position >> 4) * words * 16) + (position & 15);
            ReadOnlySpan<uint> row = rows.Slice(output * words, words);
            for (int k = 0; k < words; k++)
            {
                to[k * 16] = row[k];
            }
        }

        return packed;
    }
}
