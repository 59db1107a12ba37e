using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A part of a network that keeps its input alone for the backward pass, which computes everything inside once more (Chen et al., Training
/// Deep Nets with Sublinear Memory Cost, 2016, section 3). Values and gradients are the same to the bit.</summary>
internal sealed class Recomputed : autograd.SingleTensorFunction<Recomputed>
{
    public override string Name => nameof(Recomputed);

    /// <summary>Whether it makes sense here: on the processor, in a pass that is differentiated.</summary>
    internal static bool Serves(Tensor x) => x.device_type == DeviceType.CPU && x.requires_grad && is_grad_enabled();

    /// <summary>Tokens <c>[M, C]</c> through a part of a network; gradients of its parameters are added to theirs.</summary>
    /// <param name="x">Tokens.</param>
    /// <param name="part">Computes the same each time that it is called within a step.</param>
    /// <param name="owner">Has the norms in it, whose running statistics move once.</param>
    internal static Tensor Apply(Tensor x, Func<Tensor, Tensor> part, nn.Module owner) => apply(x, part, owner, MixedPrecision.On);

    /// <summary>(x, part, owner, precision) → y.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var x = (Tensor)vars[0];
        ctx.save_for_backward([x]);
        ctx.save_data("part", vars[1]);
        ctx.save_data("owner", vars[2]);
        ctx.save_data("mixed", vars[3]);
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        return ((Func<Tensor, Tensor>)vars[1])(x).MoveToOuterDisposeScope();
    }

    /// <summary>The gradient of x.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        TokenNorm[] norms = [.. ((nn.Module)ctx.get_data("owner")!).modules().OfType<TokenNorm>()];
        using DisposeScope scope = torch.NewDisposeScope();
        using Tensor saved = ctx.get_saved_variables()[0];
        Tensor x = saved.detach().requires_grad_();
        foreach (TokenNorm norm in norms)
        {
            norm.SeesAgain = true;
        }

        try
        {
            using IDisposable enabled = torch.enable_grad();
            using IDisposable precision = MixedPrecision.Scope((bool)ctx.get_data("mixed")!);
            Tensor y = ((Func<Tensor, Tensor>)ctx.get_data("part")!)(x);
            y.backward([grad_output]);
        }
        finally
        {
            foreach (TokenNorm norm in norms)
            {
                norm.SeesAgain = false;
            }
        }

        Tensor gradient = x.grad!.MoveToOuterDisposeScope();
        grad_output.Dispose();
        return [gradient, null!, null!, null!];
    }
}
