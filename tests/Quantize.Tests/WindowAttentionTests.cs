using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>Windows and biases of attention in training.</summary>
[Collection(nameof(SwitchesKernels))]
public class WindowAttentionTests
{
    private static BinaryViTConfig Network(Func<StageConfig, StageConfig> change, int side = 8) => new BinaryViTConfig(
        "windows", ImageSize: 4 * side, PatchSize: 4, [change(new StageConfig(Depth: 2, Width: 32, FfnWidth: 64, Heads: 2, Reduction: 1))], Classes: 10).Validate();

    public static TheoryData<string> Forms => [.. s_forms.Keys];

    private static readonly Dictionary<string, Func<StageConfig, StageConfig>> s_forms = new()
    {
        ["blocks"] = s => s with { WindowSide = 4 },
        ["moved blocks"] = s => s with { WindowSide = 4, Shift = 1 },
        ["grid"] = s => s with { WindowSide = 4, Pattern = WindowPattern.Grid },
        ["blocks and grids"] = s => s with { WindowSide = 2, Pattern = WindowPattern.BlockGrid },
        ["blocks and all"] = s => s with { WindowSide = 4, Pattern = WindowPattern.BlockAll },
        ["bias"] = s => s with { Bias = BiasKind.Relative },
        ["bias of distances"] = s => s with { Bias = BiasKind.Distance },
        ["bias of moved blocks"] = s => s with { WindowSide = 4, Shift = 2, Bias = BiasKind.Relative },
        ["bias of a grid"] = s => s with { WindowSide = 2, Pattern = WindowPattern.Grid, Bias = BiasKind.Distance },
    };

    /// <summary>What gathers windows is attention in which other pairs have a score of minus infinity, and a bias is added to the scores: values and gradients.</summary>
    [Theory]
    [MemberData(nameof(Forms))]
    public void ItIsMaskedAttentionWithTheBiasOfEachPair(string form)
    {
        BinaryViTConfig config = Network(s_forms[form]);
        for (int layer = 0; layer < 2; layer++)
        {
            using DisposeScope scope = torch.NewDisposeScope();
            torch.manual_seed(layer + 1);
            using var attention = Make(config, layer, Precision.Float);
            Tensor[] given = [.. Enumerable.Range(0, 3).Select(_ => torch.randn(2 * 64, 32).requires_grad_())];
            Tensor weights = torch.randn(2 * 64, 32);
            (attention.Attend(given[0], given[1], given[2], 2) * weights).sum().backward();
            Parameter? numbers = Bias(attention);
            float[][] found = [ModelTensors.ToArray(attention.Attend(given[0], given[1], given[2], 2)), .. given.Select(x => ModelTensors.ToArray(x.grad!)), .. numbers is null ? (float[][])[] : [ModelTensors.ToArray(numbers.grad!)]];

            Tensor[] own = [.. given.Select(x => x.detach().clone().requires_grad_())];
            Tensor? ownNumbers = numbers?.detach().clone().requires_grad_();
            Tensor expected = Masked(config, layer, own[0], own[1], own[2], ownNumbers);
            (expected * weights).sum().backward();
            float[][] right = [ModelTensors.ToArray(expected), .. own.Select(x => ModelTensors.ToArray(x.grad!)), .. ownNumbers is null ? (float[][])[] : [ModelTensors.ToArray(ownNumbers.grad!)]];
            Assert.Equal(right.Length, found.Length);
            for (int i = 0; i < right.Length; i++)
            {
                double scale = Math.Sqrt(right[i].Sum(v => (double)v * v));
                Assert.InRange(Math.Sqrt(right[i].Zip(found[i], (a, b) => (double)(a - b) * (a - b)).Sum()), 0, 1e-4 * scale);
            }
        }
    }

