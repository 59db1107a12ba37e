using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A batch norm of float tokens in training on the processor, two passes each way.</summary>
internal sealed class FusedNorm : autograd.SingleTensorFunction<FusedNorm>
{
    public override string Name => nameof(FusedNorm);

    /// <summary>Whether the kernels serve these tokens.</summary>
    internal static bool Serves(Tensor x) =>
        FusedBranch.Enabled && x.device_type == DeviceType.CPU && x.dtype == ScalarType.Float32 && x.dim() == 2 && x.shape[1] % Lanes.Count == 0;

    /// <summary>Tokens <c>[M, C]</c> → <c>[M, C]</c>; updates the running statistics.</summary>
    internal static Tensor Apply(Tensor x, TokenNorm norm)
    {
        norm.CountBatch();
        return apply(x.contiguous(), norm, new NormProcesses(norm.Group));
    }

    /// <summary>(x, norm, processes) → normalised.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var x = (Tensor)vars[0];
        NormTerms norm = NormTerms.Of(x, (TokenNorm)vars[1], (NormProcesses)vars[2], []);
        ctx.save_for_backward([x]);
        ctx.save_data("module", vars[1]);
        ctx.save_data("norm", norm);
        ctx.save_data("group", vars[2]);
        return NormKernels.Affine(x, norm.Scale, norm.Offset);
    }

    /// <summary>The gradient of x; those of gamma and beta are added to theirs.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using Tensor x = ctx.get_saved_variables()[0];
        var module = (TokenNorm)ctx.get_data("module")!;
        var norm = (NormTerms)ctx.get_data("norm")!;
        using Tensor gradient = grad_output.contiguous();
        int channels = norm.Scale.Length;
        double[] sums = NormKernels.GradientSums(gradient, x);
        NormGradient terms = norm.Gradient(sums.AsSpan(0, channels), sums.AsSpan(channels), x.shape[0], (NormProcesses)ctx.get_data("group")!);
        Tensor byInput = BranchKernels<Float32Lanes>.ProductGradient(gradient, x, terms.A, terms.B, terms.C);
        LeafGradient.Add(module.weight, terms.ByScale);
        LeafGradient.Add(module.bias, sums.AsSpan(0, channels));
        grad_output.Dispose();
        return [byInput, null!, null!];
    }
}

/// <summary><c>RPReLU(norm(x) + shortcut)</c> of float tokens in training on the processor; the shortcut is a tensor of its own.</summary>
internal sealed class FusedActivation : autograd.SingleTensorFunction<FusedActivation>
{
    public override string Name => nameof(FusedActivation);

    /// <summary>Tokens <c>[M, C]</c> and <c>[M, C]</c> → <c>[M, C]</c>; updates the running statistics.</summary>
    internal static Tensor Apply(Tensor x, Tensor shortcut, TokenNorm norm, RPReLU activation)
    {
        norm.CountBatch();
        return apply(x.contiguous(), shortcut.contiguous(), norm, activation, new NormProcesses(norm.Group));
    }

    /// <summary>(x, shortcut, norm, activation, processes) → y.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        (var x, var shortcut, var activation) = ((Tensor)vars[0], (Tensor)vars[1], (RPReLU)vars[3]);
        NormTerms norm = NormTerms.Of(x, (TokenNorm)vars[2], (NormProcesses)vars[4], Lanes.Floats(activation.move1));
        ctx.save_for_backward([x, shortcut]);
        ctx.save_data("module", vars[2]);
        ctx.save_data("activation", activation);
        ctx.save_data("norm", norm);
        ctx.save_data("group", vars[4]);
        return BranchKernels<Float32Lanes>.Activate(x, shortcut, ShortcutKind.Same, 1, norm.Scale, norm.Offset, activation.prelu.weight, activation.move2);
    }

    /// <summary>Gradients of x and shortcut; those of the parameters are added to theirs.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        List<Tensor> saved = ctx.get_saved_variables();
        using Tensor x = saved[0], shortcut = saved[1], gradient = grad_output.contiguous();
        (var module, var activation) = ((TokenNorm)ctx.get_data("module")!, (RPReLU)ctx.get_data("activation")!);
        var norm = (NormTerms)ctx.get_data("norm")!;
        int c = norm.Scale.Length;
        (Tensor byArgument, double[] sums) = BranchKernels<Float32Lanes>.Deactivate(
            gradient, x, shortcut, ShortcutKind.Same, 1, norm.Scale, norm.Offset, activation.prelu.weight);
        NormGradient terms = norm.Gradient(sums.AsSpan(2 * c, c), sums.AsSpan(3 * c, c), x.shape[0], (NormProcesses)ctx.get_data("group")!);
        LeafGradient.Add(module.weight, terms.ByScale);
        LeafGradient.Add(module.bias, sums.AsSpan(2 * c, c));
        LeafGradient.Add(activation.move1, sums.AsSpan(2 * c, c), -1);
        LeafGradient.Add(activation.prelu.weight, sums.AsSpan(c, c));
        LeafGradient.Add(activation.move2, sums.AsSpan(0, c));
        Tensor byInput = BranchKernels<Float32Lanes>.ProductGradient(byArgument, x, terms.A, terms.B, terms.C);
        grad_output.Dispose();
        return [byInput, byArgument, null!, null!, null!];
    }
}

