using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>ReActNet's RPReLU of a sum in one node of the autograd graph: <c>u = x + shortcut - move1</c>,
/// <c>y = (u &gt; 0 ? u : slope * u) + move2</c>, all per channel. It keeps one tensor instead of four and never writes the widened shortcut.</summary>
internal sealed class RPReLUFunction : autograd.SingleTensorFunction<RPReLUFunction>
{
    public override string Name => nameof(RPReLUFunction);

    /// <summary>Tokens <c>[M, C]</c> and their shortcut → tokens <c>[M, C]</c>; the three vectors are <c>[C]</c>.</summary>
    public static Tensor Apply(Tensor x, Shortcut shortcut, Tensor move1, Tensor slope, Tensor move2) =>
        apply(x, shortcut.Value, move1, slope, move2, shortcut.Kind, shortcut.Factor);

    /// <summary>(x, shortcut, move1, slope, move2, kind, factor) → y.</summary>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var x = (Tensor)vars[0];
        var slope = (Tensor)vars[3];
        var shortcut = new Shortcut((Tensor)vars[1], (ShortcutKind)vars[5], (int)vars[6]);
        long rows = x.shape[0];
        Tensor sum = shortcut.Kind == ShortcutKind.Tile
            ? x.view(rows, shortcut.Factor, -1).add(shortcut.Value.unsqueeze(1), One).view(rows, -1)
            : x.add(shortcut.Expanded(), One);
        Tensor u = sum.sub_((Tensor)vars[2]);
        ctx.save_for_backward([u, slope]);
        ctx.save_data("shortcut", (shortcut.Kind, shortcut.Factor));
        return (u.clamp(max: Zero) * (slope - One)).add_(u, One).add_((Tensor)vars[4], One);
    }

    /// <summary>Gradients of x, shortcut, move1, slope and move2.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        List<Tensor> saved = ctx.get_saved_variables();
        Tensor u = saved[0];
        Tensor slope = saved[1];
        (ShortcutKind kind, int factor) = ((ShortcutKind, int))ctx.get_data("shortcut")!;
        long rows = u.shape[0];
        Tensor negative = u.clamp(max: Zero);
        Tensor bySlope = (negative * grad_output).sum([0L]);
        // -1 where u < 0, else 0: gradient = g - step * (slope - 1) * g there. At u = 0 either derivative serves.
        Tensor gradient = negative.sign_().mul_(slope.neg().add(One, One)).mul_(grad_output).add_(grad_output, One);
        Tensor byShortcut = kind switch
        {
            ShortcutKind.Tile => gradient.view(rows, factor, -1).sum([1L]),
            ShortcutKind.GroupMean => (gradient / Number(factor)).unsqueeze(2).expand(rows, u.shape[1], factor).reshape(rows, factor * u.shape[1]),
            _ => gradient,
        };
        return [gradient, byShortcut, gradient.sum([0L]).neg(), bySlope, grad_output.sum([0L]), null!, null!];
    }
}
