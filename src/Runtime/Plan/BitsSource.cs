namespace EdgeVit.Runtime;

/// <summary>Where the rows of a binary product come from: a stored value's tokens, or windows of them.</summary>
/// <param name="Offset">Of the value in the arena.</param>
/// <param name="Shape">Of the value.</param>
/// <param name="OutputWidth">Columns of the product's grid.</param>
/// <param name="Window">The tokens of a row.</param>
internal sealed unsafe record BitsSource(long Offset, ValueShape Shape, int OutputWidth, ConvWindow Window)
{
    /// <summary>Bits of a row.</summary>
    internal int Inputs => Window.Taps * Shape.Channels;

    /// <summary>Words of a row.</summary>
    internal int Words => (Inputs + 63) >> 6;

    /// <summary>A row's words, gathered where the source is windows.</summary>
    internal ulong* Row(in ThreadMemory memory, int token, ulong* gathered)
    {
        ulong* value = (ulong*)(memory.Arena + Offset);
        int words = Shape.WordsPerToken;
        if (Window.IsToken)
        {
            return value + ((long)token * words);
        }

        int top = (token / OutputWidth * Window.Stride) - Window.Padding;
        int left = (token % OutputWidth * Window.Stride) - Window.Padding;
        if ((Shape.Channels & 63) != 0)
        {
            GatherBits(value, top, left, gathered);
            return gathered;
        }

        bool isWhole = top >= 0 && left >= 0 && top + Window.Span <= Shape.Height && left + Window.Span <= Shape.Width;
        if (isWhole && Window.Dilation == 1)
        {
            GatherRows(value + ((((long)top * Shape.Width) + left) * words), Window.Kernel * words, gathered);
        }
        else
        {
            GatherTokens(value, top, left, gathered);
        }

        return gathered;
    }

    /// <summary>A window inside the grid: the taps of a row lie side by side.</summary>
    private void GatherRows(ulong* from, int rowWords, ulong* to)
    {
        long step = (long)Shape.Width * Shape.WordsPerToken;
        for (int ky = 0; ky < Window.Kernel; ky++, from += step, to += rowWords)
        {
            for (int w = 0; w < rowWords; w++)
            {
                to[w] = from[w];
            }
        }
    }

    private void GatherTokens(ulong* value, int top, int left, ulong* to)
    {
        int words = Shape.WordsPerToken;
        for (int tap = 0; tap < Window.Taps; tap++, to += words)
        {
            int y = top + (tap / Window.Kernel * Window.Dilation);
            int x = left + (tap % Window.Kernel * Window.Dilation);
            bool isInside = (uint)y < (uint)Shape.Height && (uint)x < (uint)Shape.Width;
            ulong* from = value + ((((long)y * Shape.Width) + x) * words);
            for (int w = 0; w < words; w++)
            {
                to[w] = isInside ? from[w] : ulong.MaxValue;
            }
        }
    }

    /// <summary>Tokens that are no whole words: each tap's bits follow those of the tap before.</summary>
    private void GatherBits(ulong* value, int top, int left, ulong* gathered)
    {
        new Span<ulong>(gathered, Words).Clear();
        int words = Shape.WordsPerToken;
        for (int tap = 0, bit = 0; tap < Window.Taps; tap++, bit += Shape.Channels)
        {
            int y = top + (tap / Window.Kernel * Window.Dilation);
            int x = left + (tap % Window.Kernel * Window.Dilation);
            bool isInside = (uint)y < (uint)Shape.Height && (uint)x < (uint)Shape.Width;
            ulong* row = value + ((((long)y * Shape.Width) + x) * words);
            int shift = bit & 63;
            ulong* to = gathered + (bit >> 6);
            for (int w = 0; w < words; w++)
            {
                int channels = Shape.Channels - (64 * w);
                ulong bits = isInside ? row[w] : channels >= 64 ? ulong.MaxValue : (1UL << channels) - 1;
                to[w] |= bits << shift;

                // The padding bits of a row are 0, so what spills over is real and has its place.
                if (shift != 0 && bits >> (64 - shift) is > 0 and ulong rest)
                {
                    to[w + 1] |= rest;
                }
            }
        }
    }
}
