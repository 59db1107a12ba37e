using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize.Tests;

/// <summary>The presets that convolve first and attend late: what makes them that, what they cost, and that each is trained, packed and proven.</summary>
public class HybridPresetTests
{
    [Theory]
    [InlineData("hybrid-224", 7, 12, 3, 4.3, 4.5)]
    [InlineData("hybrid-lite", 2, 5, 1, 0.85, 0.95)]
    [InlineData("hybrid-32", 4, 4, 3, 0.48, 0.5)]
    [InlineData("hybrid-wide", 4, 1, 3, 0.06, 0.065)]
    [InlineData("hybrid-nano", 3, 2, 3, 0.012, 0.02)]
    public void ConvolutionsComeFirstAndAttentionLate(string name, int convolutions, int attentions, int levels, double least, double most)
    {
        BinaryViTConfig config = BinaryViTPresets.Get(name);
        using var network = new BinaryViT(config);
        FoldedModel packed = FoldedModel.Of(Lowering.Lower(config, ModelTensors.Export(network)));
        IReadOnlyList<GraphNode> nodes = packed.Model.Graph.Nodes;
        GraphNode[] mixers = [.. nodes.Where(n => n.Op == Op.BinaryAttention || (n.Op == Op.BinaryConv && ConvWindow.Of(n).KeepsGrid))];
        Assert.All(mixers[..convolutions], n => Assert.Equal(Op.BinaryConv, n.Op));
        Assert.All(mixers[convolutions..], n => Assert.Equal((Op.BinaryAttention, levels), (n.Op, AttentionAttributes.Levels(n))));
        Assert.Equal(attentions, mixers.Length - convolutions);

        // One from stage to stage, and at 224 pixels one in the stem.
        int depthwise = config.Stages.Count - 1 + (config.ImageSize == 224 ? 1 : 0);
        Assert.Equal(depthwise, nodes.Count(n => n.Op == Op.DepthwiseConv2d));
        Assert.All(nodes.Where(n => n.Op == Op.DepthwiseConv2d), n => Assert.Equal(2, n.Attributes["stride"]));
        double binary = GraphCost.Of(packed.Model.Graph, packed.Model.Tensors).Sum(f => f.Cost.BinaryMacs) / 1e9;
        Assert.InRange(binary, least, most);
    }

    [Theory]
    [InlineData("hybrid-32", 16, 20)]
    [InlineData("hybrid-wide", 16, 20)]
    [InlineData("hybrid-nano", 16, 20)]
    [InlineData("hybrid-lite", 2, 2)]
    [InlineData("hybrid-224", 2, 2)]
    public void IsTrainedPackedAndProven(string name, int batch, int steps)
    {
        using var folder = new TempFolder();
        ConvertResult result = ShortRun.Proven(ShortRun.Of(folder, name) with
        {
            ShapesTest = 10,
            Epochs = batch * steps / 180.0,
            BatchSize = batch,
            ParityImages = 1,
            Binarization = new BinarizationSettings { NormBatches = 2 },
        });
        Assert.Equal(BinaryViTPresets.Get(name).With(classes: 10), CheckpointImport.Open(folder.File("run/student/best.safetensors")).Network.Config);
        using EvitModel model = EvitModel.Open(result.Model);
        Assert.True(model.RunSelfTest().Passed);
    }
}
