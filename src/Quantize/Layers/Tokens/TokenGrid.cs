using EdgeVit.Runtime;
using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>Tokens and their grid.</summary>
/// <param name="Side">Height and width of the grid; N = Side * Side.</param>
internal readonly record struct TokenGrid(long Batch, long Side)
{
    internal long Tokens => Side * Side;

    internal TokenGrid Divided(long factor) => new(Batch, Side / factor);

    /// <summary>Tokens <c>[B*N, C]</c> as an image <c>[B, C, H, W]</c> in channels-last memory: no copy.</summary>
    internal Tensor AsImage(Tensor tokens) => tokens.view(Batch, Side, Side, -1).permute(0, 3, 1, 2);

    /// <summary>The way back: <c>[B, C, H, W]</c> → <c>[B*N, C]</c>, without a copy when the image is channels-last.</summary>
    internal static Tensor AsTokens(Tensor image) => image.permute(0, 2, 3, 1).reshape(-1, image.shape[1]);

    /// <summary>Average over windows of the grid, <c>[B*N, C]</c> → tokens of the new grid; zero padding is counted.</summary>
    internal Tensor AveragePool(Tensor tokens, long kernelH, long kernelW, long stride, long paddingH, long paddingW) =>
        AsTokens(F.avg_pool2d(AsImage(tokens), [kernelH, kernelW], [stride, stride], [paddingH, paddingW]));

    /// <summary>A spatial shift, <c>[B*N, C]</c> → the same: the even blocks of 16 channels from above or left, the odd ones from below or
    /// right, zeros from outside the grid.</summary>
    internal Tensor Shift(Tensor tokens, TokenShift shift)
    {
        (long y, long x) = (shift.Rows, shift.Columns);
        Tensor even = torch.arange(Zero, Number(tokens.shape[1]), One, device: tokens.device)
            .remainder(Number(TokenShift.Directions * TokenShift.BlockChannels)).lt(Number(TokenShift.BlockChannels));
        Tensor framed = F.pad(AsImage(tokens), (x, x, y, y));                         // [B, C, H + 2y, W + 2x]
        Tensor before = framed.narrow(2, 0, Side).narrow(3, 0, Side), after = framed.narrow(2, 2 * y, Side).narrow(3, 2 * x, Side);
        return AsTokens(torch.where(even.view(-1, 1, 1), before, after));
    }
}
