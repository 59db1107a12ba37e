using EdgeVit.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>Whether a network computes with signs or, as its float twin, with the values themselves.</summary>
public enum Precision
{
    /// <summary>Weights, activations and attention of one bit.</summary>
    Binary,

    /// <summary>The same topology in float: the upper bound of what the binary network can learn, and a teacher for it.</summary>
    Float,
}

/// <summary>What all modules of one network share.</summary>
/// <param name="Precision">Signs or floats.</param>
/// <param name="Eps">Added to the variance in every batch norm.</param>
/// <param name="Taps">Where values are reported to.</param>
internal sealed record LayerContext(Precision Precision, double Eps, Taps Taps)
{
    internal bool Binary => Precision == Precision.Binary;

    /// <summary>How bits are made at the present step.</summary>
    internal BinarizationPhase Phase { get; set; }

    /// <summary>What is left out at the present step; null for nothing.</summary>
    internal Omission? Omission { get; set; }

    /// <summary>A latent weight as rows <c>[O, K]</c> as the network uses it.</summary>
    internal Tensor Weight(Tensor rows, SignForm form)
    {
        if (!Binary || form == SignForm.None)
        {
            return rows;
        }

        if (Phase.FloatWeights)
        {
            return form == SignForm.Centred ? rows - rows.mean([1], keepdim: true) : rows;
        }

        return form == SignForm.Centred ? WeightSign.Linear(rows) : WeightSign.Convolution(rows);
    }

    /// <summary>Tokens <c>[M, K]</c> through a latent weight as rows <c>[O, K]</c>, <c>[M, O]</c>.</summary>
    internal Tensor Product(Tensor tokens, Tensor rows, SignForm form) =>
        MixedPrecision.On && Binary && form != SignForm.None && !Phase.FloatWeights
            ? BinaryProduct.Apply(tokens, rows, form == SignForm.Centred)
            : MixedPrecision.Product(tokens, Weight(rows, form));

    /// <summary>The first half of a binary layer: signs of the shifted tokens, <c>[M, C]</c>.</summary>
    internal Tensor Sign(string name, Tensor x, Tensor move)
    {
        Tensor signs = Binary ? ShiftSign.Apply(x, move, Phase.Surrogate) : x.add(move, One);
        Taps.Report(name, signs);
        return signs;
    }

    /// <summary>A whole binary layer: shift, sign, linear, norm, shortcut, RPReLU.</summary>
    internal Tensor Branch(
        BranchNames names, Tensor x, Parameter move, LatentWeight weight, TokenNorm norm, Shortcut shortcut, RPReLU activation)
    {
        if (Binary && norm.training && !Taps.On && FusedBranch.Serves(x, weight, shortcut))
        {
            return FusedBranch.Apply(x, move, weight.weight, norm, activation.move1, activation.prelu.weight, activation.move2, shortcut, Phase);
        }

        Tensor signs = Sign(names.Sign, x, move);
        Tensor y = norm.call(Product(signs, weight.weight, weight.Form));
        Tensor result = activation.Forward(y, shortcut);
        if (Taps.On)
        {
            Taps.Report(names.Linear, y);
            Taps.Report(names.Sum, y.add(shortcut.Expanded(), One));
            Taps.Report(names.Result, result);
        }
        return result;
    }
}

/// <summary>The names under which a binary layer reports: its signs, the linear layer with its norm, the sum with the shortcut, the result.</summary>
internal sealed record BranchNames(string Sign, string Linear, string Sum, string Result)
{
    internal static BranchNames Of(string module, string linear, string result) =>
        new($"{module}.sign", linear, $"{module}.sum", result);
}

/// <summary>Tokens and their grid.</summary>
/// <param name="Batch">Images B.</param>
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
