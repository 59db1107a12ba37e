using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A batch norm of float tokens in training on the processor, two passes each way.</summary>
internal sealed class FusedNorm : autograd.SingleTensorFunction<FusedNorm>
{
    /// <inheritdoc/>
    public override string Name => nameof(FusedNorm);

    /// <summary>Whether the kernels serve these tokens.</summary>
    internal static bool Serves(Tensor x) =>
        FusedBranch.Enabled && x.device_type == DeviceType.CPU && x.dtype == ScalarType.Float32 && x.dim() == 2 && x.shape[1] % Lanes.Count == 0;

    /// <summary>Tokens <c>[M, C]</c> → <c>[M, C]</c>; updates the running statistics.</summary>
    internal static Tensor Apply(Tensor x, TokenNorm norm)
    {
        norm.CountBatch();
        return apply(x.contiguous(), norm.weight, norm.bias, norm.running_mean, norm.running_var, norm.Eps, norm.Momentum, new NormWorld(norm.World));
    }

    /// <summary>(x, gamma, beta, running mean, running variance, eps, momentum, processes) → normalised.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var x = (Tensor)vars[0];
        (double[] moments, long rows) = ((NormWorld)vars[7]).Sum(BranchKernels<Single32>.Moments(x), x.shape[0]);
        var norm = NormTerms.Of(moments, rows, [], Lanes.Floats((Tensor)vars[1]), Lanes.Floats((Tensor)vars[2]), [], (double)vars[5]);
        norm.Update(Lanes.Floats((Tensor)vars[3]), Lanes.Floats((Tensor)vars[4]), [], rows, (double)vars[6]);
        ctx.save_for_backward([x]);
        ctx.save_data("norm", norm);
        ctx.save_data("world", vars[7]);
        return NormKernels.Affine(x, norm.Scale, norm.Offset);
    }

    /// <summary>Gradients of x, gamma and beta.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        Tensor x = ctx.get_saved_variables()[0];
        var norm = (NormTerms)ctx.get_data("norm")!;
        Tensor gradient = grad_output.contiguous();
        int channels = norm.Scale.Length;
        double[] sums = NormKernels.GradientSums(gradient, x);
        NormGradient terms = norm.Gradient(sums.AsSpan(0, channels), sums.AsSpan(channels), x.shape[0], (NormWorld)ctx.get_data("world")!);
        return
        [
            BranchKernels<Single32>.ProductGradient(gradient, x, terms.A, terms.B, terms.C),
            FusedBranch.Vector(terms.ByScale), FusedBranch.Vector(sums.AsSpan(0, channels)), null!, null!, null!, null!, null!,
        ];
    }
}

/// <summary><c>RPReLU(norm(x) + shortcut)</c> of float tokens in training on the processor; the shortcut is a tensor of its own.</summary>
internal sealed class FusedActivation : autograd.SingleTensorFunction<FusedActivation>
{
    /// <inheritdoc/>
    public override string Name => nameof(FusedActivation);

    /// <summary>Tokens <c>[M, C]</c> and <c>[M, C]</c> → <c>[M, C]</c>; updates the running statistics.</summary>
    internal static Tensor Apply(Tensor x, Tensor shortcut, TokenNorm norm, RPReLU activation)
    {
        norm.CountBatch();
        return apply(x.contiguous(), shortcut.contiguous(), norm.weight, norm.bias, activation.move1, activation.prelu.weight, activation.move2,
            norm.running_mean, norm.running_var, norm.Eps, norm.Momentum, new NormWorld(norm.World));
    }

    /// <summary>(x, shortcut, gamma, beta, move1, slope, move2, running mean, running variance, eps, momentum, processes) → y.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var x = (Tensor)vars[0];
        var shortcut = (Tensor)vars[1];
        var slope = (Tensor)vars[5];
        (double[] moments, long rows) = ((NormWorld)vars[11]).Sum(BranchKernels<Single32>.Moments(x), x.shape[0]);
        var norm = NormTerms.Of(
            moments, rows, [], Lanes.Floats((Tensor)vars[2]), Lanes.Floats((Tensor)vars[3]), Lanes.Floats((Tensor)vars[4]), (double)vars[9]);
        norm.Update(Lanes.Floats((Tensor)vars[7]), Lanes.Floats((Tensor)vars[8]), [], rows, (double)vars[10]);
        ctx.save_for_backward([x, shortcut, slope]);
        ctx.save_data("norm", norm);
        ctx.save_data("world", vars[11]);
        return BranchKernels<Single32>.Activate(x, shortcut, ShortcutKind.Same, 1, norm.Scale, norm.Offset, slope, (Tensor)vars[6]);
    }

    /// <summary>Gradients of x, shortcut, gamma, beta, move1, slope and move2.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        List<Tensor> saved = ctx.get_saved_variables();
        var norm = (NormTerms)ctx.get_data("norm")!;
        int c = norm.Scale.Length;
        (Tensor byArgument, double[] sums) = BranchKernels<Single32>.Deactivate(
            grad_output.contiguous(), saved[0], saved[1], ShortcutKind.Same, 1, norm.Scale, norm.Offset, saved[2]);
        NormGradient terms = norm.Gradient(sums.AsSpan(2 * c, c), sums.AsSpan(3 * c, c), saved[0].shape[0], (NormWorld)ctx.get_data("world")!);
        return
        [
            BranchKernels<Single32>.ProductGradient(byArgument, saved[0], terms.A, terms.B, terms.C), byArgument,
            FusedBranch.Vector(terms.ByScale), FusedBranch.Vector(sums.AsSpan(2 * c, c)), FusedBranch.Vector(sums.AsSpan(2 * c, c), -1),
            FusedBranch.Vector(sums.AsSpan(c, c)), FusedBranch.Vector(sums.AsSpan(0, c)), null!, null!, null!, null!, null!,
        ];
    }
}

