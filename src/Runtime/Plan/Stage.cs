namespace EdgeVit.Runtime;

/// <summary>What a stage of a row chain does to the block of channels that is in registers.</summary>
internal enum StageKind
{
    /// <summary>x = row.</summary>
    Load,

    /// <summary>x = fma(scale, K - 2 * count, offset), counts unsigned 16-bit differences.</summary>
    LoadDifferences,

    /// <summary>x = fma(scale, count, offset), counts signed 16-bit.</summary>
    LoadCounts,

    /// <summary>x = average of a window of rows.</summary>
    LoadPool,

    /// <summary>x = x + row.</summary>
    AddRow,

    /// <summary>x = x + fma(scale, average of a window of rows, offset).</summary>
    AddPool,

    /// <summary>x = fma(scale, x, offset).</summary>
    Affine,

    /// <summary>u = x - shift; x = (u > 0 ? u : slope * u) + offset.</summary>
    RPReLU,

    /// <summary>row = x.</summary>
    Store,

    /// <summary>bits = x + shift >= 0.</summary>
    Sign,
}

/// <summary>Where a stage's row lies.</summary>
internal enum RowSpace
{
    /// <summary>Nowhere: the stage has no row.</summary>
    None,

    /// <summary>In the session's arena, one row a token.</summary>
    Arena,

    /// <summary>In the thread's scratch, one row for all tokens.</summary>
    Scratch,

    /// <summary>In the thread's scratch, one row for each token of the tile.</summary>
    Tile,

    /// <summary>In the model's weights, one row a token.</summary>
    Weights,
}

/// <summary>One stage: planned once (offsets), then copied by each thread, which fills in <see cref="Origin"/> and, for each token,
/// <see cref="Row"/>. A plain struct without references, so that a run copies it without allocating.</summary>
internal unsafe struct Stage
{
    internal StageKind Kind;
    internal RowSpace Space;

    /// <summary>Bytes from the start of the space to row 0.</summary>
    internal long Offset;

    /// <summary>Bytes from row to row.</summary>
    internal long Stride;

    /// <summary>Up-sampling factor from the row's grid to the token's; 1 for none.</summary>
    internal int Factor;

    /// <summary>Channels after which the row repeats (a multiple of 64); 0 for never.</summary>
    internal int Modulo;

    /// <summary>Columns of the row's grid, where it differs from the token's.</summary>
    internal int GridWidth;

    /// <summary>Rows of the row's grid (pools only).</summary>
    internal int GridHeight;

    /// <summary>The window of a pool.</summary>
    internal PoolWindow Window;

    /// <summary>Parameter vectors, padded to a multiple of 64 channels.</summary>
    internal float* P0;

    /// <summary>See <see cref="P0"/>.</summary>
    internal float* P1;

    /// <summary>See <see cref="P0"/>.</summary>
    internal float* P2;

    /// <summary>K of a difference; factor of a pool.</summary>
    internal float Number;

    /// <summary>Channels that are real; those above are padding and their sign bits 0.</summary>
    internal int Channels;

    /// <summary>Address of row 0, filled in by the thread.</summary>
    internal byte* Origin;

    /// <summary>Address of the current token's row.</summary>
    internal byte* Row;

    /// <summary>Bytes from token to token: <see cref="Stride"/> or 0.</summary>
    internal long TokenStep;

    /// <summary>Bytes from row to row of the tile: <see cref="Stride"/> or 0.</summary>
    internal long TileStep;

    /// <summary>The part of the current token's window that lies inside the grid (pools only).</summary>
    internal PoolRange Range;
}
