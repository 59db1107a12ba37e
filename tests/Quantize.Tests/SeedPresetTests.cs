using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>The presets that are other papers' networks in bits: what makes each of them that paper's.</summary>
public class SeedPresetTests
{
    /// <summary>Swin: after an unmoved and a moved block, a token has seen the windows that overlap its own, and no other pixel.</summary>
    [Fact]
    public void SwinSeesTheWindowsThatOverlapItsOwn()
    {
        BinaryViTConfig preset = BinarySwin.Config;
        Assert.Equal([56, 28, 14, 7], Enumerable.Range(0, 4).Select(preset.Grid));
        Assert.Equal([(7, 0), (7, 3), (7, 0), (7, 3)], Enumerable.Range(0, 4).Select(l => (preset.WindowAt(l)!.Side, preset.WindowAt(l)!.Shift)));
        Assert.All(Enumerable.Range(0, preset.Layers), l => Assert.Equal(13 * 13, preset.BiasAt(l)!.Length));

        // Its first stage on a grid of 14, in floats, in which every key counts.
        BinaryViTConfig config = FewBlocks.Of(preset);
        const int Grid = 14;
        torch.manual_seed(1);
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        using var model = new BinaryViT(config, Precision.Float);
        model.eval();
        Tensor images = torch.randn(1, 3, config.ImageSize, config.ImageSize);
        float[] before = Tokens(model, images);
        foreach ((int row, int column) in ((int, int)[])[(0, 0), (6, 6), (7, 2), (13, 9)])
        {
            Tensor changed = images.clone();
            changed.narrow(2, row * config.PatchSize, config.PatchSize).narrow(3, column * config.PatchSize, config.PatchSize).neg_();
            float[] after = Tokens(model, changed);
            for (int t = 0; t < Grid * Grid; t++)
            {
                bool moved = !before.AsSpan(t * 96, 96).SequenceEqual(after.AsSpan(t * 96, 96));
                Assert.Equal(Along(row, t / Grid) && Along(column, t % Grid), moved);
            }
        }

        // Windows of 7 from 0; moved ones end behind rows 2 and 9: 0..2, 3..9, 10..13. A row is reached where some row of its moved window is in the pixel's window.
        static bool Along(int pixel, int token)
        {
            (int from, int to) = token < 3 ? (0, 2) : token < 10 ? (3, 9) : (10, 13);
            return from / 7 <= pixel / 7 && to / 7 >= pixel / 7;
        }
    }

    /// <summary>LeViT: which keys a query attends to is decided by their distance, too.</summary>
    [Fact]
    public void LevitsBiasChangesADecision()
    {
        BinaryViTConfig config = BinaryLevit.Config.With(classes: 10, imageSize: 64);
        Assert.Equal([14, 7], Enumerable.Range(0, 2).Select(BinaryLevit.Config.Grid));
        torch.manual_seed(2);
        using var model = new BinaryViT(config);
        Dictionary<string, FloatTensor> tensors = new(ModelTensors.Export(model), StringComparer.Ordinal);
        const string Name = "vit.encoder.layer.0.attention.attention.att_bias", Query = "vit.encoder.layer.0.attention.attention.query.bits";
        byte[][] Bits(float own)
        {
            // Distance 0 is the first number of each head.
            float[] numbers = new float[tensors[Name].Data.Length];
            for (int head = 0; head < 4; head++)
            {
                numbers[head * (numbers.Length / 4)] = own;
            }

            tensors[Name] = tensors[Name] with { Data = numbers };
            LoweredModel lowered = Lowering.Lower(config, tensors);
            var interpreter = new GraphInterpreter(lowered.Graph, lowered.Tensors);
            IReadOnlyDictionary<string, Value> values = interpreter.Run(SelfTest.Input(1, lowered.Graph.InputShape));
            GraphNode node = lowered.Graph.Nodes.First(n => n.Op == Op.BinaryAttention);
            Assert.Equal(Query, node.Inputs[0]);
            List<byte[]> rows = [];
            ReferenceAttention.Of(new NodeValues(interpreter, node, values)).Rows((_, _, reached) => rows.Add(reached.ToArray()));
            return [.. rows];
        }

        // 20 logits less are 80 matches less: none of 64 is left for a token's own key, whatever their signs are.
        (byte[][] without, byte[][] with) = (Bits(0), Bits(-20));
        Assert.Contains(Enumerable.Range(0, without.Length), r => without[r][r % 16] == 1);
        Assert.All(Enumerable.Range(0, with.Length), r => Assert.Equal(0, with[r][r % 16]));
        Assert.Contains(with, row => row.Contains((byte)1));
    }