/// <summary>The end of a sub-layer in training on the processor: residual + LayerScale, and for the feed-forward network the four
/// branches with theirs.</summary>
internal sealed class FusedResidual : autograd.SingleTensorFunction<FusedResidual>
{
    public override string Name => nameof(FusedResidual);

    /// <summary><c>x + scale(y)</c>.</summary>
    internal static Tensor Apply(Tensor x, Tensor y, LayerScale scale) => apply(x.contiguous(), y.contiguous(), scale);

    /// <summary><c>x + scale(y) + sum over branches of scale_b(branch_b(tokens))</c>; branches in the order of <see cref="BlockBranch.Of"/>.</summary>
    internal static Tensor Apply(Tensor x, Tensor y, LayerScale scale, Tensor tokens, TokenGrid grid, BranchKind kind, IReadOnlyList<LayerScale> branches) =>
        apply(x.contiguous(), y.contiguous(), scale, tokens.contiguous(), branches, grid, kind);

    /// <summary>See the two forms of Apply.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        (var x, var y, var layerScale) = ((Tensor)vars[0], (Tensor)vars[1], (LayerScale)vars[2]);
        float[] alpha = Lanes.Floats(layerScale.alpha).ToArray();
        float[] move = Lanes.Floats(layerScale.move).ToArray();
        ctx.save_data("scale", layerScale);
        if (vars.Length == 3)
        {
            ctx.save_for_backward([y]);
            return NormKernels.Residual(x, y, alpha, move);
        }

        int channels = alpha.Length;
        (var tokens, var branches, var grid, var kind) = ((Tensor)vars[3], (IReadOnlyList<LayerScale>)vars[4], (TokenGrid)vars[5], (BranchKind)vars[6]);
        float[] weights = new float[NeighbourKernels.Branches * channels];
        for (int b = 0; b < NeighbourKernels.Branches; b++)
        {
            Lanes.Floats(branches[b].alpha).CopyTo(weights.AsSpan(b * channels));
            ReadOnlySpan<float> more = Lanes.Floats(branches[b].move);
            for (int c = 0; c < channels; c++)
            {
                move[c] += more[c];
            }
        }
        ctx.save_for_backward([y, tokens]);
        ctx.save_data("branches", branches);
        ctx.save_data("weights", weights);
        ctx.save_data("grid", grid);
        ctx.save_data("kind", kind);
        return NeighbourKernels.Mix(kind, tokens, grid, weights, x, y, alpha, move);
    }

    /// <summary>Gradients of x, y and tokens; those of the scales are added to theirs.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        List<Tensor> saved = ctx.get_saved_variables();
        using Tensor y = saved[0];
        Tensor gradient = grad_output.contiguous();
        var layerScale = (LayerScale)ctx.get_data("scale")!;
        float[] alpha = Lanes.Floats(layerScale.alpha).ToArray();
        int channels = alpha.Length;
        double[] sums = NormKernels.GradientSums(gradient, y);
        LeafGradient.Add(layerScale.alpha, sums.AsSpan(channels));
        LeafGradient.Add(layerScale.move, sums.AsSpan(0, channels));
        Tensor byInput = NormKernels.Affine(gradient, alpha, new float[channels]);
        if (saved.Count == 1)
        {
            return [gradient, byInput, null!];
        }

        using Tensor tokens = saved[1];
        var grid = (TokenGrid)ctx.get_data("grid")!;
        var kind = (BranchKind)ctx.get_data("kind")!;
        var branches = (IReadOnlyList<LayerScale>)ctx.get_data("branches")!;
        double[] byWeights = NeighbourKernels.WeightGradient(kind, gradient, tokens, grid);
        for (int b = 0; b < NeighbourKernels.Branches; b++)
        {
            LeafGradient.Add(branches[b].alpha, byWeights.AsSpan(b * channels, channels));
            LeafGradient.Add(branches[b].move, sums.AsSpan(0, channels));
        }
        return [gradient, byInput, null!, NeighbourKernels.TokenGradient(kind, gradient, grid, (float[])ctx.get_data("weights")!), null!, null!, null!];
    }
}
