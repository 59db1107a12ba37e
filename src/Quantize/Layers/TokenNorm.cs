using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>Batch norm per channel over tokens <c>[M, C]</c>, M = batch x tokens. As torch's BatchNorm1d, with a momentum that can be
/// changed for the re-estimation of the statistics.</summary>
internal sealed class TokenNorm : nn.Module<Tensor, Tensor>, ISynchronisedNorm
{
    internal readonly Parameter weight;
    internal readonly Parameter bias;
    internal readonly Tensor running_mean;
    internal readonly Tensor running_var;
    private readonly Tensor num_batches_tracked;

    /// <summary>Creates the identity: scale 1, offset 0, mean 0, variance 1.</summary>
    public TokenNorm(long channels, double eps) : base(nameof(TokenNorm))
    {
        Eps = eps;
        weight = nn.Parameter(torch.ones(channels));
        bias = nn.Parameter(torch.zeros(channels));
        running_mean = torch.zeros(channels);
        running_var = torch.ones(channels);
        num_batches_tracked = torch.zeros([], dtype: ScalarType.Int64);
        RegisterComponents();
    }

    /// <summary>Added to the variance.</summary>
    public double Eps { get; }

    /// <summary>Share of a new batch in the running statistics.</summary>
    public double Momentum { get => SeesAgain ? 0 : field; set; } = 0.1;

    /// <summary>While a batch comes a second time (<see cref="Recomputed"/>), running statistics stay as they are.</summary>
    internal bool SeesAgain { get; set; }

    ProcessGroup? ISynchronisedNorm.Group
    {
        get => Group;
        set => Group = value;
    }

    /// <summary>The processes whose images count; null for this one alone.</summary>
    internal ProcessGroup? Group { get; private set; }

    public override Tensor forward(Tensor input)
    {
        // What came out of a product in bfloat16: CUDA's norm sums it in float32 by itself.
        if (input.dtype != ScalarType.Float32 && input.device_type == DeviceType.CPU)
        {
            input = input.to(ScalarType.Float32);
        }

        if (training && FusedNorm.Serves(input))
        {
            return FusedNorm.Apply(input, this);
        }

        if (training)
        {
            CountBatch();
        }

        if (training && Group is not null)
        {
            return SynchronisedNorm.Apply(input, weight, bias, running_mean, running_var, Eps, Momentum, Group);
        }

        return F.batch_norm(input, running_mean, running_var, weight, bias, training, Momentum, Eps);
    }

    internal void CountBatch()
    {
        if (!SeesAgain)
        {
            BatchCount.Add(num_batches_tracked);
        }
    }
}
