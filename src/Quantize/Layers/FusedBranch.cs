using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>What a fused binary layer needs beside its tensors.</summary>
/// <param name="Kind">How the layer's input reaches its output's width as shortcut.</param>
/// <param name="Factor">e of the shortcut.</param>
/// <param name="Eps">Added to the variance.</param>
/// <param name="Momentum">Share of the batch in the running statistics.</param>
/// <param name="Group">The processes whose images the norm is of.</param>
/// <param name="Windows">What the linear layer reads of the signs; null for the tokens one by one.</param>
internal sealed record FusedOptions(
    ShortcutKind Kind, int Factor, double Eps, double Momentum, BinarizationMode Mode, NormProcesses Group, bool BFloat16, WindowRows? Windows);

/// <summary>The parameters of a fused binary layer; gradients are added to theirs.</summary>
internal sealed record FusedParameters(Tensor Move, Tensor Weight, TokenNorm Norm, Tensor Move1, Tensor Slope, Tensor Move2);

/// <summary>A whole binary layer in training on the processor as one node of the autograd graph:
/// <c>RPReLU(norm(linear(sign(x + move), sign(W))) + shortcut(x))</c>. The same mathematics as <see cref="ShiftSign"/>, <see cref="WeightSign"/>,
/// a batch norm and <see cref="RPReLUFunction"/>, but each pass over the tokens does all that can be done in it; eager torch is bound by
/// memory here, not by its matrix products. Those run on signs alone, with mixed precision in bfloat16: up to 512 inputs the integer sums are
/// exact.</summary>
internal sealed class FusedBranch : autograd.SingleTensorFunction<FusedBranch>
{
    /// <summary>Whether products of this thread are computed in bfloat16: libtorch has slow ones where the processor has none.</summary>
    internal static bool BFloat16 => MixedPrecision.On && MixedPrecision.Native;

    public override string Name => nameof(FusedBranch);

    /// <summary>Whether the fused kernels are used at all; <c>EDGEVIT_TRAIN_KERNELS=torch</c> turns them off.</summary>
    internal static bool Enabled { get; set; } = Environment.GetEnvironmentVariable("EDGEVIT_TRAIN_KERNELS") != "torch";

    /// <summary>Whether the kernels serve these tensors.</summary>
    internal static bool Serves(Tensor x, LatentWeight weight, Shortcut shortcut) =>
        Enabled && x.device_type == DeviceType.CPU && ReferenceEquals(x, shortcut.Value) && x.dtype == ScalarType.Float32
        && x.shape[1] % Lanes.Count == 0 && weight.weight.shape[0] % Lanes.Count == 0 && GroupLanes.Serves(shortcut.Factor);

    /// <summary>Tokens <c>[M, K]</c> → <c>[M, O]</c>; updates the norm's running statistics. With windows, which must leave as many tokens, the weight is
    /// of k*k tokens each.</summary>
    internal static Tensor Apply(Tensor x, Tensor move, Tensor weight, TokenNorm norm, Tensor move1, Tensor slope, Tensor move2, Shortcut shortcut,
        BinarizationMode mode, WindowRows? windows = null)
    {
        norm.CountBatch();
        return apply(
            x.contiguous(), new FusedParameters(move, weight, norm, move1, slope, move2),
            new FusedOptions(shortcut.Kind, shortcut.Factor, norm.Eps, norm.Momentum, mode, new NormProcesses(norm.Group), BFloat16, windows));
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) => ((FusedOptions)vars[2]).BFloat16 ? Forward<BFloat16Lanes>(ctx, vars) : Forward<Float32Lanes>(ctx, vars);

