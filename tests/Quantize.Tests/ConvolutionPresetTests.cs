using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>Other papers' networks that convolve or pool besides they attend, in bits: what makes each of them that paper's.</summary>
public class ConvolutionPresetTests
{
    /// <summary>PiT: a pixel lies in four patches, and a convolution of single channels makes a quarter of the tokens, twice as wide.</summary>
    [Fact]
    public void PitsPatchesOverlapAndItsTokensArePooledByConvolutions()
    {
        BinaryViTConfig config = BinaryPit.Config;
        Assert.Equal([(28, 192), (14, 384), (7, 768)], Enumerable.Range(0, 3).Select(s => (config.Grid(s), config.Stages[s].Width)));
        Assert.Equal(4, Changed(FewBlocks.Of(config), "vit.embeddings.norm", row: 20, column: 30).Count);
        Assert.Single(Changed(FewBlocks.Of(BinaryDeit.Config), "vit.embeddings.norm", row: 20, column: 30));

        GraphNode[] pools = [.. Graph(config).Nodes.Where(n => n.Op == Op.DepthwiseConv2d)];
        Assert.Equal(["vit.encoder.patch_embed1.depthwise", "vit.encoder.patch_embed2.depthwise"], pools.Select(n => n.Name));
        Assert.All(pools, n => Assert.Equal((3, 2), (n.Attributes["kernel"], n.Attributes["stride"])));
    }

    /// <summary>CvT: queries, keys and values are projected from convolutions of their own, those of keys and values with a stride.</summary>
    [Fact]
    public void CvtConvolvesBeforeQueriesKeysAndValues()
    {
        LoweredModel model = Lowering.Lower(BinaryCvt.Config, FewBlocks.Fresh(BinaryCvt.Config));
        IReadOnlyDictionary<string, ValueShape> shapes = GraphValidator.Validate(model.Graph, model.Tensors);
        Dictionary<string, GraphNode> makers = model.Graph.Nodes.ToDictionary(n => n.Output);
        GraphNode[] attention = [.. model.Graph.Nodes.Where(n => n.Op == Op.BinaryAttention)];
        Assert.Equal([(3136, 784), (784, 196), (784, 196), .. Enumerable.Repeat((196, 49), 10)], attention.Select(n => (shapes[n.Inputs[0]].Tokens, shapes[n.Inputs[1]].Tokens)));
        for (int l = 0; l < 13; l++)
        {
            string at = $"vit.encoder.layer.{l}";
            foreach ((string projection, int stride) in ((string, int)[])[("query", 1), ("key", 2), ("value", 2)])
            {
                // A linear layer of the signs of a convolution of the normed tokens.
                GraphNode sign = makers[makers[$"{at}.attention.attention.{projection}"].Inputs[0]], convolution = makers[sign.Inputs[0]];
                Assert.Equal((Op.ShiftSign, Op.DepthwiseConv2d, 3, stride), (sign.Op, convolution.Op, convolution.Attributes["kernel"], convolution.Attributes["stride"]));
                Assert.Equal($"{at}.layernorm_before", convolution.Inputs[0]);
            }
        }
    }

    /// <summary>CeiT: the hidden layer of every FFN sees its neighbours, and the class token comes in the end.</summary>
    [Fact]
    public void CeitConvolvesWithinTheFeedForwardNetwork()
    {
        LoweredModel model = Lowering.Lower(BinaryCeit.Config, FewBlocks.Fresh(BinaryCeit.Config));
        IReadOnlyDictionary<string, ValueShape> shapes = GraphValidator.Validate(model.Graph, model.Tensors);
        Dictionary<string, GraphNode> makers = model.Graph.Nodes.ToDictionary(n => n.Output);
        for (int l = 0; l < 12; l++)
        {
            GraphNode sign = makers[makers[$"vit.encoder.layer.{l}.output.dense"].Inputs[0]], activation = makers[sign.Inputs[0]], convolution = makers[activation.Inputs[0]];
            Assert.Equal((Op.ShiftSign, Op.RPReLU, Op.DepthwiseConv2d), (sign.Op, activation.Op, convolution.Op));
            Assert.Equal((1536, $"vit.encoder.layer.{l}.intermediate"), (shapes[convolution.Output].Channels, convolution.Inputs[0]));
        }

        GraphNode[] attention = [.. model.Graph.Nodes.Where(n => n.Op == Op.BinaryAttention)];
        Assert.Equal([.. Enumerable.Repeat((196, 196), 12), (1, 197)], attention.Select(n => (shapes[n.Inputs[0]].Tokens, shapes[n.Inputs[1]].Tokens)));
    }

