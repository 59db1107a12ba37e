using System.Text;

namespace EdgeVit.Runtime;

/// <summary>The rows of a stored value that a token sums: those of a pool's or a convolution's window, of a shift's two directions, of the token that an up-sampled
/// one shows. Kernels know none of these: they read where the rows lie.</summary>
/// <param name="Offset">Arena offset of the value.</param>
/// <param name="Stride">Bytes from row to row.</param>
/// <param name="Height">Rows of the value's grid.</param>
/// <param name="Width">Its columns.</param>
/// <param name="Rows">The rows relative to the token's own place; those of even blocks of 16 channels, then those of odd ones, where there are two
/// parts.</param>
internal sealed record NeighbourRows(long Offset, long Stride, int Height, int Width, (int Y, int X)[] Rows)
{
    // Tables that no network needs would only let a small file take much memory.
    private const long MostPlaces = 1L << 26;

    /// <summary>1; 2 where odd blocks of channels have rows of their own.</summary>
    internal int Parts { get; private init; } = 1;

    /// <summary>Tokens of the value from a token's place to that of the token below or beside it.</summary>
    internal (int Y, int X) Step { get; private init; } = (1, 1);

    /// <summary>Tokens in a row or column that share a place.</summary>
    internal int Repeat { get; private init; } = 1;

    /// <summary>Factor of the sum.</summary>
    internal float Factor { get; private init; } = 1;

    /// <summary>True where the rows are summed up, from 0 on; false where the only row is taken as it is.</summary>
    internal bool IsSum { get; private init; }

    /// <summary>The rows of a pool's window, row by row.</summary>
    internal static NeighbourRows Pool(long offset, ValueShape value, PoolWindow w)
    {
        var rows = new (int, int)[w.KernelH * w.KernelW];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = ((i / w.KernelW) - w.PaddingH, (i % w.KernelW) - w.PaddingW);
        }

        return Of(offset, value, rows) with { Step = (w.StrideH, w.StrideW), Factor = w.Factor, IsSum = true };
    }

    /// <summary>The rows of a convolution's window, row by row, each of which has its weights.</summary>
    internal static NeighbourRows Weighted(long offset, ValueShape value, ConvWindow w)
    {
        var rows = new (int, int)[w.Taps];
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] = ((i / w.Kernel * w.Dilation) - w.Padding, (i % w.Kernel * w.Dilation) - w.Padding);
        }

        return Of(offset, value, rows) with { Step = (w.Stride, w.Stride) };
    }

    internal static NeighbourRows Shift(long offset, ValueShape value, TokenShift shift) =>
        Of(offset, value, [shift.Source(0, 0, 0), shift.Source(0, 0, 1)]) with { Parts = TokenShift.Directions };

    internal static NeighbourRows UpSampled(long offset, ValueShape value, int factor) => Of(offset, value, [(0, 0)]) with { Repeat = factor };

    /// <summary>The row of the value that a token sums; -1 for zeros outside of the grid.</summary>
    /// <param name="y">The token's row.</param>
    /// <param name="x">The token's column.</param>
    /// <param name="i">Index of the row.</param>
    internal int Row(int y, int x, int i)
    {
        int row = (y * Step.Y / Repeat) + Rows[i].Y;
        int column = (x * Step.X / Repeat) + Rows[i].X;
        return row >= 0 && row < Height && column >= 0 && column < Width ? (row * Width) + column : -1;
    }

    /// <summary>The arena offset of a row, <paramref name="zeros"/> for one outside of the grid.</summary>
    internal int Place(int row, long zeros) => checked((int)(row < 0 ? zeros : Offset + (row * Stride)));

    /// <summary>True where no token of a grid sums anything from outside.</summary>
    internal bool IsInside(int tokens, int width)
    {
        bool inside = true;
        for (int i = 0; i < Rows.Length; i++)
        {
            inside &= Row(0, 0, i) >= 0 && Row((tokens / width) - 1, width - 1, i) >= 0;
        }

        return inside;
    }

    /// <summary>How far a sum over 3 or 5 adjacent rows, its own in the middle, reaches above and below or to both sides on the tokens' own grid; 0 for any
    /// other.</summary>
    /// <param name="width">Columns of the tokens' grid.</param>
    internal (int Above, int Beside) Reach(int width)
    {
        int reach = Rows.Length / 2;
        if (!IsSum || width != Width || Step != (1, 1) || Rows.Length is not (3 or 5))
        {
            return (0, 0);
        }

        bool above = true;
        bool beside = true;
        for (int i = 0; i < Rows.Length; i++)
        {
            above &= Rows[i] == (i - reach, 0);
            beside &= Rows[i] == (0, i - reach);
        }

        return (above ? reach : 0, beside ? reach : 0);
    }

    /// <summary>The places of all tokens, <c>[tokens][parts][rows]</c>; equal ones are made once for a plan.</summary>
    /// <exception cref="EvitFormatException">They would take too much memory.</exception>
    internal unsafe int* Places(PlanWeights weights, long zeros, int tokens, int width)
    {
        long count = (long)tokens * Rows.Length;
        if (count > MostPlaces)
        {
            throw new EvitFormatException($"graph: windows of {Rows.Length} for each of {tokens} tokens would need {count >> 18} MiB of memory, expected at most {MostPlaces >> 18}");
        }

        var key = new StringBuilder($"places {Offset} {Stride} {Height} {Width} {Step.Y} {Step.X} {Repeat} {tokens} {width}");
        foreach ((int y, int x) in Rows)
        {
            key.Append(' ').Append(y).Append(' ').Append(x);
        }

        return (int*)weights.Shared(key.ToString(), () =>
        {
            int* places = (int*)weights.Allocate(count * sizeof(int));
            int* to = places;
            for (int token = 0; token < tokens; token++)
            {
                for (int i = 0; i < Rows.Length; i++)
                {
                    *to++ = Place(Row(token / width, token % width, i), zeros);
                }
            }

            return (nint)places;
        });
    }

    private static NeighbourRows Of(long offset, ValueShape value, (int Y, int X)[] rows) => new(offset, ValuePlaces.Stride(value), value.Height, value.Width, rows);
}