    /// <summary>The gradient of x; those of the parameters are added to theirs.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using Tensor gradient = grad_output.contiguous();
        Tensor byInput = ((FusedOptions)ctx.get_data("options")!).BFloat16 ? Backward<BFloat16Lanes>(ctx, gradient) : Backward<Float32Lanes>(ctx, gradient);
        grad_output.Dispose();
        return [byInput, null!, null!];
    }

    private static Tensor Forward<T>(autograd.AutogradContext ctx, object[] vars) where T : struct, ILanes
    {
        var x = (Tensor)vars[0];
        (Tensor move, Tensor weight, TokenNorm module, Tensor move1, Tensor slope, Tensor move2) = (FusedParameters)vars[1];
        var options = (FusedOptions)vars[2];

        Tensor signs = BranchKernels<T>.Signs(x, move);
        SignedWeight signed = WeightKernels<T>.Sign(weight, options.Mode.FloatWeights);
        Tensor products = Product<T>(options.Windows, signs, signed.Signs);          // [M, O], integers where the weight is signs
        (double[] moments, long rows) = options.Group.Sum(BranchKernels<T>.Moments(products), x.shape[0]);
        var norm = NormTerms.Of(moments, rows, signed.Scales, Lanes.Floats(module.weight), Lanes.Floats(module.bias), Lanes.Floats(move1), options.Eps);
        norm.Update(Lanes.Floats(module.running_mean), Lanes.Floats(module.running_var), signed.Scales, rows, options.Momentum);
        Tensor result = BranchKernels<T>.Activate(products, x, options.Kind, options.Factor, norm.Scale, norm.Offset, slope, move2);
        ctx.save_for_backward([x]);
        ctx.save_data("parameters", vars[1]);
        ctx.save_data("kept", new SavedTensors(signs, products, signed.Signs));
        ctx.save_data("norm", norm);
        ctx.save_data("signed", signed);
        ctx.save_data("options", options);
        return result;
    }

    private static Tensor Backward<T>(autograd.AutogradContext ctx, Tensor gradient) where T : struct, ILanes
    {
        using Tensor x = ctx.get_saved_variables()[0];
        var parameters = (FusedParameters)ctx.get_data("parameters")!;
        var kept = (SavedTensors)ctx.get_data("kept")!;
        (Tensor signs, Tensor products) = (kept[0], kept[1]);
        var norm = (NormTerms)ctx.get_data("norm")!;
        var signed = (SignedWeight)ctx.get_data("signed")!;
        var options = (FusedOptions)ctx.get_data("options")!;
        int o = norm.Scale.Length;

        (Tensor byArgument, double[] sums) = BranchKernels<T>.Deactivate(
            gradient, products, x, options.Kind, options.Factor, norm.Scale, norm.Offset, parameters.Slope);
        using Tensor argument = byArgument;
        NormGradient terms = norm.Gradient(sums.AsSpan(2 * o, o), sums.AsSpan(3 * o, o), x.shape[0], options.Group);
        using Tensor byProducts = BranchKernels<T>.ProductGradient(argument, products, terms.A, terms.B, terms.C);
        (Tensor tokenGradient, Tensor weightGradient) = ProductGradient<T>(options.Windows, byProducts, signs, signed.Signs);
        using Tensor bySigns = tokenGradient, byWeightSigns = weightGradient;        // [M, K], [O, K]
        WeightKernels<T>.AddGradient(byWeightSigns, parameters.Weight, signed);
        (Tensor byInput, double[] byMove) = BranchKernels<T>.InputGradient(
            bySigns, x, parameters.Move, argument, options.Kind, options.Factor, options.Mode.Surrogate);
        LeafGradient.Add(parameters.Move, byMove);
        LeafGradient.Add(parameters.Norm.weight, terms.ByScale);
        LeafGradient.Add(parameters.Norm.bias, sums.AsSpan(2 * o, o));
        LeafGradient.Add(parameters.Move1, sums.AsSpan(2 * o, o), -1);
        LeafGradient.Add(parameters.Slope, sums.AsSpan(o, o));
        LeafGradient.Add(parameters.Move2, sums.AsSpan(0, o));
        kept.Release();
        return byInput;
    }

    private static Tensor Product<T>(WindowRows? windows, Tensor signs, Tensor weight) where T : struct, ILanes
    {
        if (windows is not null)
        {
            return WindowKernels<T>.Product(windows, signs, weight);
        }

        using Tensor columns = weight.t();
        return torch.mm(signs, columns);
    }

    private static (Tensor BySigns, Tensor ByWeight) ProductGradient<T>(WindowRows? windows, Tensor byProducts, Tensor signs, Tensor weight) where T : struct, ILanes
    {
        if (windows is not null)
        {
            return WindowKernels<T>.Gradient(windows, byProducts, signs, weight);
        }

        using Tensor columns = byProducts.t();
        return (torch.mm(byProducts, weight), torch.mm(columns, signs));
    }

    internal static Tensor Vector(ReadOnlySpan<double> values, float factor = 1)
    {
        float[] result = new float[values.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = (float)values[i] * factor;
        }

        return torch.tensor(result);
    }
}

