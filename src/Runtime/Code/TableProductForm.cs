namespace EdgeVit.Runtime;

/// <summary>A binary product by table look-ups: counts of differing bits, or what they take away from a start.</summary>
/// <param name="Words">64-bit words of a row.</param>
/// <param name="RowSlot">Slot of the rows of bits.</param>
/// <param name="RowStride">Bytes from row to row.</param>
/// <param name="WeightsLiteral">Literal with the weights' address.</param>
/// <param name="TablesLiteral">Literal with the address of <see cref="PairTables"/>.</param>
/// <param name="StartLiteral">Literal with the address of what the sums of 64 outputs start at; unused for counts.</param>
/// <param name="IndexOffset">Scratch bytes of the tables' indices, see <see cref="IndexBytes"/>.</param>
/// <param name="SumOffset">Scratch bytes of the sums, <c>[tokens][64]</c>.</param>
/// <param name="SumBytes">Bytes of a sum: 1 where all fit, else 2.</param>
/// <param name="IsCount">True where sums are counts, unsigned if bytes.</param>
/// <param name="BlockStride">Where they are made before (<see cref="WeightTableProduct"/>): bytes from 64 outputs to the next, at the slot of the rows; else 0.</param>
internal sealed record TableProductForm(
    int Words, int RowSlot, int RowStride, int WeightsLiteral, int TablesLiteral, int StartLiteral, int IndexOffset, int SumOffset, int SumBytes, bool IsCount = false, int BlockStride = 0)
{
    /// <summary>Words whose counts fit a byte: 192 bits of at most 255.</summary>
    internal const int WordsOfBytes = 3;

    /// <summary>Indices of a word of two tokens, 16 bits each.</summary>
    internal const int WordIndexBytes = 16 * sizeof(ushort);

    /// <summary>Bytes of the indices of a tile, <c>[pairs][words][16]</c>.</summary>
    internal static int IndexBytes(int tokens, int words) => (tokens + 1) / 2 * words * WordIndexBytes;

    /// <summary>Bytes of a sum of so many words.</summary>
    internal static int BytesOfSum(int words) => words <= WordsOfBytes ? 1 : 2;

    /// <summary>Writes what sums of halves start at: half of the inputs.</summary>
    internal static unsafe void Start(BinaryOperands product, byte* start, int sums)
    {
        int value = product.Source.Inputs / 2;
        if (BytesOfSum(product.Source.Words) == 1)
        {
            new Span<byte>(start, sums).Fill((byte)value);
        }
        else
        {
            new Span<short>(start, sums).Fill((short)value);
        }
    }
}
