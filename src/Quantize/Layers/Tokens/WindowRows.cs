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

    /// <summary>Of one image, window by window, the token that is each of its taps; -1 outside of the grid: <c>[N', k*k]</c>.</summary>
    internal int[] TokensOfWindows()
    {
        (int side, int grid, int k) = ((int)Side, (int)Grid.Side, Window.Kernel);
        int[] tokens = new int[side * side * Window.Taps];
        for (int at = 0; at < tokens.Length; at++)
        {
            (int window, int tap) = Math.DivRem(at, Window.Taps);
            int y = (window / side * Window.Stride) + (tap / k * Window.Dilation) - Window.Padding;
            int x = (window % side * Window.Stride) + (tap % k * Window.Dilation) - Window.Padding;
            tokens[at] = y >= 0 && y < grid && x >= 0 && x < grid ? (y * grid) + x : -1;
        }

        return tokens;
    }

    /// <summary>The transpose: of one image, token by token, the window that it is this tap of; -1 where there is none: <c>[N, k*k]</c>.</summary>
    internal int[] WindowsOfTokens()
    {
        int[] windows = new int[Grid.Tokens * Window.Taps];
        Array.Fill(windows, -1);
        int[] tokens = TokensOfWindows();
        for (int at = 0; at < tokens.Length; at++)
        {
            if (tokens[at] >= 0)
            {
                windows[(tokens[at] * Window.Taps) + (at % Window.Taps)] = at / Window.Taps;
            }
        }

        return windows;
    }
}
