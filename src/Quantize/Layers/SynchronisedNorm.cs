using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A norm whose statistics can be those of all processes' shares of a batch together.</summary>
internal interface ISynchronisedNorm
{
    /// <summary>The processes; null where this one's images alone count.</summary>
    ProcessGroup? Group { get; set; }
}

/// <summary>A batch norm in training over the images of all processes, in torch's operators: for tensors <c>[M, C]</c> or <c>[B, C, H, W]</c> on any
/// device. Sums over the processes are of doubles.</summary>
internal sealed class SynchronisedNorm : autograd.SingleTensorFunction<SynchronisedNorm>
{
    public override string Name => nameof(SynchronisedNorm);

    /// <summary>The normalised tensor; updates the running statistics.</summary>
    /// <param name="x"><c>[M, C]</c> or <c>[B, C, H, W]</c>.</param>
    /// <param name="weight"><c>[C]</c>, or null for ones.</param>
    /// <param name="bias"><c>[C]</c>.</param>
    /// <param name="runningMean"><c>[C]</c>.</param>
    /// <param name="runningVariance"><c>[C]</c>.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="momentum">Share of the batch in the running statistics.</param>
    internal static Tensor Apply(
        Tensor x, Tensor? weight, Tensor bias, Tensor runningMean, Tensor runningVariance, double eps, double momentum, ProcessGroup group) =>
        apply(x, weight ?? torch.ones_like(bias), bias, runningMean, runningVariance, eps, momentum, group);

    /// <summary>Sets the processes of all norms of a network; null for none.</summary>
    internal static void Join(nn.Module model, ProcessGroup? group)
    {
        foreach (ISynchronisedNorm norm in model.modules().OfType<ISynchronisedNorm>())
        {
            norm.Group = group;
        }
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        (var x, var weight, var bias) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2]);
        (var runningMean, var runningVariance) = ((Tensor)vars[3], (Tensor)vars[4]);
        (double eps, double momentum, var group) = ((double)vars[5], (double)vars[6], (ProcessGroup)vars[7]);
        Tensor wide = x.to(ScalarType.Float32);
        (Tensor sum, Tensor squares, double rows) = Sums(wide, wide * wide, group);
        Tensor mean = sum / Number(rows);
        Tensor variance = ((squares / Number(rows)) - (mean * mean)).clamp(Zero);
        Tensor unit = variance.add(Number(eps), One).rsqrt();                         // doubles [C]
        Blend(runningMean, mean, momentum);
        Blend(runningVariance, variance * Number(rows / Math.Max(1, rows - 1)), momentum);
        ctx.save_for_backward([x, mean, unit, weight]);
        ctx.save_data("group", group);
        Tensor scale = weight * unit;
        return (wide * Channels(scale, x)).add(Channels(bias - (scale * mean), x), One).to(x.dtype);
    }

    /// <summary>Gradients of x, weight and bias; the latter of this process's images, as they are summed with all others'.</summary>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        List<Tensor> saved = ctx.get_saved_variables();
        (Tensor x, Tensor mean, Tensor unit, Tensor weight) = (saved[0], saved[1], saved[2], saved[3]);
        Tensor gradient = grad_output.to(ScalarType.Float32);
        Tensor normal = (x.to(ScalarType.Float32) * Channels(unit, x)) - Channels(mean * unit, x);
        Tensor products = gradient * normal;
        Tensor byBias = Reduce(gradient);
        Tensor byWeight = Reduce(products);
        (Tensor all, Tensor allProducts, double rows) = Sums(gradient, products, (ProcessGroup)ctx.get_data("group")!);
        Tensor byInput = Channels(weight * unit, x) * (gradient - Channels(all / Number(rows), x) - (normal * Channels(allProducts / Number(rows), x)));
        return
        [
            byInput.to(x.dtype), byWeight.to(ScalarType.Float32), byBias.to(ScalarType.Float32), null!, null!, null!, null!, null!,
        ];
    }

    /// <summary>Sums of two tensors per channel over all processes, and of the values of a channel.</summary>
    private static (Tensor First, Tensor Second, double Rows) Sums(Tensor first, Tensor second, ProcessGroup group)
    {
        Tensor sums = torch.cat([Reduce(first), Reduce(second), torch.full([1], Number(first.numel() / first.shape[1]), dtype: ScalarType.Float64, device: first.device)]);
        group.Sum([sums]);
        long channels = first.shape[1];
        return (sums.narrow(0, 0, channels), sums.narrow(0, channels, channels), sums.narrow(0, 2 * channels, 1).item<double>());
    }

    private static Tensor Reduce(Tensor x) => x.dim() == 2 ? x.sum([0L], type: ScalarType.Float64) : x.sum([0L, 2L, 3L], type: ScalarType.Float64);

    /// <summary>Values of channels as floats, shaped to be broadcast to a tensor.</summary>
    private static Tensor Channels(Tensor values, Tensor like) =>
        like.dim() == 2 ? values.to(ScalarType.Float32) : values.to(ScalarType.Float32).view(1, -1, 1, 1);

    private static void Blend(Tensor running, Tensor value, double momentum) =>
        running.mul_(Number(1 - momentum)).add_(value.to(running.dtype), Number(momentum));
}
