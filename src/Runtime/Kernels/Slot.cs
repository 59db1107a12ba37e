namespace EdgeVit.Runtime;

/// <summary>The slots of an epilogue in the one order in which it does its work: a source; rows that are added; an RPReLU; a residual; scaled
/// sums of neighbouring rows; a store; a norm; a second store; signs; means of adjacent channels. Any but the source may be absent.</summary>
internal static class Slots
{
    /// <summary>x = row; with <see cref="Slot.P0"/>: x = fma(P0, count, P1), counts signed 16-bit; where it <see cref="Slot.Joins"/> the first
    /// shortcut: x = fma(P0, count, row + P1). With <see cref="Slot.P2"/>, vectors of weights, one for each of the rows that are summed: x = P1; x =
    /// fma(P2, row, x) for row after row.</summary>
    internal const int Source = 0;

    /// <summary>x = x + row, up to <see cref="MostShortcuts"/> times.</summary>
    internal const int Shortcut = 1;

    /// <summary>Where the source is in groups: room for the shortcut's row in their order.</summary>
    internal const int Transposed = Shortcut + 1;

    /// <summary>u = x - P0; x = fma(min(u, 0), P1, u) + P2; P0 and P2 may both be absent.</summary>
    internal const int RPReLU = 4;

    /// <summary>x = x + row; with <see cref="Slot.P0"/>: x = fma(P0, x, row).</summary>
    internal const int Residual = 5;

    /// <summary>x = fma(P0, sum of rows, x); with <see cref="Slot.P1"/>: x = x + fma(P0, sum of rows, P1). Up to <see cref="MostBranches"/>.</summary>
    internal const int Branch = 6;

    /// <summary>row = x.</summary>
    internal const int Store = 10;

    /// <summary>x = fma(P0, x, P1).</summary>
    internal const int Norm = 11;

    /// <summary>row = x.</summary>
    internal const int NormStore = 12;

    /// <summary>bits = x &gt;= P0, up to <see cref="MostSigns"/> times. A sum rounds to a number of the sign that it exactly has, so x + shift
    /// &gt;= 0 is x &gt;= -shift. In the padding P0 is NaN, of which the bits are 0.</summary>
    internal const int Sign = 13;

    /// <summary>row = means of <see cref="Slot.Number"/> adjacent channels of x.</summary>
    internal const int Mean = 16;

    /// <summary>Number of slots.</summary>
    internal const int Count = 17;

    internal const int MostShortcuts = 3;

    internal const int MostBranches = 4;

    internal const int MostSigns = 3;

    /// <summary>The most tokens that an epilogue takes together.</summary>
    internal const int MaxTokens = 4;
}

/// <summary>Where a slot's row lies.</summary>
internal enum RowSpace
{
    /// <summary>Nowhere: the slot has no row.</summary>
    None,

    /// <summary>In the session's arena, one row a token.</summary>
    Arena,

    /// <summary>In the thread's scratch, one row for each of the tokens that an epilogue takes together.</summary>
    Scratch,

    /// <summary>In the thread's scratch, one row for each token of the tile.</summary>
    Tile,

    /// <summary>In the model's weights, one row a token.</summary>
    Weights,
}

/// <summary>One slot: planned once, then copied by each thread, which fills in where the rows are, and for each group of tokens where theirs
/// are. A plain struct without references, so that a run copies it without allocating.</summary>
internal unsafe struct Slot
{
    internal RowSpace Space;

    /// <summary>Channels after which the row repeats (a multiple of 64); 0 for never.</summary>
    internal int Modulo;

    /// <summary>Bytes from the start of the space to row 0, also where <see cref="Places"/> say which rows are taken.</summary>
    internal long Offset;

    /// <summary>Bytes from row to row.</summary>
    internal long Stride;

    /// <summary>Offsets in the arena of the rows that are summed for each token, <c>[tokens][parts][rows]</c>; null for the token's own
    /// row.</summary>
    internal int* Places;

    /// <summary>Of a window over the tokens' own grid how far it reaches above and below, or to both sides; zeros for any other rows.</summary>
    internal (int Above, int Beside) Reach;

    /// <summary>Rows that are summed.</summary>
    internal int Rows;

    /// <summary>1; or 2, where blocks of 16 channels with odd numbers sum rows of their own.</summary>
    internal int Parts;

    /// <summary>Factor of a sum of rows or of a mean.</summary>
    internal float Factor;

    /// <summary>Parameter vectors, padded to a multiple of 64 channels.</summary>
    internal float* P0;

    /// <summary>See <see cref="P0"/>.</summary>
    internal float* P1;

    /// <summary>See <see cref="P0"/>.</summary>
    internal float* P2;

    /// <summary>Of signs the real channels, of a mean the channels of a group.</summary>
    internal int Number;

    /// <summary>True for counts that take the first shortcut into their rounding.</summary>
    internal bool Joins;

    /// <summary>Of counts in the order of groups of adjacent channels the channels of one, and <see cref="P0"/> holds the parameters of all slots, a vector
    /// of each in turn: scale, offset, slope, threshold. Else 0.</summary>
    internal int Group;

    /// <summary>Floats, or entries of <see cref="Places"/>, from token to token of a whole group.</summary>
    internal int GroupStep;

    /// <summary>Address of row 0, filled in by the thread.</summary>
    internal byte* Origin;

    /// <summary>Bytes from token to token for the first of a group's tokens.</summary>
    internal int TokenStep;

    /// <summary>Bytes from row to row of the tile for the first of a group's tokens.</summary>
    internal int TileStep;

    /// <summary>The row of the first of the current tokens; with <see cref="Places"/> the arena.</summary>
    internal byte* Row;

    /// <summary>Bytes from token to token of the current group, with <see cref="Places"/> entries; 0 for a single token.</summary>
    internal nint Step;

    /// <summary>The first token's entries of <see cref="Places"/>.</summary>
    internal int* At;

    /// <summary>True where the slot does something.</summary>
    internal readonly bool IsPresent => Space != RowSpace.None || P1 != null;
}
