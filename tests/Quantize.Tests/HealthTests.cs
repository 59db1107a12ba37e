using EdgeVit.Export;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>Warnings about binary layers that carry nothing.</summary>
public class HealthTests
{
    private const string Attention = "vit.encoder.layer.0.attention.attention";

    private static BinaryViTConfig Network { get; } = new(
        "health", ImageSize: 32, PatchSize: 8,
        [new StageConfig(Depth: 1, Width: 32, FfnWidth: 64, Heads: 1, Reduction: 1)],
        Classes: 10);

    [Fact]
    public void DeadChannelsAndStuckAttentionAreFoundWhereTheyAre()
    {
        torch.manual_seed(1);
        using DisposeScope scope = torch.NewDisposeScope();
        using var model = new BinaryViT(Network);
        using (torch.no_grad())
        {
            // Half of the channels far beyond any value; a clip below every probability.
            Parameter shift = model.named_parameters().Single(p => p.name == $"{Attention}.moveq2").parameter;
            shift.narrow(0, 0, 8).fill_(1000);
            shift.narrow(0, 8, 8).fill_(-1000);
            model.named_parameters().Single(p => p.name == $"{Attention}.att_prob_clip_log").parameter.fill_(-30);
        }
        model.train();
        Tensor images = torch.randn(64, 3, 32, 32);
        float[] before = Running(model);
        BinarizerHealth health = BinarizerHealth.Of(model, images);
        Assert.True(model.training);
        Assert.False(model.Taps.On);
        Assert.Equal(before, Running(model));
        Assert.Equal(50, Percent(health, BinarizerHealth.Dead, $"{Attention}.query.bits"));
        Assert.Equal(0, Percent(health, BinarizerHealth.Dead, $"{Attention}.query.sign"));
        Assert.Equal(100, Percent(health, BinarizerHealth.Full, $"{Attention}.prob"));
        Assert.Equal(0, Percent(health, BinarizerHealth.Empty, $"{Attention}.prob"));

        using (torch.no_grad())
        {
            model.named_parameters().Single(p => p.name == $"{Attention}.att_prob_clip_log").parameter.fill_(1);
        }

        health = BinarizerHealth.Of(model, images);
        Assert.Equal(100, Percent(health, BinarizerHealth.Empty, $"{Attention}.prob"));
        Assert.Equal(100, health.StuckAttention);

        var lines = new Warnings();
        var warnings = new HealthWarnings("student", 1000, lines);
        warnings.Report(100, health, 64);
        warnings.Report(200, health, 64);
        Assert.Equal(2, lines.Seen.Count);
        Assert.Contains("step 100 of 1000: channels with the same sign for all tokens of 64 images", lines.Seen[0], StringComparison.Ordinal);
        Assert.Contains($"in 1 of 9 layers: {Attention}.query.bits 50.0 %. Lower", lines.Seen[0], StringComparison.Ordinal);
        Assert.Contains($"all 0, so that they take no value, in 1 of 1 layers: {Attention}.prob 100.0 %. Let the attention clip start lower", lines.Seen[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AttentionOfThreeLevelsIsStuckWhenAllBitsOfAllLevelsAre(bool locality)
    {
        torch.manual_seed(1);
        using DisposeScope scope = torch.NewDisposeScope();
        using var model = new BinaryViT(Network with { AttentionLevels = 3, Locality = locality });
        model.eval();
        Tensor images = torch.randn(16, 3, 32, 32);
        double Share(string name, double clipLog)
        {
            using (torch.no_grad())
            {
                model.named_parameters().Single(p => p.name == $"{Attention}.att_prob_clip_log").parameter.fill_(clipLog);
            }

            return Percent(BinarizerHealth.Of(model, images), name, $"{Attention}.prob");
        }
        Assert.Equal(100, Share(BinarizerHealth.Full, -30));
        Assert.Equal(100, Share(BinarizerHealth.Empty, 1));
        // Every key has the first bit and few have the third.
        Assert.Equal(0, Share(BinarizerHealth.Full, Math.Log(0.5 / 16)));
        Assert.Equal(0, Share(BinarizerHealth.Empty, Math.Log(0.5 / 16)));
    }

    [Fact]
    public void FlippedSignsAreCountedPerEpochAndSurviveAResume()
    {
        PixelSource source = DataTests.Shapes(24);
        torch.manual_seed(2);
        using var model = new BinaryViT(Network);
        HealthMonitor New() => HealthMonitor.For(model, "student", source, [.. Enumerable.Range(0, 24)], torch.CPU, 1000, 100, new Warnings())!;
        HealthMonitor monitor = New();
        Assert.Equal([100, 200, 1000], new long[] { 50, 100, 101, 200, 250, 1000 }.Where(monitor.Due));
        Assert.Null(monitor.Save());
        Assert.True(double.IsNaN(monitor.Look(100).SignFlips));

        // 32 of the 2048 weights of one layer, two epochs later: 100 * 32 / 2048 / 2 per cent.
        LatentWeight weight = model.SignWeights().Single(w => w.Layer == "vit.encoder.layer.0.intermediate.dense").Weight;
        using (torch.no_grad())
        {
            Tensor row = weight.Argument().narrow(0, 5, 1);
            weight.weight.narrow(0, 5, 1).copy_(row.neg());
        }
        HealthMonitor resumed = New();
        resumed.Restore(monitor.Save());
        foreach (HealthMonitor each in new[] { monitor, resumed })
        {
            BinarizerHealth health = each.Look(300);
            Assert.Equal(100.0 * 32 / 2048 / 2, Percent(health, BinarizerHealth.Flips, "vit.encoder.layer.0.intermediate.dense"), 1e-9);
            Assert.Equal(0, Percent(health, BinarizerHealth.Flips, "vit.encoder.layer.0.output.dense"));
        }
        Assert.Equal(monitor.Save(), resumed.Save());

        // Bytes of another network are left alone.
        resumed.Restore([1, 2, 3]);
        Assert.Equal(monitor.Save(), resumed.Save());
    }

    [Fact]
    public void WeightsThatDoNotMoveOrDoNotSettleAreToldOnce()
    {
        var lines = new Warnings();
        var warnings = new HealthWarnings("student", 100, lines);
        BinarizerHealth Flips(double percent) => new([new LayerFinding("a", BinarizerHealth.Flips, percent), new LayerFinding("b", BinarizerHealth.Flips, 0)]);
        warnings.Report(10, Flips(0), 8);
        warnings.Report(20, Flips(0), 8);
        warnings.Report(60, Flips(9), 8);
        Assert.Contains("no binary weight changed its sign", Assert.Single(lines.Seen), StringComparison.Ordinal);
        warnings.Report(90, Flips(9), 8);
        warnings.Report(100, Flips(9), 8);
        Assert.Equal(2, lines.Seen.Count);
        Assert.Contains("late in the run, in 1 of 2 layers: a 9.0 %", lines.Seen[1], StringComparison.Ordinal);
    }

    [Fact]
    public void TheFloatTwinHasNoSignsToLookAt()
    {
        using var twin = new BinaryViT(Network, Precision.Float);
        Assert.Empty(twin.SignWeights());
        Assert.Null(HealthMonitor.For(twin, "teacher", DataTests.Shapes(20), [0, 1], torch.CPU, 10, 5, new Warnings()));
    }

    private static double Percent(BinarizerHealth health, string name, string layer) => health.Of(name).Single(f => f.Layer == layer).Percent;

    private static float[] Running(BinaryViT model) => [.. model.named_buffers().Where(b => b.buffer.dtype == ScalarType.Float32).SelectMany(b => ModelTensors.ToArray(b.buffer))];

    private sealed class Warnings : IConvertProgress
    {
        public List<string> Seen { get; } = [];

        public void Report(ConvertEvent value)
        {
            if (value is Warned warned)
            {
                Seen.Add(warned.Text);
            }
        }
    }
}
