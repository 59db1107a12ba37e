using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Binary attention in training on the processor as one node: the signs of q, k and v, integer scores, softmax, attention levels, context.
/// The same mathematics as <see cref="ShiftSign"/> and <see cref="AttentionBits"/>; the probabilities are recomputed, not kept.</summary>
internal sealed class FusedAttention : autograd.SingleTensorFunction<FusedAttention>
{
    /// <inheritdoc/>
    public override string Name => nameof(FusedAttention);

    /// <summary>Whether the kernels serve these tensors; sums of signs, times levels, must be exact in the products' type.</summary>
    internal static bool Serves(Tensor q, long keys, int headSize, int levels) =>
        FusedBranch.Enabled && q.device_type == DeviceType.CPU && q.dtype == ScalarType.Float32 && headSize % Lanes.Count == 0 && headSize <= 256
        && keys % Lanes.Count == 0 && keys * levels <= 256;

    /// <summary>Query tokens <c>[B*N, C]</c>, key and value tokens <c>[B*Nk, C]</c>, their shifts <c>[C]</c>, the logarithm of clip <c>[h]</c>, the
    /// temperature <c>[h]</c> or null for 1 → context <c>[B*N, C]</c>.</summary>
    internal static Tensor Apply(
        Tensor q, Tensor k, Tensor v, Tensor moveq, Tensor movek, Tensor movev, Tensor clipLog, Tensor? temperature, HeadLayout layout, int levels, bool maskDiagonal,
        Surrogate surrogate) =>
        apply(q.contiguous(), k.contiguous(), v.contiguous(), moveq, movek, movev, clipLog.contiguous(), layout, surrogate, FusedBranch.Brain, levels, maskDiagonal,
            temperature?.contiguous()!);

    /// <summary>See <see cref="Apply"/>.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars) =>
        (bool)vars[9] ? Forward<Brain16>(ctx, vars) : Forward<Single32>(ctx, vars);

    /// <summary>Gradients of q, k, v, their shifts, the logarithm of clip and the temperature.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
        (bool)ctx.get_data("brain")! ? Backward<Brain16>(ctx, grad_output.contiguous()) : Backward<Single32>(ctx, grad_output.contiguous());

    private static Tensor Forward<T>(autograd.AutogradContext ctx, object[] vars) where T : struct, ILanes
    {
        var layout = (HeadLayout)vars[7];
        float[] clip = [.. Lanes.Floats((Tensor)vars[6]).ToArray().Select(MathF.Exp)];
        var form = new AttentionForm(layout, clip, (int)vars[10], vars[12] is Tensor temperature ? Lanes.Floats(temperature).ToArray() : null, (bool)vars[11]);
        Tensor q = AttentionKernels<T>.ToHeads((Tensor)vars[0], (Tensor)vars[3], layout);         // [B*h, N, d]
        Tensor k = AttentionKernels<T>.ToHeads((Tensor)vars[1], (Tensor)vars[4], layout);         // [B*h, Nk, d]
        Tensor v = AttentionKernels<T>.ToHeads((Tensor)vars[2], (Tensor)vars[5], layout);
        Tensor scores = torch.bmm(q, k.transpose(1, 2));                                          // integers [B*h, N, Nk]
        Tensor level = AttentionKernels<T>.Levels(scores, form);
        Tensor context = AttentionKernels<T>.ToTokens(torch.bmm(level, v), layout, clip);         // [B*N, C]
        ctx.save_for_backward([(Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2], (Tensor)vars[3], (Tensor)vars[4], (Tensor)vars[5], q, k, v, scores, level]);
        ctx.save_data("form", form);
        ctx.save_data("surrogate", vars[8]);
        ctx.save_data("brain", vars[9]);
        return context;
    }

    private static List<Tensor> Backward<T>(autograd.AutogradContext ctx, Tensor gradient) where T : struct, ILanes
    {
        List<Tensor> saved = ctx.get_saved_variables();
        (Tensor q, Tensor k, Tensor v, Tensor scores, Tensor level) = (saved[6], saved[7], saved[8], saved[9], saved[10]);
        var form = (AttentionForm)ctx.get_data("form")!;
        (HeadLayout layout, float[] clip) = (form.Layout, form.Clip);
        var surrogate = (Surrogate)ctx.get_data("surrogate")!;
        float[] ones = [.. Enumerable.Repeat(1f, layout.Heads)];

        Tensor byContext = AttentionKernels<T>.ToHeads(gradient, null, layout);                   // [B*h, N, d]
        (Tensor byScores, double[] byHead) = AttentionKernels<T>.LevelsGradient(torch.bmm(byContext, v.transpose(1, 2)), scores, form);
        Tensor byV = torch.bmm(level.transpose(1, 2), byContext);                                  // [B*h, Nk, d]
        Tensor byQ = torch.bmm(byScores, k);
        Tensor byK = torch.bmm(byScores.transpose(1, 2), q);
        (Tensor gq, double[] moveq) = AttentionKernels<T>.SignGradient(byQ, saved[0], saved[3], layout, ones, surrogate);
        (Tensor gk, double[] movek) = AttentionKernels<T>.SignGradient(byK, saved[1], saved[4], layout, ones, surrogate);
        (Tensor gv, double[] movev) = AttentionKernels<T>.SignGradient(byV, saved[2], saved[5], layout, clip, surrogate);
        double[] byClip = [.. clip.Select((c, h) => byHead[h] * c)];
        Tensor? byTemperature = form.Temperature is null ? null : FusedBranch.Vector(byHead[layout.Heads..]);
        return
        [
            gq, gk, gv, FusedBranch.Vector(moveq), FusedBranch.Vector(movek), FusedBranch.Vector(movev), FusedBranch.Vector(byClip), null!, null!, null!, null!,
            null!, byTemperature!,
        ];
    }
}