    /// <summary>LeViT: from stage to stage a quarter of the tokens ask all of them.</summary>
    [Fact]
    public void LevitShrinksByAttentionOfFewerQueries()
    {
        LoweredModel model = Lowering.Lower(BinaryLevit.Config, FewBlocks.Fresh(BinaryLevit.Config));
        IReadOnlyDictionary<string, ValueShape> shapes = GraphValidator.Validate(model.Graph, model.Tensors);
        GraphNode[] attention = [.. model.Graph.Nodes.Where(n => n.Op == Op.BinaryAttention)];
        Assert.Equal([.. Enumerable.Repeat((196, 196, 256), 4), (49, 196, 512), .. Enumerable.Repeat((49, 49, 512), 8)],
            attention.Select(n => (shapes[n.Inputs[0]].Tokens, shapes[n.Inputs[1]].Tokens, shapes[n.Output].Channels)));
        Assert.Equal("vit.encoder.patch_embed1.attention.attention.norm_context", attention[4].Name);
        Assert.Equal(["vit.encoder.patch_embed1.tile", "vit.encoder.patch_embed1.attention.output.layerscale"], model.Graph.Nodes.Single(n => n.Name == "vit.encoder.patch_embed1.attention").Inputs);
    }

    /// <summary>CaiT: in the last two layers the class token alone asks, and alone is changed.</summary>
    [Fact]
    public void InCaitsLastLayersOnlyTheClassTokenAttends()
    {
        BinaryViTConfig config = BinaryCait.Config;
        LoweredModel model = Lowering.Lower(config, FewBlocks.Fresh(config));
        IReadOnlyDictionary<string, ValueShape> shapes = GraphValidator.Validate(model.Graph, model.Tensors);
        GraphNode[] attention = [.. model.Graph.Nodes.Where(n => n.Op == Op.BinaryAttention)];
        Assert.Equal([.. Enumerable.Repeat((196, 196), 24), (1, 197), (1, 197)], attention.Select(n => (shapes[n.Inputs[0]].Tokens, shapes[n.Inputs[1]].Tokens)));

        // Both layers take the tokens as the trunk left them, each behind another class token.
        GraphNode[] joined = [.. model.Graph.Nodes.Where(n => n.Op == Op.PrependTokens)];
        Assert.Equal(["vit.encoder.layer.23", "vit.encoder.layer.23"], joined.Select(n => n.Inputs[0]));
        Assert.Equal(["vit.class_token", "vit.class_attention.0"], joined.Select(n => n.Inputs[1]));
    }

    [Fact]
    public void DeitIsOneStageOfTwelveBlocksInWhichAllTokensMeet()
    {
        LoweredModel model = Lowering.Lower(BinaryDeit.Config, FewBlocks.Fresh(BinaryDeit.Config));
        IReadOnlyDictionary<string, ValueShape> shapes = GraphValidator.Validate(model.Graph, model.Tensors);
        GraphNode[] attention = [.. model.Graph.Nodes.Where(n => n.Op == Op.BinaryAttention)];
        Assert.Equal(Enumerable.Repeat((196, 196, 6), 12), attention.Select(n => (shapes[n.Inputs[0]].Tokens, shapes[n.Inputs[1]].Tokens, n.Attributes["heads"])));
        Assert.DoesNotContain(model.Graph.Nodes, n => n.Op is Op.BinaryConv or Op.AvgPool2d or Op.SpatialShift);
        Assert.Equal(12 * 12 * 384 * 384, model.Graph.Nodes.Where(n => n.Op == Op.BinaryLinear).Sum(n => 64L * model.Tensors[n.Tensors["weight"]].Bytes.Length / 8));
    }

    private static float[] Tokens(BinaryViT model, Tensor images)
    {
        var taps = new RecordedTaps();
        model.Taps.Sink = taps;
        model.call(images);
        return taps.Values["vit.encoder.layer.1"];
    }
}
