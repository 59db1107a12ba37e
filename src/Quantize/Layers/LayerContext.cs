using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>What all modules of one network share.</summary>
/// <param name="Eps">Added to the variance in every batch norm.</param>
internal sealed record LayerContext(Precision Precision, double Eps, Taps Taps)
{
    internal bool Binary => Precision == Precision.Binary;

    /// <summary>How bits are made at the present step.</summary>
    internal BinarizationMode Mode { get; set; }

    /// <summary>What is left out at the present step; null for nothing.</summary>
    internal Omission? Omission { get; set; }

    /// <summary>Whether the backward pass computes the values inside a block again, from its input, instead of keeping them.</summary>
    internal bool Recomputes { get; set; }

    /// <summary>A latent weight as rows <c>[O, K]</c> as the network uses it.</summary>
    internal Tensor Weight(Tensor rows, SignForm form)
    {
        if (!Binary || form == SignForm.None)
        {
            return rows;
        }

        if (Mode.FloatWeights)
        {
            return form == SignForm.Centred ? rows - rows.mean([1], keepdim: true) : rows;
        }

        return form == SignForm.Centred ? WeightSign.Linear(rows) : WeightSign.Convolution(rows);
    }

    /// <summary>Tokens <c>[M, K]</c> through a latent weight as rows <c>[O, K]</c>, <c>[M, O]</c>.</summary>
    internal Tensor Product(Tensor tokens, Tensor rows, SignForm form) =>
        MixedPrecision.On && Binary && form != SignForm.None && !Mode.FloatWeights
            ? BinaryProduct.Apply(tokens, rows, form == SignForm.Centred)
            : MixedPrecision.Product(tokens, Weight(rows, form));

    /// <summary>The first half of a binary layer: signs of the shifted tokens, <c>[M, C]</c>.</summary>
    internal Tensor Sign(string name, Tensor x, Tensor move)
    {
        Tensor signs = Binary ? ShiftSign.Apply(x, move, Mode.Surrogate) : x.add(move, One);
        Taps.Report(name, signs);
        return signs;
    }

    /// <summary>A whole binary layer: shift, sign, linear, norm, shortcut, RPReLU. With windows the linear layer reads those of the signs.</summary>
    internal Tensor Branch(
        BranchNames names, Tensor x, Parameter move, LatentWeight weight, TokenNorm norm, Shortcut shortcut, RPReLU activation, WindowRows? windows = null)
    {
        if (Binary && norm.training && !Taps.On && FusedBranch.Serves(x, weight, shortcut))
        {
            return FusedBranch.Apply(x, move, weight.weight, norm, activation.move1, activation.prelu.weight, activation.move2, shortcut, Mode, windows);
        }

        Tensor signs = Sign(names.Sign, x, move);
        Tensor y = norm.call(Product(windows?.Of(signs) ?? signs, weight.weight, weight.Form));
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
