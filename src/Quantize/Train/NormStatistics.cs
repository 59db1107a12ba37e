using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Re-estimates the statistics of the batch norms with frozen weights: the running means of training lag behind weights whose signs
/// still flip; what is exported is the plain average over fresh batches.</summary>
internal static class NormStatistics
{
    /// <summary>Runs training images, varied as in training, through the network in training mode and averages what the norms see.</summary>
    /// <param name="model">The network; back in evaluation mode afterwards.</param>
    /// <param name="batches">Batches, at most.</param>
    /// <param name="onDevice">The images on the device, where batches are then made; null for the processor.</param>
    public static void Reestimate(
        nn.Module<Tensor, Tensor> model, PixelSource source, IReadOnlyList<int> indices, Augmentation augmentation, int batchSize, int batches, Device device,
        ulong seed, DeviceImages? onDevice = null)
    {
        TokenNorm[] norms = [.. model.modules().OfType<TokenNorm>()];
        double[] before = [.. norms.Select(n => n.Momentum)];
        using var loader = new BatchLoader(source, indices, batchSize, augmentation, seed, onDevice: onDevice);
        model.train();
        using (torch.no_grad())
        {
            for (int step = 0; step < Math.Min(batches, loader.StepsPerEpoch); step++)
            {
                foreach (TokenNorm norm in norms)
                {
                    norm.Momentum = 1.0 / (step + 1);
                }

                using DisposeScope scope = torch.NewDisposeScope();
                model.call(loader.Get(step).ToTensor(source, device));
            }
        }
        for (int i = 0; i < norms.Length; i++)
        {
            norms[i].Momentum = before[i];
        }

        model.eval();
    }
}
