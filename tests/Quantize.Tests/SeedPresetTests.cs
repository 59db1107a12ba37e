using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>The presets that are other papers' networks in bits: what makes each of them that paper's, and that it is trained, packed and proven.</summary>
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
        BinaryViTConfig config = Small(preset);
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

    /// <summary>CaiT: in the last two layers the class token alone asks, and alone is changed.</summary>
    [Fact]
    public void InCaitsLastLayersOnlyTheClassTokenAttends()
    {
        BinaryViTConfig config = BinaryCait.Config;
        LoweredModel model = Lowering.Lower(config, Fresh(config));
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
        LoweredModel model = Lowering.Lower(BinaryDeit.Config, Fresh(BinaryDeit.Config));
        IReadOnlyDictionary<string, ValueShape> shapes = GraphValidator.Validate(model.Graph, model.Tensors);
        GraphNode[] attention = [.. model.Graph.Nodes.Where(n => n.Op == Op.BinaryAttention)];
        Assert.Equal(Enumerable.Repeat((196, 196, 6), 12), attention.Select(n => (shapes[n.Inputs[0]].Tokens, shapes[n.Inputs[1]].Tokens, n.Attributes["heads"])));
        Assert.DoesNotContain(model.Graph.Nodes, n => n.Op is Op.BinaryConv or Op.AvgPool2d or Op.SpatialShift);
        Assert.Equal(12 * 12 * 384 * 384, model.Graph.Nodes.Where(n => n.Op == Op.BinaryLinear).Sum(n => 64L * model.Tensors[n.Tensors["weight"]].Bytes.Length / 8));
    }

    /// <summary>Twenty steps of two blocks of each stage, on images that make few tokens of its patches.</summary>
    [Theory]
    [InlineData("binary-deit")]
    [InlineData("binary-cait")]
    [InlineData("binary-levit")]
    [InlineData("binary-swin")]
    public void ItIsTrainedPackedAndProven(string preset)
    {
        using var folder = new TempFolder();
        ConvertOptions options = new()
        {
            Data = "shapes",
            Out = folder.File("run"),
            Student = folder.File("few.json"),
            Teacher = "none",
            ShapesTrain = 200,
            ShapesTest = 10,
            Epochs = 0.5,
            BatchSize = 4,
            ParityImages = 1,
            Device = "cpu",
        };
        BinaryViTConfig config = BinaryViTPresets.Get(preset);
        BinaryViTConfig few = preset == "binary-swin" ? Small(config) : config with { ImageSize = 64, Stages = [.. config.Stages.Select(s => s with { Depth = 2 })] };
        File.WriteAllText(options.Student, ConfigJson.Write(few));
        ConvertResult result = Converter.Convert(options, new SilentProgress());
        Assert.True(result.Parity.Passed, result.Parity.ToString());
        Assert.Empty(result.Parity.Untapped);
        Assert.True(result.Certificate.Passed);
    }

    /// <summary>The whole of it, with fresh weights: the kernels have the interpreter's bits.</summary>
    [Theory]
    [InlineData("binary-levit")]
    [InlineData("binary-swin")]
    public void TheWholePresetHasTheInterpretersBits(string preset)
    {
        BinaryViTConfig config = BinaryViTPresets.Get(preset);
        EvitFile file = EvitFile.Parse(EvitWriter.ToBytes(
            FoldedModel.Of(Lowering.Lower(config, Fresh(config))).Model, new Preprocess(224, 224, 256, Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]),
            [.. Enumerable.Range(0, 1000).Select(i => $"class {i}")], "{}"));
        float[] expected = new GraphInterpreter(file.Graph, file.Tensors).Run(SelfTest.Input(1, file.Graph.InputShape))[file.Graph.OutputName].Floats;
        using EvitModel model = EvitModel.Load(file);
        using Session session = model.CreateSession();
        var logits = new float[1000];
        session.RunNchw(SelfTest.Input(1, file.Graph.InputShape), logits);
        Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), logits.Select(BitConverter.SingleToInt32Bits));
    }

    /// <summary>The first two stages on grids of 14 and 7: one of four windows, moved by turns, and one of one.</summary>
    private static BinaryViTConfig Small(BinaryViTConfig swin) =>
        (swin with { Name = "swin", ImageSize = 56, Classes = 10, Stages = [swin.Stages[0], swin.Stages[1] with { Shift = 0 }] }).Validate();

    private static IReadOnlyDictionary<string, FloatTensor> Fresh(BinaryViTConfig config)
    {
        torch.manual_seed(3);
        using var model = new BinaryViT(config);
        using (torch.no_grad())
        {
            foreach ((string name, TorchSharp.Modules.Parameter parameter) in model.named_parameters().Where(p => p.name.EndsWith(TensorManifest.Bias, StringComparison.Ordinal)))
            {
                parameter.copy_(torch.randn(parameter.shape));
            }
        }

        return ModelTensors.Export(model);
    }

    private static float[] Tokens(BinaryViT model, Tensor images)
    {
        var taps = new RecordedTaps();
        model.Taps.Sink = taps;
        model.call(images);
        return taps.Values["vit.encoder.layer.1"];
    }
}
