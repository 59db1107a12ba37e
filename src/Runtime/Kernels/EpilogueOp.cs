namespace EdgeVit.Runtime;

/// <summary>What an op of an epilogue does to the block of channels that is in registers.</summary>
internal enum EpilogueOpKind
{
    /// <summary>x = row.</summary>
    Load,

    /// <summary>x = fma(scale, K - 2 * count, offset), counts unsigned 16-bit differences.</summary>
    LoadDifferences,

    /// <summary>x = fma(scale, count, offset), counts signed 16-bit.</summary>
    LoadCounts,

    /// <summary>x = average of a window of rows.</summary>
    LoadPool,

    /// <summary>x = rows of other tokens, one for each of the two directions of a <see cref="TokenShift"/>.</summary>
    LoadShift,

    /// <summary>x = x + row.</summary>
    AddRow,

    /// <summary>x = x + fma(scale, average of a window of rows, offset); without an offset x = fma(scale, average, x).</summary>
    AddPool,

    /// <summary>x = x + fma(scale, rows of other tokens as <see cref="LoadShift"/> reads them, offset); without an offset x = fma(scale, rows, x).</summary>
    AddShift,

    /// <summary>x = fma(scale, x, row).</summary>
    ScaleAddRow,

    /// <summary>x = fma(scale, row, x).</summary>
    AddScaledRow,

    /// <summary>x = fma(scale, x, offset).</summary>
    Affine,

    /// <summary>u = x - shift; x = (u > 0 ? u : slope * u) + offset; shift and offset may both be absent.</summary>
    RPReLU,

    /// <summary>row = x.</summary>
    Store,

    /// <summary>row = means of <see cref="EpilogueOp.Group"/> adjacent channels of x; x stays.</summary>
    GroupMean,

    /// <summary>bits = x &gt;= threshold. A sum rounds to a number of the sign that it exactly has, so x + shift &gt;= 0 is
    /// x &gt;= -shift.</summary>
    Sign,

    /// <summary>Only within a row kernel: an <see cref="RPReLU"/> without shift and offset.</summary>
    Leaky,

    /// <summary>Only within a row kernel: <see cref="LoadCounts"/> together with the <see cref="AddRow"/> and the <see cref="RPReLU"/> without
    /// shift and offset behind it, which are skipped.</summary>
    Neuron,

    /// <summary>Only within a row kernel: a whole epilogue of a <see cref="Neuron"/>, its <see cref="Sign"/> and its
    /// <see cref="GroupMean"/>.</summary>
    Hidden,

    /// <summary>Only within a row kernel: an <see cref="AddRow"/> whose tokens' rows do not lie at equal distances.</summary>
    AddScattered,
}

/// <summary>Where an op's row lies.</summary>
internal enum RowSpace
{
    /// <summary>Nowhere: the op has no row.</summary>
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

/// <summary>One op: planned once (offsets), then copied by each thread, which fills in <see cref="Origin"/> and, for each group of tokens,
/// <see cref="Rows"/>. A plain struct without references, so that a run copies it without allocating.</summary>
internal unsafe struct EpilogueOp
{
    /// <summary>The most tokens that an epilogue takes together.</summary>
    internal const int MaxTokens = 4;

    internal EpilogueOpKind Kind;
    internal RowSpace Space;

    /// <summary>Bytes from the start of the space to row 0.</summary>
    internal long Offset;

    /// <summary>Bytes from row to row.</summary>
    internal long Stride;

    /// <summary>Up-sampling factor from the row's grid to the token's; 1 for none.</summary>
    internal int Factor;

    /// <summary>Channels after which the row repeats (a multiple of 64); 0 for never.</summary>
    internal int Modulo;

    /// <summary>Adjacent channels of a group mean.</summary>
    internal int Group;

    /// <summary>Columns of the row's grid, where it differs from the token's.</summary>
    internal int GridWidth;

    /// <summary>Rows of the row's grid (pools and shifts only).</summary>
    internal int GridHeight;

    /// <summary>The window of a pool.</summary>
    internal PoolWindow Window;

    /// <summary>Where a shift reads.</summary>
    internal TokenShift Shift;

    /// <summary>Parameter vectors, padded to a multiple of 64 channels.</summary>
    internal float* P0;

    /// <summary>See <see cref="P0"/>.</summary>
    internal float* P1;

    /// <summary>See <see cref="P0"/>.</summary>
    internal float* P2;

    /// <summary>A row of zeros for what lies outside a pool's or shift's grid.</summary>
    internal float* Zeros;

    /// <summary>K of a difference, 0 of counts that are never negative, -1 of others; factor of a pool or group mean.</summary>
    internal float Number;

    /// <summary>Channels that are real; those above are padding and their sign bits 0.</summary>
    internal int Channels;

    /// <summary>Address of row 0, filled in by the thread.</summary>
    internal byte* Origin;

    /// <summary>Bytes from token to token for the first of a group's tokens.</summary>
    internal long TokenStep;

    /// <summary>Bytes from row to row of the tile for the first of a group's tokens.</summary>
    internal long TileStep;

    /// <summary>Bytes from row to row within a whole group of tokens.</summary>
    internal long GroupStep;

    /// <summary>Bytes from row to row of the current tokens: <see cref="GroupStep"/>, or 0 for a single token.</summary>
    internal long Step;

    /// <summary>Address of the first of the current tokens' rows, from which <see cref="Step"/> leads to the others; of up-sampled values
    /// all rows, of pools the first places of all windows.</summary>
    internal fixed long Rows[MaxTokens];

    /// <summary>Rows of all places of the current tokens' windows, token by token for each place; null where all windows lie inside the
    /// grid. Of shifts the tokens' rows for the even blocks of channels, then for the odd ones.</summary>
    internal float** Places;

    /// <summary>Memory for <see cref="Places"/>.</summary>
    internal float** PlacesMemory;
}
