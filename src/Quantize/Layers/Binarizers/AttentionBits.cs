using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The attention binarizer: probabilities become multiples of an elastic step, <c>clip * level</c>. Level L of <c>0 .. levels</c> stands
/// for <c>q = p / clip</c> rounded and clamped, halves rounded down: it is the number of nested bits <c>q &gt; j - 0.5</c>, j from 1 to levels. One
/// level is BiT's elastic binarization of attention (Liu et al. 2022); three are BHViT's quantization of p to 0..3, as three masks that are 0 or
/// 1. A zero point, in levels, is taken from q (BHViT).</summary>
/// <remarks>Gradients are those of the learned step size (LSQ, Esser et al. 2020) for an unsigned range: to p it passes where
/// <c>0 ≤ q ≤ levels</c>, and to the zero point its opposite times clip; to clip it is <c>round(q) - q - zero</c> there and <c>levels</c> above.</remarks>
internal sealed class AttentionBits : autograd.SingleTensorFunction<AttentionBits>
{
    public override string Name => nameof(AttentionBits);

    /// <summary>Quantises <paramref name="probabilities"/> <c>[B, heads, N, Nk]</c> by <paramref name="clip"/> <c>[heads]</c>, positive, and <paramref name="zero"/>
    /// <c>[heads]</c>, null for 0.</summary>
    public static Tensor Apply(Tensor probabilities, Tensor clip, int levels = 1, Tensor? zero = null) => apply(probabilities, clip, levels, zero!);

    /// <summary>(probabilities, clip, levels, zero) → {0, clip .. levels * clip}.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor clip = ((Tensor)vars[1]).view(1, -1, 1, 1);
        Tensor q = (Tensor)vars[0] / clip;
        if (vars[3] is Tensor zero)
        {
            q = q.sub_(zero.view(1, -1, 1, 1));
            ctx.save_for_backward([q, (Tensor)vars[1], zero]);
        }
        else
        {
            ctx.save_for_backward([q]);
        }

        ctx.save_data("levels", vars[2]);
        return Level(q, (int)vars[2]).mul_(clip);
    }

    /// <summary>Gradients of the probabilities, of clip and of the zero point.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        List<Tensor> saved = ctx.get_saved_variables();
        Tensor q = saved[0];
        int levels = (int)ctx.get_data("levels")!;
        Tensor inside = Above(q, levels).neg().add_(One, One);
        if (saved.Count > 1)
        {
            return WithZero(q, inside, grad_output, levels, saved[1], saved[2]);
        }

        Tensor gradient = inside * grad_output;
        // Above the range the derivative by clip is levels; inside it is round(q) - q. Both are written as levels + inside * (...).
        Tensor byClip = (Level(q, levels) - q).sub_(Number(levels)).mul_(inside).add_(Number(levels), One).mul_(grad_output);
        return [gradient, byClip.sum([0L, 2L, 3L]), null!, null!];
    }

    /// <summary>With a zero point q may be below 0, where nothing passes; <c>q + zero</c> is p / clip.</summary>
    private static List<Tensor> WithZero(Tensor q, Tensor notAbove, Tensor incoming, int levels, Tensor clip, Tensor zero)
    {
        Tensor inside = notAbove.mul(Above(q.neg(), 0).neg_().add_(One, One));
        Tensor gradient = inside.mul(incoming);
        Tensor top = notAbove.neg().add_(One, One).mul_(Number(levels));
        Tensor byClip = (Level(q, levels) - q).sub_(zero.view(1, -1, 1, 1)).mul_(inside).add_(top, One).mul_(incoming);
        return [gradient, byClip.sum([0L, 2L, 3L]), null!, gradient.sum([0L, 2L, 3L]).mul(clip).neg_()];
    }

    /// <summary>The number of bits of q.</summary>
    private static Tensor Level(Tensor q, int levels)
    {
        Tensor level = Above(q, 0.5);
        for (int j = 2; j <= levels; j++)
        {
            level = level.add_(Above(q, j - 0.5), One);
        }

        return level;
    }

    /// <summary>1 where q is above the bound, else 0: arithmetic, because comparisons to bool are many times slower on the processor.</summary>
    private static Tensor Above(Tensor q, double bound) => (q - Number(bound)).sign_().clamp_(min: Zero);
}
