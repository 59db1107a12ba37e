using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>BiT's attention binarizer: probabilities become <c>{0, clip}</c>, <c>clip</c> where <c>p / clip &gt; 0.5</c> strictly. To p the
/// gradient passes where <c>p ≤ clip</c>; to clip it is <c>round(q) - q</c> there and 1 above, <c>q = p / clip</c>.</summary>
public sealed class AttentionBits : autograd.SingleTensorFunction<AttentionBits>
{
    /// <inheritdoc/>
    public override string Name => nameof(AttentionBits);

    /// <summary>Quantises <paramref name="probabilities"/> <c>[B, heads, N, Nk]</c> by <paramref name="clip"/> <c>[heads]</c>, positive.</summary>
    public static Tensor Apply(Tensor probabilities, Tensor clip) => apply(probabilities, clip);

    /// <summary>(probabilities, clip) → {0, clip}.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor clip = ((Tensor)vars[1]).view(1, -1, 1, 1);
        Tensor q = (Tensor)vars[0] / clip;
        ctx.save_for_backward([q]);
        return Above(q, 0.5).mul_(clip);
    }

    /// <summary>Gradients of the probabilities and of clip.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        Tensor q = ctx.get_saved_variables()[0];
        Tensor inside = Above(q, 1).neg().add_(1);
        Tensor gradient = inside * grad_output;
        // Above clip the derivative by clip is 1 = 1 - 0; inside it is round(q) - q. Both are written as (1 - inside) + inside * (...).
        Tensor byClip = (Above(q, 0.5) - q).sub_(1).mul_(inside).add_(1).mul_(grad_output);
        return [gradient, byClip.sum([0L, 2L, 3L])];
    }

    /// <summary>1 where q is above the bound, else 0: arithmetic, because comparisons to bool are many times slower on the processor.</summary>
    private static Tensor Above(Tensor q, double bound) => (q - bound).sign_().clamp_(min: 0);
}
