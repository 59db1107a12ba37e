using EdgeVit.Runtime;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>Windows of a grid of tokens, which a convolution reads as rows.</summary>
/// <param name="Grid">Of the tokens.</param>
/// <param name="Window">Taps, stride, padding, dilation.</param>
internal sealed record WindowRows(TokenGrid Grid, ConvWindow Window)
{
    /// <summary>Height and width of the windows' grid.</summary>
    internal long Side => ((Grid.Side + (2 * Window.Padding) - Window.Span) / Window.Stride) + 1;

    /// <summary>Windows of all images.</summary>
    internal long Rows => Grid.Batch * Side * Side;

    /// <summary>Tokens <c>[B*N, C]</c> → windows <c>[B*N', k*k*C]</c>, each row ordered kernel row, kernel column, channel; outside of the grid is +1.</summary>
    internal Tensor Of(Tensor tokens)
    {
        (long c, long p, long s, long d, int k) = (tokens.shape[1], Window.Padding, Window.Stride, Window.Dilation, Window.Kernel);
        Tensor framed = tokens.view(Grid.Batch, Grid.Side, Grid.Side, c);
        framed = p > 0 ? F.pad(framed, [0, 0, p, p, p, p], TorchSharp.PaddingModes.Constant, 1) : framed;
        long side = framed.shape[1];
        long row = side * c;
        Tensor windows = framed.contiguous().as_strided([Grid.Batch, Side, Side, k, k, c], [side * row, s * row, s * c, d * row, d * c, 1]);
        return windows.reshape(Rows, Window.Taps * c);
    }

    /// <summary>The token of all images that is a tap of a window; -1 outside of the grid.</summary>
    internal long Token(long row, int tap)
    {
        (long image, long place) = Math.DivRem(row, Side * Side);
        long y = (place / Side * Window.Stride) + (tap / Window.Kernel * Window.Dilation) - Window.Padding;
        long x = (place % Side * Window.Stride) + (tap % Window.Kernel * Window.Dilation) - Window.Padding;
        return y >= 0 && y < Grid.Side && x >= 0 && x < Grid.Side ? (image * Grid.Tokens) + (y * Grid.Side) + x : -1;
    }

    /// <summary>The window of all images that a token is this tap of; -1 where there is none.</summary>
    internal long Row(long token, int tap)
    {
        (long image, long place) = Math.DivRem(token, Grid.Tokens);
        long y = (place / Grid.Side) + Window.Padding - (tap / Window.Kernel * Window.Dilation);
        long x = (place % Grid.Side) + Window.Padding - (tap % Window.Kernel * Window.Dilation);
        bool isWindow = y >= 0 && x >= 0 && y % Window.Stride == 0 && x % Window.Stride == 0 && y / Window.Stride < Side && x / Window.Stride < Side;
        return isWindow ? (image * Side * Side) + (y / Window.Stride * Side) + (x / Window.Stride) : -1;
    }
}
