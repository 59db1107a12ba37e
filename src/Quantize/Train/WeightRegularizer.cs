using static EdgeVit.Quantize.Scalars;

namespace EdgeVit.Quantize;

/// <summary>The regulariser of latent weights (in the spirit of BHViT's, whose target is 1): the mean distance of their magnitudes from their row's mean
/// magnitude, summed over layers. Weights near 0, whose signs waver, are pulled away from it.</summary>
internal static class WeightRegularizer
{
    /// <summary>The loss; the mean magnitudes are constants to its gradient.</summary>
    internal static TorchSharp.torch.Tensor Loss(IEnumerable<LatentWeight> weights) =>
        weights.Select(w =>
        {
            TorchSharp.torch.Tensor size = w.Argument().abs();
            return (size - size.mean([1], keepdim: true).detach()).abs().mean();
        }).Aggregate((a, b) => a.add(b, One));
}
