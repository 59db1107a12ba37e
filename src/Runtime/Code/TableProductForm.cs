namespace EdgeVit.Runtime;

/// <summary>A binary product by table look-ups.</summary>
/// <param name="Words">64-bit words of a row.</param>
/// <param name="RowSlot">Slot of the rows of bits.</param>
/// <param name="RowStride">Bytes from row to row.</param>
/// <param name="WeightsLiteral">Literal with the weights' address.</param>
/// <param name="TablesLiteral">Literal with the address of <see cref="AgreementTables"/>.</param>
/// <param name="StartLiteral">Literal with the address of what sums start at, once as a byte and once as a word.</param>
/// <param name="SumOffset">Scratch bytes of the sums, <c>[tokens][64]</c>.</param>
/// <param name="SumBytes">Bytes of a sum: 1 where all fit, else 2.</param>
/// <param name="IsCount">True where differing bits are counted, in unsigned bytes.</param>
internal sealed record TableProductForm(
    int Words, int RowSlot, int RowStride, int WeightsLiteral, int TablesLiteral, int StartLiteral, int SumOffset, int SumBytes, bool IsCount = false)
{
    /// <summary>Words whose sums fit bytes: signed 48 look-ups of at most 2 and a start of at most -31, unsigned 48 of at most 4.</summary>
    internal const int WordsOfBytes = 3;
}
