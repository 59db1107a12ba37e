using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The random choices of one step: functions of seed, step, part of the batch and place in the network.</summary>
internal sealed record Omission(Regularization Rates, ulong Seed, long Step, int Part)
{
    private const ulong DepthKey = 0x44524F5050415448;
    private const ulong FeatureKey = 0x44524F504F555453;

    /// <summary>The tokens behind a sub-layer, or in front of it where an image skips it; what is kept counts for more by as much as is left out.</summary>
    /// <param name="before">The residual stream before, <c>[B*N, C]</c>.</param>
    /// <param name="after">Behind.</param>
    /// <param name="depth">Place of its layer, 0 for the first to 1 for the last.</param>
    internal Tensor Skip(Tensor before, Tensor after, long images, int site, double depth)
    {
        double rate = Rates.Depth * depth;
        if (rate == 0)
        {
            return after;
        }

        Tensor factors = Factors((int)images, rate, DepthKey, site).view(images, 1, 1).to(after.device);
        Tensor change = (after - before).view(images, -1, after.shape[1]) * factors;
        return before.add(change.view(after.shape), One);
    }

    /// <summary>Features <c>[B, C]</c> with some of them 0.</summary>
    internal Tensor Drop(Tensor features) => Rates.Features == 0
        ? features
        : features * Factors((int)features.numel(), Rates.Features, FeatureKey, 0).view(features.shape).to(features.device);

    /// <summary>0 with the probability of the rate, otherwise 1 / (1 - rate).</summary>
    private Tensor Factors(int count, double rate, ulong key, int site)
    {
        var random = new CounterRandom(Seed ^ key, (ulong)Step, ((ulong)Part << 32) | (uint)site);
        float[] factors = new float[count];
        for (int i = 0; i < count; i++)
        {
            factors[i] = random.NextDouble() < rate ? 0 : (float)(1 / (1 - rate));
        }

        return torch.tensor(factors);
    }
}
