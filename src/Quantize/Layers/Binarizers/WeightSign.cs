using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The weight binarizer: <c>mean|w| * sign(w - mean(w))</c> per output row with <c>sign(0) = +1</c>; convolutions are not centred.
/// The scale is a constant to the gradient, which passes straight through where <c>|w - mean| ≤ 1</c>, unscaled, and is itself centred per
/// row when the weight is.</summary>
internal sealed class WeightSign : autograd.SingleTensorFunction<WeightSign>
{
    public override string Name => nameof(WeightSign);

    /// <summary>The binary weight of a linear layer, rows centred: <c>[O, K]</c> → <c>[O, K]</c>.</summary>
    public static Tensor Linear(Tensor weight) => apply(weight, true);

    /// <summary>The binary weight of a convolution, not centred: <c>[O, K]</c> → <c>[O, K]</c>, K being all that one output channel sees.</summary>
    public static Tensor Convolution(Tensor weight) => apply(weight, false);

    /// <summary>(weight <c>[O, K]</c>, whether to centre) → ±scale.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var weight = (Tensor)vars[0];
        bool centred = (bool)vars[1];
        Tensor u = centred ? weight - weight.mean([1], keepdim: true) : weight;
        ctx.save_for_backward([u]);
        ctx.save_data(nameof(centred), centred);
        return u.sign().add_(Number(0.5), One).sign_().mul_(weight.abs().mean([1], keepdim: true));
    }

    /// <summary>The gradient of the weight.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        Tensor u = ctx.get_saved_variables()[0];
        Tensor gradient = u.abs().le(One).to(grad_output.dtype).mul_(grad_output);
        if ((bool)ctx.get_data("centred")!)
        {
            gradient.sub_(gradient.mean([1], keepdim: true));
        }

        return [gradient, null!];
    }
}
