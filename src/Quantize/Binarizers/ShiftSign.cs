using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The activation binarizer: <c>sign(x + shift)</c> with <c>sign(0) = +1</c>, values ±1. The gradient is Bi-Real Net's piecewise
/// quadratic surrogate: derivative <c>2 - 2|u|</c> for <c>|u| ≤ 1</c> and 0 elsewhere, <c>u = x + shift</c>.</summary>
public sealed class ShiftSign : autograd.SingleTensorFunction<ShiftSign>
{
    /// <inheritdoc/>
    public override string Name => nameof(ShiftSign);

    /// <summary>Signs of <paramref name="x"/> <c>[M, C]</c> shifted by <paramref name="shift"/> <c>[C]</c>.</summary>
    public static Tensor Apply(Tensor x, Tensor shift) => apply(x, shift);

    /// <summary>(x, shift) → ±1.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor u = (Tensor)vars[0] + (Tensor)vars[1];
        ctx.save_for_backward([u]);
        return u.sign().add_(0.5).sign_();
    }

    /// <summary>Gradients of x and of shift.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        Tensor u = ctx.get_saved_variables()[0];
        Tensor gradient = u.abs().mul_(-2).add_(2).clamp_(min: 0).mul_(grad_output);
        return [gradient, gradient.sum([0L])];
    }
}
