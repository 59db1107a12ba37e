using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>The fused training kernels against the plain torch operations that they replace: same loss, same gradients, same running statistics.</summary>
[Collection(nameof(SwitchesKernels))]
public class FusedKernelTests
{
    private const string NoBFloat16 = "this processor has no products in bfloat16 (AVX512-BF16)";

    private static BinaryViTConfig Network { get; } = new BinaryViTConfig(
        "fused", ImageSize: 32, PatchSize: 4,
        [new StageConfig(Depth: 1, Width: 32, FfnWidth: 128, Heads: 1, Reduction: 2), new StageConfig(Depth: 2, Width: 64, FfnWidth: 128, Heads: 2, Reduction: 1)],
        Classes: 5);

    [Theory]
    [InlineData(BranchKind.Pool)]
    [InlineData(BranchKind.Shift)]
    [InlineData(BranchKind.None)]
    internal void WholeNetworkInFloat(BranchKind branches) => Compare(bfloat16: false, tolerance: 2e-4, network: Network with { Branches = branches });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void WholeNetworkWithClassAttention(int layers) => Compare(bfloat16: false, tolerance: 2e-4, network: Network with { ClassAttention = layers, AttentionLevels = layers == 2 ? 3 : 1, Locality = layers == 2 });

    [Theory]
    [InlineData(false, false, null)]
    [InlineData(false, true, 2)]
    [InlineData(true, false, null)]
    public void WholeNetworkWithConvolutions(bool bfloat16, bool all, int? dilation)
    {
        Assert.SkipWhen(bfloat16 && !MixedPrecision.Native, NoBFloat16);
        StageConfig[] stages = [.. Network.Stages.Select((s, i) => i == 0 || all ? s with { Mixer = MixerKind.Conv3, Heads = 1, Reduction = 1, Dilation = dilation } : s)];
        Compare(bfloat16, tolerance: bfloat16 ? 0.05 : 2e-4, network: Network with { Stages = stages });
    }

    [Theory]
    [InlineData("depthwise+pool", false)]
    [InlineData("conv3+pool+attention", true)]
    [InlineData("conv3+depthwise", false, true)]
    public void WholeNetworkWithMixersByTurns(string mixers, bool local, bool gate = false)
    {
        MixerCycle cycle = MixerCycle.Parse(mixers)!.Value;
        StageConfig[] stages =
        [
            .. Network.Stages.Select(s => s with
            {
                Depth = cycle.Kinds.Count,
                Mixer = cycle,
                Heads = cycle.Attends ? s.Heads : 1,
                Reduction = cycle.Attends ? 2 : 1,
                Projection = local ? ProjectionKind.Depthwise : ProjectionKind.Linear,
                Ffn = local ? FfnKind.Local : FfnKind.Plain,
                Gate = gate ? GateKind.Channel : GateKind.None,
            }),
        ];
        Compare(bfloat16: false, tolerance: 2e-4, network: Network with { Stages = stages });
    }

    [Theory]
    [InlineData(nameof(DownKind.Conv3))]
    [InlineData(nameof(DownKind.Depthwise))]
    [InlineData(nameof(DownKind.Attention))]
    public void WholeNetworkWithOtherDownSamplingAndStem(string down) => Compare(bfloat16: false, tolerance: 2e-4, network: Network with
    {
        Down = Enum.Parse<DownKind>(down),
        PatchSize = 1,
        Stem = [new StemLayer(3, 2, 16), new StemLayer(3, 2, Depthwise: true)],
    });

    /// <summary>Windows that overlap, spread, reach over the edge and leave tokens out, of one image and of more than fit at a time: products and gradients
    /// against torch's own convolution.</summary>
    [Theory]
    [InlineData(3, 1, 1, 1, 5, 3)]
    [InlineData(3, 1, 3, 3, 4, 2)]
    [InlineData(3, 2, 1, 1, 7, 2)]
    [InlineData(2, 2, 0, 1, 5, 2)]
    [InlineData(3, 1, 1, 1, 48, 5)]
    public void WindowsAreAConvolutionsAndSoAreTheirGradients(int kernel, int stride, int padding, int dilation, int side, int batch)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.manual_seed(side);
        const int Inputs = 48, Outputs = 32;
        var grid = new TokenGrid(batch, side);
        var windows = new WindowRows(grid, new ConvWindow(kernel, stride, padding, dilation));
        Tensor tokens = torch.randn(batch * side * side, Inputs).sign().requires_grad_(), weight = torch.randn(Outputs, kernel * kernel * Inputs).requires_grad_();
        // [O, k*k*C] as [O, C, k, k]
        Tensor kernels = weight.view(Outputs, kernel, kernel, Inputs).permute(0, 3, 1, 2);
        Tensor framed = nn.functional.pad(grid.AsImage(tokens), (padding, padding, padding, padding), PaddingModes.Constant, 1);
        Tensor expected = TokenGrid.AsTokens(nn.functional.conv2d(framed, kernels, null, [stride, stride], [0, 0], [dilation, dilation]));
        Tensor incoming = torch.randn(expected.shape);
        (expected * incoming).sum().backward();

