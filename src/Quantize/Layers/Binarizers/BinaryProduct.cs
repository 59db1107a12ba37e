using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The linear layer of a <see cref="WeightSign"/> in mixed precision, in torch's operators: the product of signs in bfloat16, whose integer sums are
/// exact up to 512 inputs, then the scale of each output in float32. A product with scaled signs would round every sum. Gradients are those of
/// <see cref="WeightSign"/>, their products in bfloat16.</summary>
internal sealed class BinaryProduct : autograd.SingleTensorFunction<BinaryProduct>
{
    public override string Name => nameof(BinaryProduct);

    /// <summary>Signs <c>[M, K]</c> and a latent weight <c>[O, K]</c> → <c>[M, O]</c> in float32.</summary>
    /// <param name="signs">±1.</param>
    /// <param name="weight">Becomes signs times the mean of its size, per row.</param>
    /// <param name="centred">Whether its rows' means are subtracted before.</param>
    internal static Tensor Apply(Tensor signs, Tensor weight, bool centred) => apply(signs, weight, centred);

    /// <summary>(signs, weight, whether to centre) → products.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor signs = ((Tensor)vars[0]).to(ScalarType.BFloat16);
        var weight = (Tensor)vars[1];
        bool centred = (bool)vars[2];
        Tensor u = centred ? weight - weight.mean([1], keepdim: true) : weight;
        Tensor bits = u.sign().add_(Number(0.5), One).sign_().to(ScalarType.BFloat16);
        Tensor scale = weight.abs().mean([1]);
        ctx.save_for_backward([signs, bits, u, scale]);
        ctx.save_data(nameof(centred), centred);
        return signs.matmul(bits.t()) * scale;
    }

    /// <summary>Gradients of signs and weight.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        List<Tensor> saved = ctx.get_saved_variables();
        (Tensor signs, Tensor bits, Tensor u, Tensor scale) = (saved[0], saved[1], saved[2], saved[3]);
        Tensor bySigns = (grad_output * scale).to(ScalarType.BFloat16).matmul(bits).to(ScalarType.Float32);
        Tensor byWeight = grad_output.to(ScalarType.BFloat16).t().matmul(signs).to(ScalarType.Float32).mul_(u.abs().le(One));
        if ((bool)ctx.get_data("centred")!)
        {
            byWeight.sub_(byWeight.mean([1], keepdim: true));
        }

        return [bySigns, byWeight, null!];
    }
}
