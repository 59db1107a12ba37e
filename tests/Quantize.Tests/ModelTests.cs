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
    public void EveryFormOfTheNetworkIsReportedAndLowered(bool binaryDownsampling, BranchKind branches, bool shiftedPatches = false, int stem = 0)
    {
        BinaryViTConfig config = Small with { BinaryDownsampling = binaryDownsampling, Branches = branches, ShiftedPatches = shiftedPatches, StemWidth = stem };
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
