namespace EdgeVit.Runtime;

/// <summary>The grid of a step's tokens.</summary>
/// <param name="Width">Columns.</param>
/// <param name="Tokens">Number of tokens.</param>
/// <param name="TileTokens">Tokens of a tile.</param>
internal readonly record struct StepGrid(int Width, int Tokens, int TileTokens);

/// <summary>Masks and tables of arena offsets that compiled code reads; equal ones are made once for a plan.</summary>
internal sealed unsafe class OffsetTables(PlanWeights weights, long zeros)
{
    /// <summary>Offset of the first input of each token's window.</summary>
    internal int* Windows(FloatSource source, StepGrid grid, int pixelStep)
    {
        long start = source.Shape.Kind == ValueKind.Image && !source.IsFramed ? 0 : source.Offset;
        return Table($"inputs {start} {pixelStep} {source.Stride} {source.Shape.Width}", grid, 1, (token, entries) =>
            entries[0] = checked((int)(start + ((((long)(token / grid.Width) * source.Stride * source.Shape.Width) + (token % grid.Width * source.Stride)) * pixelStep))));
    }

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

    /// <summary>Offset of the row at each token's own place, from which rows inside the grid lie at fixed distances.</summary>
    internal int* Places(NeighbourRows rows, StepGrid grid) => Table($"place {rows.Offset} {rows.Stride} {rows.Width} {rows.Step.Y} {rows.Step.X}", grid, 1, (token, entries) =>
        entries[0] = rows.Place((token / grid.Width * rows.Step.Y * rows.Width) + (token % grid.Width * rows.Step.X), zeros));

    /// <summary>Offsets of the rows two up, one up, its own, one down, two down, and of the tokens -1 and T were the tile to begin left and
    /// right of itself; zeros stand beyond the border.</summary>
    internal int* Neighbours(NeighbourRows rows, StepGrid grid) => Table($"neighbours {rows.Offset} {rows.Stride}", grid, 7, (token, entries) =>
    {
        int y = token / grid.Width;
        int x = token % grid.Width;
        int height = grid.Tokens / grid.Width;
        int own = rows.Place(token, zeros);
        for (int d = -2; d <= 2; d++)
        {
            entries[d + 2] = rows.Place(y + d >= 0 && y + d < height ? token + (d * grid.Width) : -1, zeros);
        }

        // Read at negative and at tile-sized distances.
        entries[5] = x >= 2 ? own : checked((int)(zeros + (2 * rows.Stride)));
        entries[6] = x + grid.TileTokens + 1 < grid.Width ? own : checked((int)(zeros - (grid.TileTokens * rows.Stride)));
    });

    private delegate void Fill(int token, int* entries);

    private int* Table(string kind, StepGrid grid, int entries, Fill fill)
    {
        return (int*)weights.Shared($"{kind} {grid}", () =>
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
