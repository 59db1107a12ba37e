using EdgeVit.Export;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>Blocks that are computed again in the backward pass: the same step to the bit, and less memory.</summary>
public class RecomputedTests
{
    private static BinaryViTConfig Network(BranchKind branches = BranchKind.Pool, int width = 32) => new(
        "again", ImageSize: 32, PatchSize: 4,
        [
            new StageConfig(Depth: 2, Width: width, FfnWidth: 2 * width, Heads: 1, Reduction: 2),
            new StageConfig(Depth: 2, Width: 2 * width, FfnWidth: 4 * width, Heads: 2, Reduction: 1),
        ], Classes: 10, Branches: branches);

    [Theory]
    [InlineData(32, true, BranchKind.Pool, 0, false)]
    [InlineData(32, true, BranchKind.Shift, 0.3, false)]
    [InlineData(32, true, BranchKind.None, 0, true)]
    [InlineData(32, false, BranchKind.Pool, 0.3, false)]
    [InlineData(20, true, BranchKind.Pool, 0.3, false)]
    internal void ValuesGradientsAndStatisticsAreTheSame(int width, bool fused, BranchKind branches, double depth, bool mixed)
    {
        bool enabled = FusedBranch.Enabled;
        try
        {
            FusedBranch.Enabled = fused;
            Assert.Equal(Step(Network(branches, width), depth, mixed, again: false), Step(Network(branches, width), depth, mixed, again: true));
        }
        finally
        {
            FusedBranch.Enabled = enabled;
        }
    }

    [Fact]
    public void ConvolutionsAreComputedAgainToo()
    {
        BinaryViTConfig network = Network() with
        {
            Stages =
            [
                new StageConfig(Depth: 4, Width: 32, FfnWidth: 64, Heads: 1, Reduction: 1)
                {
                    Mixer = MixerCycle.Parse("conv3+depthwise+pool+attention")!.Value,
                    Projection = ProjectionKind.Depthwise,
                    Ffn = FfnKind.Local,
                    Gate = GateKind.Channel,
                },
            ],
        };
        Assert.Equal(Step(network, 0.3, mixed: false, again: false), Step(network, 0.3, mixed: false, again: true));
    }

    [Fact]
    public void AStepTakesLessMemory() =>
        Assert.InRange(MeasuredSteps.InProcess(MeasuredSteps.Computed).ImageBytes, 1, MeasuredSteps.InProcess(MeasuredSteps.Kept).ImageBytes / 2);

    [Fact]
    public void MemoryThatDoesNotSufficeForABatchTurnsItOn()
    {
        string[] said = MeasuredSteps.Said(MeasuredSteps.Bounded).Split('\n', 3);
        Assert.Equal(["False", "True"], said[..2]);
        Assert.Contains("computes the values inside each block again", said[2], StringComparison.Ordinal);
    }

    /// <summary>Loss, gradients and buffers after one step.</summary>
    private static float[] Step(BinaryViTConfig network, double depth, bool mixed, bool again)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.manual_seed(11);
        using var model = new BinaryViT(network) { Recomputes = again };
        model.train();
        model.Omission = new Omission(new Regularization(depth, 0), Seed: 5, Step: 3, Part: 0);
        Tensor images = torch.randn(6, 3, 32, 32);
        Tensor labels = torch.tensor(new long[] { 1, 2, 3, 4, 5, 6 });
        Tensor loss;
        using (MixedPrecision.Scope(mixed))
        {
            loss = nn.functional.cross_entropy(model.call(images), labels);
        }

        loss.backward();
        return
        [
            loss.item<float>(),
            .. model.parameters().SelectMany(p => ModelTensors.ToArray(p.grad!)),
            .. model.buffers().SelectMany(b => ModelTensors.ToArray(b.to(ScalarType.Float32))),
        ];
    }
}
