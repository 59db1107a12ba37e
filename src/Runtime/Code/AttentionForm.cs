namespace EdgeVit.Runtime;

/// <summary>A binary attention as compiled code runs it.</summary>
/// <param name="Heads">Number of heads.</param>
/// <param name="HeadSize">Channels of a head, 64 or 96.</param>
/// <param name="Keys">Number of keys.</param>
/// <param name="Levels">Bits of a pair of query and key.</param>
/// <param name="TablePerHead">Whether each head has tables of its own, <see cref="TableStride"/> apart.</param>
/// <param name="OwnSlot">Slot of the tile's first token's number, which is that of its own key; -1 where every key counts.</param>
/// <param name="Planes">Bytes of an entry of the exponential table.</param>
/// <param name="QuerySlot">Slot of the queries' bits.</param>
/// <param name="QueryStride">Their bytes from token to token.</param>
/// <param name="PreparedLiteral">Literal with the arena offset of the prepared keys and values.</param>
/// <param name="PlanesLiteral">Literal with the address of the table's bytes, <c>[planes][128]</c>, by number of differing bits.</param>
/// <param name="LimitsLiteral">Literal with the address of eight ones, twice the table's entries as doubles, and what the limit is times at each
/// level.</param>
/// <param name="ClipLiteral">Literal with the address of each head's clip as a double, as far apart as the heads' bits.</param>
/// <param name="NobodyLiteral">Literal with the address of 64 bytes 127, the index of a zero in the table.</param>
/// <param name="RealKeysLiteral">Literal with the address of the last block's bits of real keys.</param>
/// <param name="ScratchOffset">Scratch bytes before the attention's own.</param>
internal sealed record AttentionForm(
    int Heads,
    int HeadSize,
    int Keys,
    int Levels,
    bool TablePerHead,
    int OwnSlot,
    int Planes,
    int QuerySlot,
    int QueryStride,
    int PreparedLiteral,
    int PlanesLiteral,
    int LimitsLiteral,
    int ClipLiteral,
    int NobodyLiteral,
    int RealKeysLiteral,
    int ScratchOffset)
{
    /// <summary>Most bytes that an entry of the exponential table may take.</summary>
    internal const int MaxPlanes = 6;

    /// <summary>The number of differing bits that nothing has: its entry in the table is 0, and no limit lets it through.</summary>
    internal const int Nothing = 127;

    /// <summary>Binary logarithm of the bytes between two heads' tables for each byte between their bits.</summary>
    internal const int TableShift = 7;

    /// <summary>Bytes from a head's tables to the next one's: above those of the planes, and of the limits.</summary>
    internal static int TableStride(int headSize) => headSize / 8 << TableShift;

    /// <summary>Blocks of 64 keys.</summary>
    internal int KeyBlocks => (Keys + 63) >> 6;

    /// <summary>Bytes of a token's numbers of differing bits.</summary>
    internal int DifferenceStride => KeyBlocks * 64;

    /// <summary>Scratch bytes of the tile's numbers of differing bits.</summary>
    internal int DifferenceOffset => ScratchOffset;

    /// <summary>Sums of exponentials, a 64-bit number a token.</summary>
    internal int SumOffset => DifferenceOffset + (Registers.MaxTokens * DifferenceStride);

    /// <summary>How many differing bits are too many, a byte a token.</summary>
    internal int LimitOffset => SumOffset + 64;

    /// <summary>Number of attended keys, a 64-bit number a token.</summary>
    internal int SelectedOffset => LimitOffset + 64;

    /// <summary>Bits of the attended keys.</summary>
    internal int AttendedOffset => SelectedOffset + 64;

    /// <summary>Bytes of a token's bits of attended keys, level by level.</summary>
    internal int AttendedStride => Levels * KeyBlocks * 8;

    /// <summary>Words of 32 bits of a channel's values, as often as there are levels.</summary>
    internal int ValueWords => WordsOf(Keys, Levels);

    /// <summary>The same of an attention; levels begin at whole blocks of 64 keys.</summary>
    internal static int WordsOf(int keys, int levels) => levels == 1 ? (keys + 31) / 32 : levels * 2 * ((keys + 63) >> 6);

    /// <summary>Scratch bytes behind the attention's own.</summary>
    internal int ScratchEnd => AttendedOffset + (Registers.MaxTokens * AttendedStride);
}
