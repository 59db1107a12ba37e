using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>A convolution without bias, padded so that the stride alone sets the grid, that multiplies in bfloat16 where the processor does so natively: twice as
/// fast, and a teacher need not be exact. Parameters and results stay float.</summary>
internal sealed class HalfConv2d : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;
    private readonly long _stride;

    /// <param name="inputs">Channels of the input.</param>
    /// <param name="outputs">Channels of the result.</param>
    /// <param name="kernel">Height and width of the kernel.</param>
    /// <param name="stride">Step of the window.</param>
    /// <param name="identity">Whether the first filters start by passing their channels on (Zagoruyko and Komodakis 2017), which very short trainings
    /// gain from.</param>
    internal HalfConv2d(long inputs, long outputs, long kernel, long stride, bool identity = false) : base(nameof(HalfConv2d))
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

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => Narrow(input).to(ScalarType.Float32);

    /// <summary>The same in the type that it was computed in.</summary>
    internal Tensor Narrow(Tensor input) => Convolve(input, weight, _stride, (weight.shape[2] - 1) / 2);

    /// <summary>A convolution in bfloat16 where that is native.</summary>
    internal static Tensor Convolve(Tensor input, Tensor weight, long stride, long padding)
    {
        bool half = FusedBranch.Brain && input.device_type == DeviceType.CPU;
        return F.conv2d(half ? input.to(ScalarType.BFloat16) : input, half ? weight.to(ScalarType.BFloat16) : weight, null, [stride, stride], [padding, padding]);
    }
}
