using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Measures networks.</summary>
internal static class Accuracy
{
    /// <summary>Right predictions in per cent, the network in evaluation mode; NaN of no images.</summary>
    internal static double Top1(nn.Module<Tensor, Tensor> model, PixelSource source, IReadOnlyList<int> indices, int batchSize, Device device)
    {
        if (indices.Count == 0)
        {
            return double.NaN;
        }

        bool training = model.training;
        model.eval();
        long right = 0;
        using (torch.no_grad())
        {
            foreach (Batch batch in BatchLoader.InOrder(source, indices, batchSize))
            {
                using DisposeScope scope = torch.NewDisposeScope();
                Tensor predictions = model.call(batch.ToTensor(source, device)).argmax(1);
                right += predictions.eq(torch.tensor(batch.Labels).to(device)).sum().item<long>();
            }
        }
        if (training)
        {
            model.train();
        }

        return 100.0 * right / indices.Count;
    }
}
