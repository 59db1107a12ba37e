using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>The networks: presets, the float twin, the teacher.</summary>
public class ModelTests
{
    private static BinaryViTConfig Small { get; } = new(
        "small", ImageSize: 32, PatchSize: 8,
        [new StageConfig(Depth: 1, Width: 16, FfnWidth: 32, Heads: 2, Reduction: 2), new StageConfig(Depth: 1, Width: 32, FfnWidth: 32, Heads: 1, Reduction: 1)],
        Classes: 4);

    [Theory]
    [InlineData("binaryvit-nano")]
    [InlineData("binaryvit-32")]
    public void PresetsHaveTheExportersTensors(string name)
    {
        BinaryViTConfig config = BinaryViTPresets.Get(name);
        using var model = new BinaryViT(config);
        new TensorManifest(config).Check(ModelTensors.Export(model), name);
    }

    [Theory]
    [InlineData(true, BranchKind.Pool)]
    [InlineData(false, BranchKind.Pool)]
    [InlineData(true, BranchKind.None)]
    [InlineData(true, BranchKind.Shift)]
    [InlineData(true, BranchKind.Pool, true, 0)]
    [InlineData(true, BranchKind.Pool, false, 6)]
    [InlineData(false, BranchKind.Shift, true, 6)]
    [InlineData(true, BranchKind.Pool, false, 0, 3)]
    [InlineData(true, BranchKind.Shift, false, 0, 3, true)]
    [InlineData(true, BranchKind.Pool, false, 0, 1, false, 2)]
    [InlineData(false, BranchKind.Shift, true, 6, 3, true, 1)]
    internal void EveryFormOfTheNetworkIsReportedAndLowered(
        bool binaryDownsampling, BranchKind branches, bool shiftedPatches = false, int stem = 0, int levels = 1, bool locality = false, int classAttention = 0)
    {
        BinaryViTConfig config = Small with { Down = binaryDownsampling ? DownKind.Binary : DownKind.Float, Branches = branches, ShiftedPatches = shiftedPatches, StemWidth = stem, AttentionLevels = levels, Locality = locality, ClassAttention = classAttention };
        Reports(config);
    }

