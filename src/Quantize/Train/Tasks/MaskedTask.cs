using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Learns what hidden parts of images look like.</summary>
/// <param name="Network">The transformer and its decoder.</param>
/// <param name="Seed">Of what is hidden: a function of it, the pass over the data and the image.</param>
internal sealed record MaskedTask(MaskedAutoencoder Network, ulong Seed) : ITrainingTask
{
    private const ulong Apart = 0x4D41534BUL;

    public nn.Module<Tensor, Tensor> Model => Network;

    public Division? Division { get; init; }

    /// <summary>Not a classifier yet.</summary>
    public bool Classifies => false;

    public Tensor Loss(Tensor images, Tensor labels, Batch batch)
    {
        int patches = Network.Patches;
        long[] order = new long[batch.Count * patches];
        for (int i = 0; i < batch.Count; i++)
        {
            Order(batch.Epoch, batch.Indices[i], order.AsSpan(i * patches, patches));
        }

        return Network.Loss(images, torch.tensor(order).view(batch.Count, patches).to(images.device));
    }

    /// <summary>All patches of an image in a random order (Fisher and Yates).</summary>
    internal void Order(long epoch, int image, Span<long> order)
    {
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        var random = new CounterRandom(Seed ^ Apart, (ulong)epoch, (ulong)image);
        for (int i = order.Length - 1; i > 0; i--)
        {
            int j = random.Next(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
    }
}
