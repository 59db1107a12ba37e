namespace EdgeVit.Runtime;

/// <summary>The grid of a step's tokens.</summary>
/// <param name="Width">Columns.</param>
/// <param name="Tokens">Number of tokens.</param>
/// <param name="TileTokens">Tokens of a tile.</param>
internal readonly record struct StepGrid(int Width, int Tokens, int TileTokens);

/// <summary>Constants and tables of arena offsets that compiled code reads; equal ones are made once for a plan.</summary>
internal sealed unsafe class OffsetTables(PlanWeights weights, long zeros)
{
    /// <summary>A float in memory.</summary>
    internal nint Number(float value)
    {
        return weights.Shared($"number {BitConverter.SingleToUInt32Bits(value)}", () =>
        {
            float* number = (float*)weights.Allocate(sizeof(float));
            *number = value;
            return (nint)number;
        });
    }

    /// <summary>Offset of the first input of each token's window.</summary>
    internal int* Windows(FloatSource source, StepGrid grid, int pixelStep) => Table(
        "inputs",
        new EpilogueOp { Offset = source.Shape.Kind == ValueKind.Image ? 0 : source.Offset, Stride = pixelStep, Factor = source.Stride, GridWidth = source.Shape.Width },
        grid,
        1,
        (token, entries) => entries[0] = checked((int)((source.Shape.Kind == ValueKind.Image ? 0 : source.Offset)
            + ((((long)(token / grid.Width) * source.Stride * source.Shape.Width) + (token % grid.Width * source.Stride)) * pixelStep))));

    /// <summary>A bit for each channel, set where the channel is real.</summary>
    internal nint RealChannels(int channels)
    {
        return weights.Shared($"mask {channels}", () =>
        {
            byte* mask = (byte*)weights.Allocate(ValueShape.Pad(channels) / 8);
            for (int c = 0; c < channels; c++)
            {
                mask[c >> 3] |= (byte)(1 << (c & 7));
            }

            return (nint)mask;
        });
    }

    /// <summary>Offset of the row that an up-sampled token shows.</summary>
    internal int* UpSampled(EpilogueOp s, StepGrid grid) => Table("up", s, grid, 1, (token, entries) =>
        entries[0] = Offset(s, (token / grid.Width / s.Factor * s.GridWidth) + (token % grid.Width / s.Factor)));

    /// <summary>Offset of the first row of a window that lies inside the grid.</summary>
    internal int* Windows(EpilogueOp s, StepGrid grid) => Table("window", s, grid, 1, (token, entries) =>
        entries[0] = Offset(s, (token / grid.Width * s.Window.StrideH * s.GridWidth) + (token % grid.Width * s.Window.StrideW)));

    /// <summary>Offsets of the rows two up, one up, its own, one down, two down, and of the tokens -1 and T were the tile to begin left and
    /// right of itself; zeros stand beyond the border.</summary>
    internal int* Neighbours(EpilogueOp s, StepGrid grid) => Table("neighbours", s with { Window = default, Number = 0 }, grid, 7, (token, entries) =>
    {
        int y = token / grid.Width;
        int x = token % grid.Width;
        int height = grid.Tokens / grid.Width;
        for (int d = -2; d <= 2; d++)
        {
            entries[d + 2] = y + d >= 0 && y + d < height ? Offset(s, token + (d * grid.Width)) : checked((int)zeros);
        }

        // Read at negative and at tile-sized distances.
        entries[5] = x >= 2 ? Offset(s, token) : checked((int)(zeros + (2 * s.Stride)));
        entries[6] = x + grid.TileTokens + 1 < grid.Width ? Offset(s, token) : checked((int)(zeros - (grid.TileTokens * s.Stride)));
    });

    /// <summary>Offsets of the rows that a shift reads for the even and for the odd blocks of channels; zeros stand beyond the border.</summary>
    internal int* Shifted(EpilogueOp s, StepGrid grid) => Table($"shift {s.Shift.Rows} {s.Shift.Columns}", s, grid, TokenShift.Directions, (token, entries) =>
    {
        for (int direction = 0; direction < TokenShift.Directions; direction++)
        {
            (int y, int x) = s.Shift.Source(token / grid.Width, token % grid.Width, direction);
            bool real = y >= 0 && y < grid.Tokens / grid.Width && x >= 0 && x < grid.Width;
            entries[direction] = real ? Offset(s, (y * grid.Width) + x) : checked((int)zeros);
        }
    });

    private static int Offset(in EpilogueOp s, int row) => checked((int)(s.Offset + (row * s.Stride)));

    private delegate void Fill(int token, int* entries);

    private int* Table(string kind, EpilogueOp s, StepGrid grid, int entries, Fill fill)
    {
        PoolWindow w = s.Window;
        string key = $"{kind} {s.Offset} {s.Stride} {s.Factor} {s.GridWidth} {grid.Width} {grid.Tokens} {grid.TileTokens} "
            + $"{w.KernelH} {w.KernelW} {w.StrideH} {w.StrideW} {w.PaddingH} {w.PaddingW}";
        return (int*)weights.Shared(key, () =>
        {
            int* table = (int*)weights.Allocate((long)grid.Tokens * entries * sizeof(int));
            for (int token = 0; token < grid.Tokens; token++)
            {
                fill(token, table + (token * entries));
            }

            return (nint)table;
        });
    }
}