    /// <summary>A network reports every value of its graph.</summary>
    private static void Reports(BinaryViTConfig config)
    {
        torch.manual_seed(1);
        using var model = new BinaryViT(config);
        model.eval();
        LoweredModel lowered = Lowering.Lower(config, ModelTensors.Export(model));
        var taps = new RecordedTaps();
        model.Taps.Sink = taps;
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        model.call(torch.randn(1, 3, 32, 32));
        string[] missing = [.. lowered.Graph.Nodes.Select(n => n.Output).Where(n => !taps.Values.ContainsKey(n))];
        Assert.True(missing.Length == 0, $"not reported: {string.Join(", ", missing)}");
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public void NetworksThatConvolveAreReportedAndLowered(bool all, int dilation)
    {
        StageConfig Convolving(StageConfig stage) => stage with { Mixer = MixerKind.Conv3, Heads = 1, Reduction = 1, Dilation = dilation };
        Reports(Small with { Stages = [Convolving(Small.Stages[0]), all ? Convolving(Small.Stages[1]) : Small.Stages[1]] });
    }

    [Fact]
    public void NetworksWithMixersByTurnsAndConvolutionsBetweenAreReportedAndLowered() => Reports(Small with
    {
        Stages =
        [
            Small.Stages[0] with { Depth = 4, Mixer = MixerCycle.Parse("depthwise+pool+conv3+attention")!.Value, Kernel = 5, Projection = ProjectionKind.Depthwise },
            Small.Stages[1] with { Ffn = FfnKind.Local },
        ],
        ClassAttention = 1,
    });

    [Theory]
    [InlineData("conv3")]
    [InlineData("depthwise+conv3+attention")]
    public void NetworksWithGatesAreReportedAndLowered(string mixers) => Reports(Small with
    {
        Stages = [.. Small.Stages.Select(s => s with { Depth = 3, Mixer = MixerCycle.Parse(mixers)!.Value, Heads = 1, Reduction = 1, Gate = GateKind.Channel })],
    });

    [Theory]
    [InlineData(nameof(DownKind.Conv3))]
    [InlineData(nameof(DownKind.Depthwise))]
    [InlineData(nameof(DownKind.Attention))]
    public void NetworksWithOtherDownSamplingAndStemsAreReportedAndLowered(string down) =>
        Reports(Small with { Down = Enum.Parse<DownKind>(down), PatchSize = 2, Stem = [new StemLayer(3, 2, 6), new StemLayer(3, 2, Depthwise: true)] });

    [Theory]
    [InlineData(nameof(Precision.Binary))]
    [InlineData(nameof(Precision.Float))]
    public void WithLocalityNoTokenAttendsToItself(string precision)
    {
        torch.manual_seed(2);
        BinaryViTConfig config = Small with { Locality = true };
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable frozen = torch.no_grad();
        var context = new LayerContext(Enum.Parse<Precision>(precision), config.BatchNormEps, new Taps());
        using var attention = new BinaryAttention("a", context, config, 1, 1, new BinarizationSettings { Clip = new ClipStart(1e-6, false) });
        attention.eval();
        var grid = new TokenGrid(1, 2);
        // Values of one token turn; with a clip near zero every other token takes all of them.
        Tensor x = torch.randn(4, 32);
        foreach (int token in (int[])[0, 3])
        {
            (Tensor before, Tensor after) = (attention.Attend(x, x, x, grid.Batch), attention.Attend(x, x, Turned(x, token), grid.Batch));
            for (int t = 0; t < 4; t++)
            {
                Assert.Equal(t == token, ModelTensors.ToArray(before.narrow(0, t, 1)).SequenceEqual(ModelTensors.ToArray(after.narrow(0, t, 1))));
            }
        }

        static Tensor Turned(Tensor x, int token)
        {
            Tensor turned = x.clone();
            turned.narrow(0, token, 1).neg_();
            return turned;
        }
    }

    [Fact]
    public void ThreeLevelsStartAtAThirdOfTheClip()
    {
        using var one = new BinaryViT(Small);
        using var three = new BinaryViT(Small with { AttentionLevels = 3 });
        const string Clip = "vit.encoder.layer.1.attention.attention.att_prob_clip";
        // Four keys: 3 / keys is 0.75.
        Assert.Equal(0.75f, ModelTensors.Export(one)[Clip].Data.Single(), 1e-6f);
        Assert.Equal(0.25f, ModelTensors.Export(three)[Clip].Data.Single(), 1e-6f);
    }

    [Fact]
    public void FloatTwinHasTheSameTensorsAndNoSigns()
    {
        torch.manual_seed(1);
        using var binary = new BinaryViT(Small);
        using var twin = new BinaryViT(Small, Precision.Float);
        Assert.Equal(binary.state_dict().Keys, twin.state_dict().Keys);
        ModelTensors.Load(twin, ModelTensors.Export(binary));
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor images = torch.randn(8, 3, 32, 32);
        twin.train();
        twin.call(images).sum().backward();
        // Its gradient reaches every latent weight, and a small step changes its logits smoothly: that of a binary network would jump or not move.
        Assert.All(twin.named_parameters().Where(p => p.name.EndsWith("dense.weight", StringComparison.Ordinal)), p => Assert.NotNull(p.parameter.grad));
        twin.eval();
        float[] before = ModelTensors.ToArray(twin.call(images));
        float[] near = ModelTensors.ToArray(twin.call(images + (torch.randn(8, 3, 32, 32) * 1e-4)));
        double change = before.Zip(near, (a, b) => Math.Abs(a - b)).Max();
        Assert.InRange(change, 1e-9, 1e-2);
    }

    [Theory]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(28)]
    public void TeacherServesSquareImagesOfAnySize(int side)
    {
        using var teacher = new ResNet(7, 8, side);
        teacher.eval();
        using DisposeScope scope = torch.NewDisposeScope();
        Assert.Equal([2, 7], teacher.call(torch.randn(2, 3, side, side)).shape);
    }
}