    [Theory]
    [InlineData(WindowPattern.Block)]
    [InlineData(WindowPattern.Grid)]
    internal void AWindowOfTheWholeGridIsAttentionWithoutWindows(WindowPattern pattern)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        torch.manual_seed(1);
        Tensor x = torch.randn(2 * 64, 32);
        Tensor[] results = [.. new[] { Network(s => s), Network(s => s with { WindowSide = 8, Pattern = pattern }) }.Select(config =>
        {
            torch.manual_seed(3);
            return Make(config, 0, Precision.Binary).Attend(x.sign(), x.neg().sign(), x.sign(), 2);
        })];
        Assert.Equal(ModelTensors.ToArray(results[0]), ModelTensors.ToArray(results[1]));
    }

    /// <summary>The fused kernel with a bias, some of which leads beyond the channels of a head, against plain operations: values and all gradients.</summary>
    [Theory]
    [InlineData(1, false, false, false)]
    [InlineData(3, true, false, false)]
    [InlineData(3, true, true, false)]
    [InlineData(3, false, false, true)]
    [InlineData(1, true, false, true)]
    public void TheFusedKernelsBiasAndZeroPointAreThePlainOnes(int levels, bool locality, bool bfloat16, bool zeroPoint)
    {
        Assert.SkipWhen(bfloat16 && !MixedPrecision.Native, "this processor has no products in bfloat16 (AVX512-BF16)");
        using DisposeScope scope = torch.NewDisposeScope();
        using IDisposable mixed = MixedPrecision.Scope(bfloat16);
        torch.manual_seed(5);
        const int Images = 3, Tokens = 32, Size = 16;
        Tensor weights = torch.randn(Images * Tokens, 2 * Size);
        float[][] given = [.. ((long[][])[[Images * Tokens, 32], [Images * Tokens, 32], [Images * Tokens, 32], [32], [32], [32]]).Select(s => ModelTensors.ToArray(torch.randn(s)))];
        float[] bias = ModelTensors.ToArray(torch.randn(2, Tokens, Tokens).mul(Scalars.Number(4)).round().mul(Scalars.Number(2)));
        Assert.Contains(bias, b => b > Size / 2);

        float[][] Run(bool fused)
        {
            Tensor Leaf(float[] values, params long[] shape) => torch.tensor(values).view(shape).requires_grad_();
            Tensor[] x = [.. given.Select(v => v.Length == 32 ? Leaf(v, 32) : Leaf(v, -1, 32))];
            (Tensor clip, Tensor pairs) = (Leaf([-3f, -3.2f], 2), Leaf(bias, 2, Tokens, Tokens));
            Tensor? temperature = locality ? Leaf([0.8f, 1.3f], 2) : null;
            Tensor? zero = zeroPoint ? Leaf([0.3f, -0.8f], 2) : null;
            Tensor y;
            if (fused)
            {
                y = FusedAttention.Apply(x[0], x[1], x[2], x[3], x[4], x[5], clip, temperature, pairs, zero, new HeadLayout(Images, 2, Size), levels, locality, default);
            }
            else
            {
                Tensor Heads(int i) => ShiftSign.Apply(x[i], x[i + 3], default).view(Images, Tokens, 2, Size).transpose(1, 2);
                Tensor scores = (Heads(0).matmul(Heads(1).transpose(2, 3)) + pairs).clamp(-Size, Size) / 4;
                scores = temperature is null ? scores : scores * temperature.view(1, -1, 1, 1);
                scores = locality ? scores.masked_fill(torch.eye(Tokens, dtype: ScalarType.Bool), float.NegativeInfinity) : scores;
                Tensor attention = AttentionBits.Apply(scores.softmax(-1), clip.exp(), levels, zero);
                attention = locality ? attention.masked_fill(torch.eye(Tokens, dtype: ScalarType.Bool), 0) : attention;
                y = attention.matmul(Heads(2)).transpose(1, 2).reshape(-1, 32);
            }

            (y * weights).sum().backward();
            return [ModelTensors.ToArray(y), .. x.Append(clip).Append(pairs).Concat(temperature is null ? [] : [temperature]).Concat(zero is null ? [] : [zero]).Select(t => ModelTensors.ToArray(t.grad!))];
        }

        (float[][] plain, float[][] kernel) = (Run(fused: false), Run(fused: true));
        Assert.Equal(plain.Length, kernel.Length);
        for (int i = 0; i < plain.Length; i++)
        {
            double scale = Math.Sqrt(plain[i].Sum(v => (double)v * v));
            Assert.True(scale > 0);
            Assert.InRange(Math.Sqrt(plain[i].Zip(kernel[i], (a, b) => (double)(a - b) * (a - b)).Sum()) / scale, 0, bfloat16 ? 0.02 : 1e-4);
        }
    }

    /// <summary>Value and gradients worked out by hand: probabilities of 0.05, 0.2, 0.36 and 0.7 in steps of 0.1, a zero point of 1.</summary>
    [Fact]
    public void AZeroPointIsTakenFromTheLevel()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor p = torch.tensor([0.05f, 0.2f, 0.36f, 0.7f]).view(1, 1, 1, 4).requires_grad_();
        (Tensor clip, Tensor zero) = (torch.tensor([0.1f]).requires_grad_(), torch.tensor([1f]).requires_grad_());
        Tensor y = AttentionBits.Apply(p, clip, 3, zero);
        // q is -0.5, 1, 2.6 and 6: levels 0, 1, 3 and 3.
        Assert.Equal([0, 0.1, 0.3, 0.3], ModelTensors.ToArray(y).Select(v => Math.Round(v, 6)));
        (y * torch.tensor([1f, 10f, 100f, 1000f]).view(1, 1, 1, 4)).sum().backward();
        Assert.Equal([0, 10, 100, 0], ModelTensors.ToArray(p.grad!));
        Assert.Equal(-0.1 * 110, ModelTensors.ToArray(zero.grad!)[0], 1e-4);
        // Inside the level less p / clip: 1 - 2 and 3 - 3.6; above 3; nothing below.
        Assert.Equal((10 * -1) + (100 * -0.6) + (1000 * 3), ModelTensors.ToArray(clip.grad!)[0], 1e-2);
    }

    [Fact]
    public void TheBiasIsRoundedToMatchesAndLearnsAsIfItWereNot()
    {
        using DisposeScope scope = torch.NewDisposeScope();
        // Two heads of 16 channels: a match is half a logit. Offsets of a grid of 2: three by three.
        Parameter numbers = nn.Parameter(torch.tensor(Enumerable.Range(0, 18).Select(i => (i - 9) * 0.2f).ToArray()).view(2, 9));
        var table = new BiasTable(BiasKind.Relative, 2, 1);
        Tensor products = new ScoreBias(numbers, table, 16).Products(null, binary: true);
        Assert.Equal([2, 4, 4], products.shape);
        float[] found = ModelTensors.ToArray(products);
        for (int head = 0; head < 2; head++)
        {
            for (int q = 0; q < 4; q++)
            {
                for (int k = 0; k < 4; k++)
                {
                    int number = (((q / 2) - (k / 2) + 1) * 3) + (q % 2) - (k % 2) + 1;
                    Assert.Equal(2 * BiasTable.Matches(((head * 9) + number - 9) * 0.2f, 16), found[(((head * 4) + q) * 4) + k]);
                }
            }
        }

        products.sum().backward();
        // Each pair gives 2 matches' worth, 4 products a logit; the middle offset has four pairs, sides two, corners one.
        Assert.Equal([4, 8, 4, 8, 16, 8, 4, 8, 4], ModelTensors.ToArray(numbers.grad!)[..9]);
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(8, 2)]
    [InlineData(8, 4)]
    public void EveryPairHasANumberAndEveryRelativeNumberAPair(int side, int reduction)
    {
        var relative = new BiasTable(BiasKind.Relative, side * reduction, reduction);
        Assert.Equal(Enumerable.Range(0, relative.Length), relative.Entries().Distinct().Order());
        var distance = new BiasTable(BiasKind.Distance, side * reduction, reduction);
        Assert.All(distance.Entries(), e => Assert.InRange(e, 0, distance.Length - 1));
        if (reduction == 1)
        {
            // LeViT: the number of rows and columns apart.
            Assert.All(Enumerable.Range(0, side * side * side * side), i => Assert.Equal(
                (Math.Abs((i / (side * side) / side) - (i % (side * side) / side)) * side) + Math.Abs((i / (side * side) % side) - (i % (side * side) % side)), distance.Entries()[i]));
        }
    }

    /// <summary>Both training paths lead to a file that is proven, and the checkpoint says which windows it has.</summary>
    [Theory]
    [InlineData(true, "blocks and grids")]
    [InlineData(false, "bias of moved blocks")]
    [InlineData(true, "bias of distances")]
    [InlineData(true, "zero points")]
    public void ItIsTrainedProvenAndImported(bool fused, string form)
    {
        using var folder = new TempFolder();
        BinaryViTConfig layout = form == "zero points" ? Network(s => s) with { AttentionLevels = 3, ZeroPoint = true } : Network(s_forms[form]);
        ConvertOptions options = ShortRun.Of(folder, layout) with { ShapesTrain = 320, Epochs = 1, BatchSize = 16, ParityImages = 4 };
        ConvertResult result = ShortRun.Proven(options, fused);
        EvitFile file = EvitFile.Read(result.Model);
        BinaryViTConfig network = StudentLayout.Of(options).With(classes: 10);
        GraphNode[] attention = [.. file.Graph.Nodes.Where(n => n.Op == Op.BinaryAttention)];
        Assert.Equal(Enumerable.Range(0, 2).Select(network.WindowAt), attention.Select(WindowForm.Of));
        Assert.All(attention, n => Assert.Equal(network.Stages[0].Bias != BiasKind.None, n.Tensors.ContainsKey("bias")));
        Assert.All(attention, n => Assert.Equal(network.ZeroPoint, n.Tensors.ContainsKey("zero")));

        // The file holds the best weights or the last, whichever recognise more of the held images, perhaps with fresh statistics of the norms, which are in scale and offset.
        string[] checkpoints = [TrainerFiles.BestName, TrainerFiles.LastName];
        Assert.Contains(checkpoints, name =>
        {
            ImportedCheckpoint imported = CheckpointImport.Open(folder.File($"run/student/{name}"));
            Assert.Equal(network, imported.Network.Config);
            IReadOnlyDictionary<string, StoredTensor> again = FoldedModel.Of(imported.Lower()).Model.Tensors;
            return attention.SelectMany(n => n.Tensors).Where(t => t.Key is not ("scale" or "offset")).Select(t => t.Value).All(t => file.Tensors[t].Bytes.Span.SequenceEqual(again[t].Bytes.Span));
        });
    }

    private static BinaryAttention Make(BinaryViTConfig config, int layer, Precision precision)
    {
        var attention = new BinaryAttention("a", new LayerContext(precision, config.BatchNormEps, new Taps()), config, 0, layer, new BinarizationSettings());
        attention.eval();
        if (Bias(attention) is { } bias)
        {
            using IDisposable frozen = torch.no_grad();
            bias.copy_(torch.randn(bias.shape));
        }

        return attention;
    }

    private static Parameter? Bias(BinaryAttention attention) => attention.named_parameters().Where(p => p.name == TensorManifest.Bias).Select(p => p.parameter).SingleOrDefault();

    /// <summary>Attention of all 64 tokens of two images, in which pairs of different windows have no score.</summary>
    private static Tensor Masked(BinaryViTConfig config, int layer, Tensor q, Tensor k, Tensor v, Tensor? numbers)
    {
        var keys = new AttentionKeys(config.WindowAt(layer), new ValueShape(ValueKind.Bits, 32, 8, 8), 64);
        var mask = new float[64 * 64];
        var entries = new long[64 * 64];
        BiasTable? table = config.BiasAt(layer);
        for (int i = 0; i < mask.Length; i++)
        {
            (int query, int key) = (i / 64, i % 64);
            bool met = keys.Of(query).Contains(key);
            mask[i] = met ? 0 : float.NegativeInfinity;
            entries[i] = met && table is not null ? table.Entry(keys.Place(query), keys.Place(key)) : 0;
        }

        Tensor Heads(Tensor x) => x.view(2, 64, 2, 16).transpose(1, 2);
        Tensor scores = Heads(q).matmul(Heads(k).transpose(2, 3)) / 4;
        if (numbers is not null)
        {
            scores = scores + numbers.index_select(1, torch.tensor(entries)).view(1, 2, 64, 64);
        }

        return (scores + torch.tensor(mask).view(64, 64)).softmax(-1).matmul(Heads(v)).transpose(1, 2).reshape(-1, 32);
    }
}