        Assert.Equal(expected.shape[0], windows.Rows);
        Assert.True(torch.allclose(windows.Of(tokens).matmul(weight.t()), expected, 1e-4, 1e-3));
        using IDisposable frozen = torch.no_grad();
        Assert.True(torch.allclose(WindowKernels<Float32Lanes>.Product(windows, tokens, weight), expected, 1e-4, 1e-3));
        (Tensor bySigns, Tensor byWeight) = WindowKernels<Float32Lanes>.Gradient(windows, incoming, tokens, weight);
        Assert.True(torch.allclose(bySigns, tokens.grad!, 1e-4, 1e-3));
        Assert.True(torch.allclose(byWeight, weight.grad!, 1e-4, 1e-3 * side * batch));
    }

    [Fact]
    public void WholeNetworkInBFloat16()
    {
        Assert.SkipUnless(MixedPrecision.Native, NoBFloat16);
        Compare(bfloat16: true, tolerance: 0.05);
    }

    [Theory]
    [InlineData(nameof(ActivationGradient.Straight), 1, false, false)]
    [InlineData(nameof(ActivationGradient.Straight), 1, false, true)]
    [InlineData(nameof(ActivationGradient.Annealed), 0.1, false, false)]
    [InlineData(nameof(ActivationGradient.Annealed), 0.1, false, true)]
    [InlineData(nameof(ActivationGradient.Annealed), 4, false, false)]
    [InlineData(nameof(ActivationGradient.Annealed), 4, false, true)]
    [InlineData(nameof(ActivationGradient.Quadratic), 1, true, false)]
    public void EveryFormOfBinarization(string gradient, double temperature, bool floatWeights, bool bfloat16)
    {
        Assert.SkipWhen(bfloat16 && !MixedPrecision.Native, NoBFloat16);
        Compare(bfloat16, tolerance: bfloat16 ? 0.05 : 2e-4, new BinarizationMode(new Surrogate(Enum.Parse<ActivationGradient>(gradient), (float)temperature), floatWeights), clipPerLayer: true);
    }

    /// <summary>On grids where a shift leaves nothing, little or much: values and all gradients.</summary>
    [Theory]
    [InlineData(BranchKind.Pool, 1)]
    [InlineData(BranchKind.Pool, 5)]
    [InlineData(BranchKind.Shift, 1)]
    [InlineData(BranchKind.Shift, 2)]
    [InlineData(BranchKind.Shift, 3)]
    [InlineData(BranchKind.Shift, 7)]
    internal void BranchesOfEveryGrid(BranchKind kind, int side)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.manual_seed(side);
        const int Channels = 48;
        var grid = new TokenGrid(3, side);
        IReadOnlyList<BlockBranch> branches = BlockBranch.Of(kind);
        LayerScale[] scales = [.. Enumerable.Range(0, 5).Select(_ => new LayerScale(Channels, 0))];
        using (torch.no_grad())
        {
            foreach (LayerScale scale in scales)
            {
                scale.alpha.copy_(torch.randn(Channels));
                scale.move.copy_(torch.randn(Channels));
            }
        }
        Tensor x = torch.randn(3 * side * side, Channels), y = torch.randn(3 * side * side, Channels), tokens = torch.randn(3 * side * side, Channels), weight = torch.randn(3 * side * side, Channels);
        Tensor[] inputs = [x, y, tokens, .. scales.SelectMany(s => (Tensor[])[s.alpha, s.move])];
        float[][] Gradients(Func<Tensor> forward)
        {
            foreach (Tensor input in inputs)
            {
                input.requires_grad_();
                input.grad?.zero_();
            }
            Tensor result = forward();
            (result * weight).sum().backward();
            return [ModelTensors.ToArray(result), .. inputs.Select(i => ModelTensors.ToArray(i.grad!))];
        }

        float[][] plain = Gradients(() => branches.Select((b, i) => scales[i + 1].call(kind == BranchKind.Pool
            ? grid.AveragePool(tokens, b.Height, b.Width, 1, b.Height / 2, b.Width / 2)
            : grid.Shift(tokens, b.Shift))).Aggregate(x + scales[0].call(y), (sum, branch) => sum + branch));
        float[][] fused = Gradients(() => FusedResidual.Apply(x, y, scales[0], tokens, grid, kind, scales[1..]));
        for (int i = 0; i < plain.Length; i++)
        {
            Assert.InRange(plain[i].Zip(fused[i], (a, b) => (double)Math.Abs(a - b)).Max(), 0, 1e-4);
        }
    }

    [Fact]
    public void AShiftInTorchIsTheGraphs()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        const int Side = 5, Channels = 40;
        Tensor tokens = torch.randn(2 * Side * Side, Channels);
        float[] x = ModelTensors.ToArray(tokens);
        foreach (TokenShift shift in new TokenShift[] { new(1, 0), new(0, 2), new(3, 1) })
        {
            float[] y = ModelTensors.ToArray(new TokenGrid(2, Side).Shift(tokens, shift));
            for (int i = 0; i < y.Length; i++)
            {
                (int token, int c) = int.DivRem(i, Channels);
                (int image, int t) = int.DivRem(token, Side * Side);
                (int row, int column) = shift.Source(t / Side, t % Side, TokenShift.Direction(c));
                bool inside = row is >= 0 and < Side && column is >= 0 and < Side;
                Assert.Equal(inside ? x[(((image * Side * Side) + (row * Side) + column) * Channels) + c] : 0, y[i]);
            }
        }
    }

    [Theory]
    [InlineData(3, false, false)]
    [InlineData(3, false, true)]
    [InlineData(1, true, false)]
    [InlineData(1, true, true)]
    [InlineData(3, true, false)]
    [InlineData(3, true, true)]
    public void EveryFormOfAttention(int levels, bool locality, bool bfloat16)
    {
        Assert.SkipWhen(bfloat16 && !MixedPrecision.Native, NoBFloat16);
        Compare(bfloat16, tolerance: bfloat16 ? 0.05 : 2e-4, network: Network with { AttentionLevels = levels, Locality = locality });
    }

    /// <summary>Windows of whole vectors of keys, moved or not. Gradients that cancel differ without windows, too: of these networks by 3.3e-4 with 64 tokens
    /// and by 1.4e-3 with 256.</summary>
    [Theory]
    [InlineData(4, 4, 0, 32, 1e-3)]
    [InlineData(2, 8, 4, 16, 2e-3)]
    public void WholeNetworkWithWindows(int patch, int window, int shift, int width, double tolerance)
    {
        StageConfig stage = new(Depth: 2, Width: width, FfnWidth: width, Heads: 1, Reduction: 1) { WindowSide = window, Shift = shift };
        Compare(bfloat16: false, tolerance, network: new BinaryViTConfig("windows", ImageSize: 32, PatchSize: patch, [stage], Classes: 5, Branches: BranchKind.None));
    }

    /// <summary>Rounded float weights turn signs of later layers, so that whole networks cannot be compared.</summary>
    [Theory]
    [InlineData(false, 1e-4)]
    [InlineData(true, 0.05)]
    public void OneLayerWithFloatWeights(bool bfloat16, double tolerance)
    {
        Assert.SkipWhen(bfloat16 && !MixedPrecision.Native, NoBFloat16);
        try
        {
            float[][] plain = Layer(fused: false);
            using IDisposable mixed = MixedPrecision.Scope(bfloat16);
            float[][] fused = Layer(fused: true);
            for (int i = 0; i < plain.Length; i++)
            {
                Assert.InRange(Math.Sqrt(plain[i].Zip(fused[i], (a, b) => (double)(a - b) * (a - b)).Sum()) / Norm(plain[i]), 0, tolerance);
            }
        }
        finally
        {
            FusedBranch.Enabled = true;
        }
    }

    private static float[][] Layer(bool fused)
    {
        FusedBranch.Enabled = fused;
        torch.manual_seed(4);
        using DisposeScope scope = torch.NewDisposeScope();
        var context = new LayerContext(Precision.Binary, 1e-5, new Taps()) { Mode = new BinarizationMode(default, FloatWeights: true) };
        using var layer = new FeedForward(BranchNames.Of("m", "l", "r"), context, 64, 128, null);
        layer.train();
        Tensor x = torch.randn(512, 64).requires_grad_();
        Tensor y = layer.Forward(x, new Shortcut(x, ShortcutKind.Tile, 2));
        (y * torch.randn(512, 128)).sum().backward();
        return [ModelTensors.ToArray(y), ModelTensors.ToArray(x.grad!), .. layer.named_parameters().Where(p => p.name is "dense.weight" or "move" or "rprelu.prelu.weight").Select(p => ModelTensors.ToArray(p.parameter.grad!))];
    }

    /// <summary>A sign that rounding turns changes a network visibly, which happens to some seeds: where a learned temperature scales scores, to one in
    /// three. A fault differs for every seed.</summary>
    private static void Compare(bool bfloat16, double tolerance, BinarizationMode mode = default, bool clipPerLayer = false, BinaryViTConfig? network = null)
    {
        List<string> faults = [];
        foreach (int seed in (int[])[7, 3, 11, 5])
        {
            IReadOnlyList<string> found = Differences(seed, bfloat16, tolerance, mode, clipPerLayer, network ?? Network);
            if (found.Count == 0)
            {
                return;
            }
            faults.AddRange(found.Select(f => $"seed {seed}: {f}"));
        }
        Assert.Fail(string.Join('\n', faults));
    }

    private static List<string> Differences(int seed, bool bfloat16, double tolerance, BinarizationMode mode, bool clipPerLayer, BinaryViTConfig network)
    {
        try
        {
            (float loss, Dictionary<string, float[]> tensors) plain = Step(seed, fused: false, mode, clipPerLayer, network);
            using IDisposable mixed = MixedPrecision.Scope(bfloat16);
            (float loss, Dictionary<string, float[]> tensors) fused = Step(seed, fused: true, mode, clipPerLayer, network);
            List<string> faults = [];
            if (!(Math.Abs(plain.loss - fused.loss) <= 1e-4 * Math.Max(1, Math.Abs(plain.loss))))
            {
                faults.Add($"loss {plain.loss} and {fused.loss}");
            }
            Assert.Equal(plain.tensors.Keys.Order(), fused.tensors.Keys.Order());
            // A shift that a later norm takes away has no gradient but rounding: errors are held against the usual size of a gradient, too.
            double usual = plain.tensors.Values.Average(Norm);
            foreach ((string name, float[] expected) in plain.tensors)
            {
                float[] found = fused.tensors[name];
                double scale = Norm(expected) + (0.05 * usual);
                double error = Math.Sqrt(expected.Zip(found, (a, b) => (double)(a - b) * (a - b)).Sum());
                if (!(error <= tolerance * scale))
                {
                    faults.Add($"{name}: relative error {error / scale:G3}");
                }
            }
            return faults;
        }
        finally
        {
            FusedBranch.Enabled = true;
        }
    }

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(v => (double)v * v));

    private static (float Loss, Dictionary<string, float[]> Tensors) Step(int seed, bool fused, BinarizationMode mode, bool clipPerLayer, BinaryViTConfig network)
    {
        FusedBranch.Enabled = fused;
        torch.manual_seed(seed);
        using DisposeScope scope = torch.NewDisposeScope();
        using var model = new BinaryViT(network, binarization: new BinarizationSettings { ClipPerLayer = clipPerLayer }) { Mode = mode };
        using (torch.no_grad())
        {
            // Away from the start, where many vectors are 0 and gradients could hide.
            foreach ((string name, Parameter parameter) in model.named_parameters())
            {
                if (parameter.dim() == 1 && !name.Contains("clip"))
                {
                    parameter.add_(torch.randn(parameter.shape[0]).mul_(0.1));
                }
            }
        }
        model.train();
        Tensor logits = model.call(torch.randn(16, 3, 32, 32));
        Tensor loss = (logits * torch.randn(16, 5)).sum();
        loss.backward();
        Dictionary<string, float[]> tensors = [];
        foreach ((string name, Parameter parameter) in model.named_parameters())
        {
            tensors[name + " gradient"] = ModelTensors.ToArray(parameter.grad!);
        }

        foreach ((string name, Tensor buffer) in model.named_buffers())
        {
            if (buffer.dtype == ScalarType.Float32)
            {
                tensors[name] = ModelTensors.ToArray(buffer);
            }
        }
        return (loss.item<float>(), tensors);
    }
}

/// <summary>Tests that switch the kernels of the whole process run alone.</summary>
[CollectionDefinition(nameof(SwitchesKernels), DisableParallelization = true)]
public class SwitchesKernels;
