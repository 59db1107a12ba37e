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
internal sealed record TableProductForm(
    int Words, int RowSlot, int RowStride, int WeightsLiteral, int TablesLiteral, int StartLiteral, int IndexOffset, int SumOffset, int SumBytes, bool IsCount = false)
{
    /// <summary>Words whose counts fit a byte: 192 bits of at most 255.</summary>
    internal const int WordsOfBytes = 3;

    /// <summary>Indices of a word of two tokens, 16 bits each.</summary>
    internal const int WordIndexBytes = 16 * sizeof(ushort);

    /// <summary>Bytes of the indices of a tile, <c>[pairs][words][16]</c>.</summary>
    internal static int IndexBytes(int tokens, int words) => (tokens + 1) / 2 * words * WordIndexBytes;
}