    /// <summary>T2T-ViT: overlapping windows become tokens three times, with a narrow transformer before the last time.</summary>
    [Fact]
    public void T2tsSoftSplitsOverlap()
    {
        BinaryViTConfig config = BinaryT2t.Config;
        LoweredModel model = Lowering.Lower(config, FewBlocks.Fresh(config));
        IReadOnlyDictionary<string, ValueShape> shapes = GraphValidator.Validate(model.Graph, model.Tensors);
        GraphNode[] attention = [.. model.Graph.Nodes.Where(n => n.Op == Op.BinaryAttention)];
        Assert.Equal([(784, 64), .. Enumerable.Repeat((196, 384), 14)], attention.Select(n => (shapes[n.Inputs[0]].Tokens, shapes[n.Output].Channels)));

        // Windows of 7 every 4 pixels, of 3 every 2 of those: pixels 8 t - 7 to 8 t + 7 along an axis; pixel 12 is in the windows of 1 and 2, pixel 8 in that of 1 alone.
        BinaryViTConfig few = FewBlocks.Of(config);
        int[] Along(params int[] tokens) => tokens;
        foreach ((int pixel, int[] tokens) in ((int, int[])[])[(12, Along(1, 2)), (8, Along(1)), (15, Along(1, 2)), (1, Along(0, 1))])
        {
            Assert.Equal(tokens.SelectMany(r => tokens.Select(c => (8 * r) + c)).Order(), Changed(few, "vit.embeddings.norm", pixel, pixel).Order());
        }
    }

    /// <summary>MaxViT: convolution with its gate, windows, grid. Behind the windows a pixel is known in its own window, behind the grid everywhere.</summary>
    [Fact]
    public void MaxvitSeesThePictureBehindABlockAndAGrid()
    {
        Assert.Equal([6, 6, 15, 6], BinaryMaxvit.Config.Stages.Select(s => s.Depth));
        BinaryViTConfig config = FewBlocks.Of(BinaryMaxvit.Config);
        GraphNode[] gates = [.. Graph(config).Nodes.Where(n => n.Op == Op.Gate)];
        Assert.Equal(((int[])[0, 3]).Select(l => ($"vit.encoder.layer.{l}.conv.rprelu", $"vit.encoder.layer.{l}.gate.excite")), gates.Select(n => (n.Inputs[0], n.Inputs[1])));
        Assert.Equal("conv3+attention+attention", config.Stages[0].Mixer.ToString());
        int[] window = [.. Enumerable.Range(0, 14 * 14).Where(t => t / 14 < 7 && t % 14 >= 7)];
        Assert.Equal(window, Changed(config, "vit.encoder.layer.1", row: 4 * 3, column: 4 * 10).Order());
        Assert.Equal(Enumerable.Range(0, 14 * 14), Changed(config, "vit.encoder.layer.2", row: 4 * 3, column: 4 * 10).Order());
    }

    /// <summary>MobileViT: convolutions before and behind attention, in which a token meets those of its own place in every patch of 2x2.</summary>
    [Fact]
    public void MobilevitsTokensMeetThoseOfTheirPlaceInAPatch()
    {
        BinaryViTConfig config = BinaryMobilevit.Config;
        Assert.Equal([64, 32, 16, 8], Enumerable.Range(0, 4).Select(config.Grid));
        Assert.Equal("CCC" + "CAAC" + "CAAAAC" + "CAAAC", string.Concat(Enumerable.Range(0, config.Layers).Select(l => config.MixerAt(l).ToString()[0])));
        foreach (int layer in Enumerable.Range(0, config.Layers).Where(l => config.MixerAt(l) == MixerKind.Attention))
        {
            int grid = config.Grid(config.StageOf(layer));
            var keys = new AttentionKeys(config.WindowAt(layer), new ValueShape(ValueKind.Bits, 64, grid, grid), grid * grid);
            foreach (int query in (int[])[0, 1, grid, (3 * grid) + 5])
            {
                Assert.Equal(Enumerable.Range(0, grid * grid).Where(k => k / grid % 2 == query / grid % 2 && k % grid % 2 == query % grid % 2), keys.Of(query).Order());
            }
        }
    }

