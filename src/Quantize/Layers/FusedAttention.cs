using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Binary attention in training on the processor as one node: the signs of q, k and v, integer scores, softmax, attention levels, context.
/// The same mathematics as <see cref="ShiftSign"/> and <see cref="AttentionBits"/>; the probabilities are recomputed, not kept.</summary>
internal sealed class FusedAttention : autograd.SingleTensorFunction<FusedAttention>
{
    public override string Name => nameof(FusedAttention);

    /// <summary>Whether the kernels serve these tensors; sums of signs, times levels, must be exact in the products' type.</summary>
    internal static bool Serves(Tensor q, long keys, int headSize, int levels) =>
        FusedBranch.Enabled && q.device_type == DeviceType.CPU && q.dtype == ScalarType.Float32 && headSize % Lanes.Count == 0 && headSize <= 256
        && keys % Lanes.Count == 0 && keys * levels <= 256;

    /// <summary>Query tokens <c>[B*N, C]</c>, key and value tokens <c>[B*Nk, C]</c>, their shifts <c>[C]</c>, the logarithm of clip <c>[h]</c>, the
    /// temperature <c>[h]</c> or null for 1, what is added to the products of signs <c>[h, N, Nk]</c> or null, the zero
    /// points <c>[h]</c> or null → context <c>[B*N, C]</c>.</summary>
    internal static Tensor Apply(
        Tensor q, Tensor k, Tensor v, Tensor moveq, Tensor movek, Tensor movev, Tensor clipLog, Tensor? temperature, Tensor? bias, Tensor? zero, HeadLayout layout, int levels, bool maskDiagonal,
        Surrogate surrogate) =>
        apply(q.contiguous(), k.contiguous(), v.contiguous(), clipLog.contiguous(), temperature?.contiguous()!, new FusedMoves(moveq, movek, movev), layout, surrogate,
            FusedBranch.BFloat16, levels, maskDiagonal, bias?.contiguous()!, zero?.contiguous()!);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) =>
        (bool)vars[8] ? Forward<BFloat16Lanes>(ctx, vars) : Forward<Float32Lanes>(ctx, vars);

    /// <summary>Gradients of q, k, v, the logarithm of clip, the temperature, the bias and the zero points; those of the shifts are added to theirs.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using Tensor gradient = grad_output.contiguous();
        List<Tensor> result = (bool)ctx.get_data("bfloat16")! ? Backward<BFloat16Lanes>(ctx, gradient) : Backward<Float32Lanes>(ctx, gradient);
        grad_output.Dispose();
        return result;
    }

    private static Tensor Forward<T>(autograd.AutogradContext ctx, object[] vars) where T : struct, ILanes
    {
        (Tensor moveq, Tensor movek, Tensor movev) = (FusedMoves)vars[5];
        var layout = (HeadLayout)vars[6];
        float[] clip = [.. Lanes.Floats((Tensor)vars[3]).ToArray().Select(MathF.Exp)];
        var form = new AttentionForm(layout, clip, (int)vars[9], vars[4] is Tensor temperature ? Lanes.Floats(temperature).ToArray() : null, (bool)vars[10],
            vars[11] is Tensor bias ? Lanes.Floats(bias).ToArray() : null, vars[12] is Tensor zero ? Lanes.Floats(zero).ToArray() : null);
        Tensor q = AttentionKernels<T>.ToHeads((Tensor)vars[0], moveq, layout);                   // [B*h, N, d]
        Tensor k = AttentionKernels<T>.ToHeads((Tensor)vars[1], movek, layout);                   // [B*h, Nk, d]
        Tensor v = AttentionKernels<T>.ToHeads((Tensor)vars[2], movev, layout);
        using Tensor columns = k.transpose(1, 2);
        Tensor scores = torch.bmm(q, columns);                                                    // integers [B*h, N, Nk]
        Tensor level = AttentionKernels<T>.Levels(scores, form);
        using Tensor heads = torch.bmm(level, v);
        ctx.save_for_backward([(Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2]]);
        ctx.save_data("kept", new SavedTensors(q, k, v, scores, level));
        ctx.save_data("moves", vars[5]);
        ctx.save_data("form", form);
        ctx.save_data("surrogate", vars[7]);
        ctx.save_data("bfloat16", vars[8]);
        return AttentionKernels<T>.ToTokens(heads, layout, clip);                                 // [B*N, C]
    }

    private static List<Tensor> Backward<T>(autograd.AutogradContext ctx, Tensor gradient) where T : struct, ILanes
    {
        List<Tensor> saved = ctx.get_saved_variables();
        var kept = (SavedTensors)ctx.get_data("kept")!;
        (Tensor q, Tensor k, Tensor v, Tensor scores, Tensor level) = (kept[0], kept[1], kept[2], kept[3], kept[4]);
        var form = (AttentionForm)ctx.get_data("form")!;
        var moves = (FusedMoves)ctx.get_data("moves")!;
        (HeadLayout layout, float[] clip) = (form.Layout, form.Clip);
        var surrogate = (Surrogate)ctx.get_data("surrogate")!;
        float[] ones = [.. Enumerable.Repeat(1f, layout.Heads)];

        using Tensor byContext = AttentionKernels<T>.ToHeads(gradient, null, layout);             // [B*h, N, d]
        using Tensor vColumns = v.transpose(1, 2), levelColumns = level.transpose(1, 2);
        using Tensor byAttention = torch.bmm(byContext, vColumns);
        (Tensor byScores, double[] byHead) = AttentionKernels<T>.LevelsGradient(byAttention, scores, form);
        using Tensor scoreColumns = byScores.transpose(1, 2);
        using Tensor byV = torch.bmm(levelColumns, byContext);                                    // [B*h, Nk, d]
        using Tensor byQ = torch.bmm(byScores, k);
        using Tensor byK = torch.bmm(scoreColumns, q);
        (Tensor gq, double[] moveq) = AttentionKernels<T>.SignGradient(byQ, saved[0], moves.Query, layout, ones, surrogate);
        (Tensor gk, double[] movek) = AttentionKernels<T>.SignGradient(byK, saved[1], moves.Key, layout, ones, surrogate);
        (Tensor gv, double[] movev) = AttentionKernels<T>.SignGradient(byV, saved[2], moves.Value, layout, clip, surrogate);
        LeafGradient.Add(moves.Query, moveq);
        LeafGradient.Add(moves.Key, movek);
        LeafGradient.Add(moves.Value, movev);
        Tensor? byBias = form.Bias is null ? null : byScores.view(layout.Batch, layout.Heads, byScores.shape[1], byScores.shape[2]).sum([0L], type: ScalarType.Float32);
        byScores.Dispose();
        kept.Release();
        foreach (Tensor tensor in saved)
        {
            tensor.Dispose();
        }

        double[] byClip = [.. clip.Select((c, h) => byHead[h] * c)];
        Tensor? byTemperature = form.Temperature is null ? null : FusedBranch.Vector(byHead[layout.Heads..(2 * layout.Heads)]);
        Tensor? byZero = form.Zero is null ? null : FusedBranch.Vector([.. clip.Select((c, h) => -c * byHead[(2 * layout.Heads) + h])]);
        return [gq, gk, gv, FusedBranch.Vector(byClip), byTemperature!, null!, null!, null!, null!, null!, null!, byBias!, byZero!];
    }
}

/// <summary>The shifts of attention's signs; gradients are added to theirs.</summary>
internal sealed record FusedMoves(Tensor Query, Tensor Key, Tensor Value);