/// <summary>The coefficients of a batch norm of products <c>p</c> with weight scales: <c>y = Scale * p + Offset</c>.</summary>
/// <param name="Scale">gamma * Unit.</param>
/// <param name="Offset">Everything constant, less the following RPReLU's first shift.</param>
/// <param name="Unit">Weight scale / deviation: <c>(p - Mean) * Unit</c> is normalised.</param>
/// <param name="Mean">Batch mean of the products.</param>
/// <param name="Variance">Batch variance of the products, biased.</param>
internal sealed record NormTerms(float[] Scale, float[] Offset, double[] Unit, double[] Mean, double[] Variance)
{
    /// <summary>From sums and sums of squares over <paramref name="rows"/> rows.</summary>
    internal static NormTerms Of(
        double[] moments, long rows, ReadOnlySpan<float> scales, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, ReadOnlySpan<float> move1, double eps)
    {
        int o = gamma.Length;
        var terms = new NormTerms(new float[o], new float[o], new double[o], new double[o], new double[o]);
        for (int c = 0; c < o; c++)
        {
            double scale = scales.IsEmpty ? 1 : scales[c];
            double mean = moments[c] / rows;
            double variance = Math.Max(0, (moments[o + c] / rows) - (mean * mean));
            double unit = scale / Math.Sqrt((scale * scale * variance) + eps);
            double factor = gamma[c] * unit;
            terms.Mean[c] = mean;
            terms.Variance[c] = variance;
            terms.Unit[c] = unit;
            terms.Scale[c] = (float)factor;
            terms.Offset[c] = (float)(beta[c] - (factor * mean) - (move1.IsEmpty ? 0 : move1[c]));
        }
        return terms;
    }

    /// <summary>Of tokens <c>[M, C]</c> with a module's gamma and beta, whose running statistics move.</summary>
    internal static NormTerms Of(Tensor x, TokenNorm module, NormProcesses group, ReadOnlySpan<float> move1)
    {
        (double[] moments, long rows) = group.Sum(BranchKernels<Float32Lanes>.Moments(x), x.shape[0]);
        NormTerms terms = Of(moments, rows, [], Lanes.Floats(module.weight), Lanes.Floats(module.bias), move1, module.Eps);
        terms.Update(Lanes.Floats(module.running_mean), Lanes.Floats(module.running_var), [], rows, module.Momentum);
        return terms;
    }

    /// <summary>Moves running statistics towards the batch's, as torch does: the variance unbiased.</summary>
    internal void Update(Span<float> runningMean, Span<float> runningVariance, ReadOnlySpan<float> scales, long rows, double momentum)
    {
        double unbiased = rows / Math.Max(1.0, rows - 1);
        for (int c = 0; c < Mean.Length; c++)
        {
            double scale = scales.IsEmpty ? 1 : scales[c];
            runningMean[c] = (float)(((1 - momentum) * runningMean[c]) + (momentum * scale * Mean[c]));
            runningVariance[c] = (float)(((1 - momentum) * runningVariance[c]) + (momentum * scale * scale * Variance[c] * unbiased));
        }
    }

    /// <summary>The backward pass from this process's sums of the gradient and of gradient times products. That of gamma is of this process's rows,
    /// as those of all processes are summed later; the products' needs all rows now.</summary>
    internal NormGradient Gradient(ReadOnlySpan<double> ownSum, ReadOnlySpan<double> ownProducts, long ownRows, NormProcesses group)
    {
        int o = Scale.Length;
        (double[] sums, long rows) = group.Sum([.. ownSum, .. ownProducts], ownRows);
        ReadOnlySpan<double> sum = sums.AsSpan(0, o);
        ReadOnlySpan<double> sumProducts = sums.AsSpan(o);
        var terms = new NormGradient(new float[o], new float[o], new float[o], new double[o]);
        for (int c = 0; c < o; c++)
        {
            double byScale = Unit[c] * (sumProducts[c] - (Mean[c] * sum[c]));
            double slope = Unit[c] * byScale / rows;
            terms.ByScale[c] = Unit[c] * (ownProducts[c] - (Mean[c] * ownSum[c]));
            terms.A[c] = Scale[c];
            terms.B[c] = (float)(-Scale[c] * slope);
            terms.C[c] = (float)(Scale[c] * ((Mean[c] * slope) - (sum[c] / rows)));
        }
        return terms;
    }
}

/// <summary>The gradient of the products is <c>A * g + B * p + C</c>; <c>ByScale</c> is that of gamma.</summary>
internal sealed record NormGradient(float[] A, float[] B, float[] C, double[] ByScale);

/// <summary>Whose rows the statistics of a norm are of.</summary>
/// <param name="Group">The processes; null for this one alone.</param>
internal sealed record NormProcesses(ProcessGroup? Group)
{
    /// <summary>Sums of all rows from those of this process's.</summary>
    internal (double[] Sums, long Rows) Sum(double[] sums, long rows)
    {
        if (Group is null)
        {
            return (sums, rows);
        }

        double[] all = [.. sums, rows];
        Group.Sum(all);
        return (all[..^1], (long)all[^1]);
    }
}
