using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>Batch norm per channel of images <c>[B, C, H, W]</c>, as torch's BatchNorm2d and with its names; its statistics can be those of
/// several processes.</summary>
internal sealed class ImageNorm : nn.Module<Tensor, Tensor>, ISynchronisedNorm
{
    private const double Momentum = 0.1;
    private const double Eps = 1e-5;

    private readonly Parameter weight;
    private readonly Parameter bias;
    private readonly Tensor running_mean;
    private readonly Tensor running_var;
    private readonly Tensor num_batches_tracked;

    /// <summary>Creates the identity: scale 1, offset 0, mean 0, variance 1.</summary>
    internal ImageNorm(long channels) : base(nameof(ImageNorm))
    {
        weight = nn.Parameter(torch.ones(channels));
        bias = nn.Parameter(torch.zeros(channels));
        running_mean = torch.zeros(channels);
        running_var = torch.ones(channels);
        num_batches_tracked = torch.zeros([], dtype: ScalarType.Int64);
        RegisterComponents();
    }

    public ProcessGroup? Group { get; set; }

    public override Tensor forward(Tensor input)
    {
        if (training)
        {
            BatchCount.Add(num_batches_tracked);
        }

        return training && Group is { } group
            ? SynchronisedNorm.Apply(input, weight, bias, running_mean, running_var, Eps, Momentum, group)
            : F.batch_norm(input, running_mean, running_var, weight, bias, training, Momentum, Eps);
    }
}

/// <summary>torch's count of the batches that a norm has seen.</summary>
internal static class BatchCount
{
    /// <summary>Adds one: in place where the count is in the processor's memory, which three calls of libtorch would take.</summary>
    internal static void Add(Tensor count)
    {
        if (count.device_type == DeviceType.CPU)
        {
            MemoryMarshal.AsRef<long>(count.bytes)++;
            return;
        }
        using IDisposable frozen = torch.no_grad();
        count.add_(One, One);
    }
}
