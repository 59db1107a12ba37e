using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The activation binarizer: <c>sign(x + shift)</c> with <c>sign(0) = +1</c>, values ±1. The gradient is that of a
/// <see cref="Surrogate"/> at <c>u = x + shift</c>, by default Bi-Real Net's piecewise quadratic one.</summary>
internal sealed class ShiftSign : autograd.SingleTensorFunction<ShiftSign>
{
    public override string Name => nameof(ShiftSign);

    /// <summary>Signs of <paramref name="x"/> <c>[M, C]</c> shifted by <paramref name="shift"/> <c>[C]</c>.</summary>
    public static Tensor Apply(Tensor x, Tensor shift) => Apply(x, shift, default);

    /// <summary>The same with a derivative of choice.</summary>
    internal static Tensor Apply(Tensor x, Tensor shift, Surrogate surrogate) => apply(x, shift, surrogate);

    /// <summary>(x, shift, surrogate) → ±1.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor u = ((Tensor)vars[0]).add((Tensor)vars[1], One);
        ctx.save_for_backward([u]);
        ctx.save_data("surrogate", vars[2]);
        return u.sign().add_(Number(0.5), One).sign_();
    }

    /// <summary>Gradients of x and of shift.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        Tensor u = ctx.get_saved_variables()[0];
        Tensor gradient = ((Surrogate)ctx.get_data("surrogate")!).At(u).mul_(grad_output);
        return [gradient, gradient.sum([0L]), null!];
    }
}
