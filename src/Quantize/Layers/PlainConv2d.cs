using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A convolution without bias, padded so that the stride alone sets the grid, in mixed precision. Parameters and results are float.</summary>
internal sealed class PlainConv2d : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly long _stride;

    /// <param name="identity">Whether the first filters start by passing their channels on (Zagoruyko and Komodakis 2017), which very short trainings
    /// gain from.</param>
    internal PlainConv2d(long inputs, long outputs, long kernel, long stride, bool identity = false) : base(nameof(PlainConv2d))
    {
        _stride = stride;
        double bound = 1 / Math.Sqrt(inputs * kernel * kernel);
        Tensor start = torch.empty(outputs, inputs, kernel, kernel).uniform_(-bound, bound);
        if (identity)
        {
            long same = Math.Min(inputs, outputs);
            start[TensorIndex.Slice(0, same)] = 0;
            start[TensorIndex.Slice(0, same), TensorIndex.Colon, kernel / 2, kernel / 2] = torch.eye(same, inputs);
        }
        weight = nn.Parameter(start);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => Narrow(input).to(ScalarType.Float32);

    /// <summary>The same in the type that it was computed in.</summary>
    internal Tensor Narrow(Tensor input) => MixedPrecision.Conv2d(input, weight, _stride, (weight.shape[2] - 1) / 2);
}