/// <summary>The end of a sub-layer in training on the processor: residual + LayerScale, and for the feed-forward network the four
/// branches with theirs.</summary>
internal sealed class FusedResidual : autograd.SingleTensorFunction<FusedResidual>
{
    /// <inheritdoc/>
    public override string Name => nameof(FusedResidual);

    /// <summary><c>x + scale(y)</c>.</summary>
    internal static Tensor Apply(Tensor x, Tensor y, LayerScale scale) => apply(x.contiguous(), y.contiguous(), scale.alpha, scale.move);

    /// <summary><c>x + scale(y) + sum over branches of scale_b(branch_b(tokens))</c>; branches in the order of <see cref="BlockBranch.Of"/>.</summary>
    internal static Tensor Apply(Tensor x, Tensor y, LayerScale scale, Tensor tokens, TokenGrid grid, BranchKind kind, IReadOnlyList<LayerScale> branches) =>
        apply([
            x.contiguous(), y.contiguous(), scale.alpha, scale.move, tokens.contiguous(),
            .. branches.Select(b => b.alpha), .. branches.Select(b => b.move), grid, kind,
        ]);

    /// <summary>See the two forms of Apply.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var x = (Tensor)vars[0];
        var y = (Tensor)vars[1];
        float[] alpha = Lanes.Floats((Tensor)vars[2]).ToArray();
        float[] move = Lanes.Floats((Tensor)vars[3]).ToArray();
        if (vars.Length == 4)
        {
            ctx.save_for_backward([y, (Tensor)vars[2]]);
            return NormKernels.Residual(x, y, alpha, move);
        }

        int channels = alpha.Length;
        var grid = (TokenGrid)vars[13];
        var kind = (BranchKind)vars[14];
        float[] weights = new float[NeighbourKernels.Branches * channels];
        for (int b = 0; b < NeighbourKernels.Branches; b++)
        {
            Lanes.Floats((Tensor)vars[5 + b]).CopyTo(weights.AsSpan(b * channels));
            ReadOnlySpan<float> more = Lanes.Floats((Tensor)vars[9 + b]);
            for (int c = 0; c < channels; c++)
                move[c] += more[c];
        }
        ctx.save_for_backward([y, (Tensor)vars[2], (Tensor)vars[4]]);
        ctx.save_data("weights", weights);
        ctx.save_data("grid", grid);
        ctx.save_data("kind", kind);
        return NeighbourKernels.Mix(kind, (Tensor)vars[4], grid, weights, x, y, alpha, move);
    }

    /// <summary>Gradients in the order of the inputs.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        List<Tensor> saved = ctx.get_saved_variables();
        Tensor gradient = grad_output.contiguous();
        float[] alpha = Lanes.Floats(saved[1]).ToArray();
        int channels = alpha.Length;
        double[] sums = NormKernels.GradientSums(gradient, saved[0]);
        Tensor byMove = FusedBranch.Vector(sums.AsSpan(0, channels));
        List<Tensor> result = [gradient, NormKernels.Affine(gradient, alpha, new float[channels]), FusedBranch.Vector(sums.AsSpan(channels)), byMove];
        if (saved.Count == 2)
            return result;

        var grid = (TokenGrid)ctx.get_data("grid")!;
        var kind = (BranchKind)ctx.get_data("kind")!;
        result.Add(NeighbourKernels.TokenGradient(kind, gradient, grid, (float[])ctx.get_data("weights")!));
        double[] byWeights = NeighbourKernels.WeightGradient(kind, gradient, saved[2], grid);
        for (int b = 0; b < NeighbourKernels.Branches; b++)
            result.Add(FusedBranch.Vector(byWeights.AsSpan(b * channels, channels)));
        result.AddRange([byMove, byMove, byMove, byMove, null!, null!]);
        return result;
    }
}
