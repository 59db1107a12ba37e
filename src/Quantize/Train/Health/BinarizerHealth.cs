using EdgeVit.Export;
using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>What was found in one binary layer.</summary>
/// <param name="Name">One of the names in <see cref="BinarizerHealth"/>.</param>
/// <param name="Percent">Per cent of the layer's channels, attention rows or weights.</param>
internal sealed record LayerFinding(string Layer, string Name, double Percent);

/// <summary>Whether the binary layers of a network carry anything.</summary>
internal sealed record BinarizerHealth(IReadOnlyList<LayerFinding> Findings)
{
    /// <summary>Channels whose sign is the same for every token of every image.</summary>
    public const string Dead = "dead_channels";

    /// <summary>Queries whose attention bits are all 1, at every level: they take the sum of all values and see no difference between keys.</summary>
    public const string Full = "attention_ones";

    /// <summary>Queries whose attention bits are all 0: they take nothing.</summary>
    public const string Empty = "attention_zeros";

    /// <summary>Weights whose sign is another than an epoch before.</summary>
    public const string Flips = "sign_flips";

    /// <summary>Mean share of dead channels over the layers, per cent.</summary>
    public double DeadChannels => Mean(Dead);

    /// <summary>Mean share of queries with bits all 1 or all 0, per cent.</summary>
    public double StuckAttention => Mean(Full) + Mean(Empty);

    /// <summary>Mean share of weights that changed their sign within an epoch, per cent; NaN where that is not known yet.</summary>
    public double SignFlips => Mean(Flips);

    /// <summary>The findings of one kind.</summary>
    public IEnumerable<LayerFinding> Of(string name) => Findings.Where(f => f.Name == name);

    /// <summary>Looks at all layers while images pass through.</summary>
    /// <param name="model">A binary network; as it was afterwards.</param>
    /// <param name="images">Normalised images <c>[B, 3, H, W]</c> on its device.</param>
    internal static BinarizerHealth Of(BinaryViT model, Tensor images)
    {
        bool training = model.training;
        ITapSink? before = model.Taps.Sink;
        var counts = new Counts(model.Config);
        model.eval();
        model.Taps.Sink = counts;
        try
        {
            using IDisposable frozen = torch.no_grad();
            using DisposeScope scope = torch.NewDisposeScope();
            model.call(images);
        }
        finally
        {
            model.Taps.Sink = before;
            if (training)
            {
                model.train();
            }
        }
        return new BinarizerHealth(counts.Findings);
    }

    private double Mean(string name) => Of(name).Select(f => f.Percent).DefaultIfEmpty(double.NaN).Average();

    /// <summary>Counts while values pass by.</summary>
    private sealed class Counts(BinaryViTConfig config) : ITapSink
    {
        internal List<LayerFinding> Findings { get; } = [];

        public void Tap(string name, Tensor value)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            if (name.EndsWith(".sign", StringComparison.Ordinal) || name.EndsWith(".bits", StringComparison.Ordinal))
            {
                // [M, C] of ±1: a sum of ±M means that they are all the same.
                Findings.Add(new LayerFinding(name, Dead, Share(value.sum([0L]).abs(), value.shape[0])));
            }
            else if (name.EndsWith(".prob", StringComparison.Ordinal))
            {
                Tensor bits = value.sum([-1L]).flatten();                               // [B*h*N]
                long keys = value.shape[^1];
                bool masked = config.Locality && keys > 1 && value.shape[^2] == keys;   // a reduction leaves fewer keys than queries
                Findings.Add(new LayerFinding(name, Full, Share(bits, config.AttentionLevels * (masked ? keys - 1 : keys))));
                Findings.Add(new LayerFinding(name, Empty, Share(bits, 0)));
            }
        }

        private static double Share(Tensor counts, double count) => 100.0 * counts.eq(Number(count)).sum().item<long>() / counts.numel();
    }
}