    /// <summary>FastViT: single channels are convolved until the last stage, which attends; nothing of RepMixer's branches is left when it runs.</summary>
    [Fact]
    public void FastvitConvolvesSingleChannelsAndAttendsInTheEnd()
    {
        GraphNode[] mixers = [.. Graph(BinaryFastvit.Config).Nodes.Where(n => n.Op == Op.BinaryAttention || (n.Op == Op.DepthwiseConv2d && n.Attributes["stride"] == 1))];
        Assert.Equal([.. Enumerable.Repeat(Op.DepthwiseConv2d, 10), Op.BinaryAttention, Op.BinaryAttention], mixers.Select(n => n.Op));
        Assert.All(mixers[..10], n => Assert.Equal(7, n.Attributes["kernel"]));

        // Three tokens either way, and one more by the stem.
        BinaryViTConfig few = FewBlocks.Of(BinaryFastvit.Config);
        List<int> seen = Changed(few, "vit.encoder.layer.0", row: 4 * 8, column: 4 * 8);
        Assert.Contains((16 * 5) + 8, seen);
        Assert.DoesNotContain((16 * 3) + 8, seen);
    }

    /// <summary>EfficientFormer: pools everywhere but in the last block, and a pool adds what neighbours have more than the token.</summary>
    [Fact]
    public void EfficientformerPoolsAndAttendsInItsLastBlock()
    {
        ModelGraph graph = Graph(BinaryEfficientformer.Config);
        GraphNode[] mixers = [.. graph.Nodes.Where(n => n.Op == Op.BinaryAttention || (n.Op == Op.AvgPool2d && n.Attributes["strideH"] == 1))];
        Assert.Equal([.. Enumerable.Repeat(Op.AvgPool2d, 14), Op.BinaryAttention], mixers.Select(n => n.Op));
        Assert.Equal("vit.encoder.layer.14.attention.attention.norm_context", mixers[^1].Name);
        Assert.Contains("bias", mixers[^1].Tensors.Keys);

        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        using var pool = new PoolMixer("p", new LayerContext(Precision.Binary, 1e-5, new Taps()), BinaryEfficientformer.Config.Stages[0], layerScale: 0.5);
        Tensor same = torch.randn(1, 64).expand(25, 64).contiguous(), x = torch.randn(25, 64);
        float[] before = ModelTensors.ToArray(x), after = ModelTensors.ToArray(pool.Forward(same, x, new TokenGrid(1, 5), fused: false));
        for (int t = 0; t < 25; t++)
        {
            bool inside = t / 5 is > 0 and < 4 && t % 5 is > 0 and < 4;
            Assert.Equal(inside, Enumerable.Range(64 * t, 64).All(i => Math.Abs(before[i] - after[i]) < 1e-5));
        }
    }

    private static ModelGraph Graph(BinaryViTConfig config) => Lowering.Lower(config, FewBlocks.Fresh(config)).Graph;

    /// <summary>The tokens of a value that are others when a pixel is, in floats, in which every key counts.</summary>
    private static List<int> Changed(BinaryViTConfig config, string value, int row, int column)
    {
        torch.manual_seed(1);
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        using var model = new BinaryViT(config, Precision.Float);
        model.eval();
        var taps = new RecordedTaps();
        model.Taps.Sink = taps;
        Tensor image = torch.randn(1, 3, config.ImageSize, config.ImageSize);
        model.call(image);
        float[] before = taps.Values[value];
        image.narrow(2, row, 1).narrow(3, column, 1).add_(10);
        model.call(image);
        float[] after = taps.Values[value];
        int width = config.Stages[0].Width;
        return [.. Enumerable.Range(0, before.Length / width).Where(t => !before.AsSpan(t * width, width).SequenceEqual(after.AsSpan(t * width, width)))];
    }
}
