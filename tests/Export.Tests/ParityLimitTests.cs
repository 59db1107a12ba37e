using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>Every tolerance of the parity check, as <c>docs/proof.md</c> tells it: just inside agrees or is a tie, just outside is neither.</summary>
public sealed class ParityLimitTests : IDisposable
{
    private const string Attention = "vit.encoder.layer.0.attention.attention";
    private const string Sign = "vit.encoder.layer.0.intermediate.sign";
    private const int Channel = 11;

    private static readonly BinaryViTConfig s_config = new BinaryViTConfig(
        "limits", ImageSize: 16, PatchSize: 2,
        [
            new StageConfig(Depth: 1, Width: 32, FfnWidth: 128, Heads: 1, Reduction: 2),
            new StageConfig(Depth: 1, Width: 64, FfnWidth: 128, Heads: 2, Reduction: 1),
        ],
        Classes: 5).Validate();

    private readonly Dictionary<string, FloatTensor> _tensors = RandomNetwork.Tensors(s_config, seed: 21);
    private readonly float[] _image = RandomNetwork.Images(s_config, 1, seed: 22);
    private readonly List<ParityCheck> _checks = [];

    public void Dispose() => _checks.ForEach(c => c.Dispose());

    [Theory]
    [InlineData("vit.encoder.layer.0.intermediate.dense", 0.9e-4, false)]
    [InlineData("vit.encoder.layer.0.intermediate.dense", 1.1e-4, true)]
    [InlineData("vit.encoder.layer.1", 0.9e-4, false)]
    [InlineData("vit.encoder.layer.1", 1.1e-4, true)]
    public void AFloatMayBeATenThousandthOff(string value, double relative, bool isMismatch)
    {
        var naive = new NaiveBinaryViT(s_config, _tensors);
        float[] logits = naive.Run(_image);
        float[] values = naive.Taps[value];

        // Of the value as it runs. Its largest stays what it is; another one is changed.
        (EvitFile file, _) = Pack(FloatGroups.None);
        float[] running = new GraphInterpreter(file.Graph, file.Tensors).Run(_image)[value].Floats;
        float largest = running.Max(Math.Abs);
        int at = Array.FindIndex(running, v => Math.Abs(v) < largest / 2);
        values[at] += (float)(relative * Math.Max(1, largest));
        ParityReport report = Check(naive, logits);
        Assert.Equal(isMismatch ? 1 : 0, report.Layers.Single(l => l.Name == value).Mismatches);
    }

    /// <summary>The argument is 0.5, 4 or 0.1 (the value) less the threshold; what it may be grows with a value above 1.</summary>
    [Theory]
    [InlineData(0.5f, 0.9e-5, true)]
    [InlineData(0.5f, 1.1e-5, false)]
    [InlineData(0.5f, -0.9e-5, true)]
    [InlineData(0.5f, -1.1e-5, false)]
    [InlineData(4f, 3.6e-5, true)]
    [InlineData(4f, 4.4e-5, false)]
    public void ASignIsATieAHundredThousandthFromZero(float value, double argument, bool isTie)
    {
        ParityReport report = Check(Forced(value, argument, tokens: 64), null);
        ParityLayer layer = report.Layers.Single(l => l.Name == Sign);
        Assert.Equal(isTie ? (64, 0) : (0, 64), (layer.Ties, layer.Mismatches));
        Assert.Equal(isTie, report.Passed);
        if (isTie)
        {
            double margin = Math.Abs(argument) / Math.Max(1, value);
            Assert.InRange(report.TieMargins.Largest, 0.9 * margin, 1.1 * margin);
        }
    }

    /// <summary>When the file runs freely, the first sign that turns carries the rounding of all layers before it: ten times as much.</summary>
    [Theory]
    [InlineData(0.9e-4, false, true)]
    [InlineData(1.1e-4, false, false)]
    [InlineData(0.9e-2, true, true)]
    [InlineData(1.1e-2, true, false)]
    public void TheFirstSignThatTurnsMayBeATenThousandthFromZero(double argument, bool rounded, bool isTie)
    {
        NaiveBinaryViT naive = Forced(0.5f, argument, tokens: 64);
        float[] logits = naive.Run(_image);
        ParityReport report = Check(naive, logits, rounded ? FloatGroups.Tables : FloatGroups.None);

        // In the walk, from the same inputs, it is a mismatch. What explains the logits is another matter.
        Assert.Equal(64, report.Layers.Single(l => l.Name == Sign).Mismatches);
        Assert.Equal(isTie ? (1, 0) : (0, 1), (report.TieImages, report.UnexplainedImages));
        Assert.False(report.Passed);
    }

    [Theory]
    [InlineData(0.8e-3, false, true)]
    [InlineData(1.2e-3, false, false)]
    [InlineData(0.8e-2, true, true)]
    [InlineData(1.2e-2, true, false)]
    public void LogitsMayBeAThousandthOff(double relative, bool rounded, bool isSame)
    {
        var naive = new NaiveBinaryViT(s_config, _tensors);
        float[] simulated = naive.Run(_image);
        (EvitFile file, _) = Pack(rounded ? FloatGroups.Tables : FloatGroups.None);
        using EvitModel model = EvitModel.Load(file);
        using Session session = model.CreateSession();
        float[] logits = new float[5];
        session.RunNchw(_image, logits);
        Assert.All(logits.Zip(simulated), p => Assert.Equal(p.First, p.Second, 0.05f));

        // Told otherwise than computed: the smallest of them, so that the largest stays.
        float[] told = [.. logits];
        int smallest = Array.IndexOf(told, told.MinBy(Math.Abs));
        told[smallest] += (float)(relative * Math.Max(1, logits.Max(Math.Abs)));
        ParityReport report = Check(naive, told, rounded ? FloatGroups.Tables : FloatGroups.None);
        Assert.Equal((0, isSame ? 0 : 1), (report.TieImages, report.UnexplainedImages));
        Assert.Equal(isSame, report.Passed);
        Assert.Equal(0, report.RoundedImages);
        if (!isSame)
        {
            Assert.Contains($": logits: token 0 channel {smallest}: the simulator has", Assert.Single(report.Faults), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0.9e-5, true)]
    [InlineData(1.2e-5, false)]
    public void AnAttentionKeyIsATieAHundredThousandthFromItsBorder(double margin, bool isTie)
    {
        var naive = new NaiveBinaryViT(s_config, _tensors);
        naive.Run(_image);
        double[] row = naive.Probabilities[Attention][0][5];
        double p = row.Max();

        // p / clip = 0.5 + margin, and the simulator leaves the key out.
        _tensors[$"{Attention}.att_prob_clip"].Data[0] = (float)(p / (0.5 + margin));
        naive.ForcedAttention[(Attention, 0, 5, Array.IndexOf(row, p))] = 0;
        ParityReport report = Check(naive, null);
        ParityLayer layer = report.Layers.Single(l => l.Name == $"{Attention}.norm_context");
        Assert.Equal(isTie ? (1, 0) : (0, 1), (layer.Ties, layer.Mismatches));
    }

    /// <summary>A simulator whose sign differs from the packed one's, its argument being so far from zero.</summary>
    private NaiveBinaryViT Forced(float value, double argument, int tokens)
    {
        // gamma = 0 leaves the bias in this channel of every token.
        _tensors["vit.encoder.layer.0.layernorm_after.weight"].Data[Channel] = 0;
        _tensors["vit.encoder.layer.0.layernorm_after.bias"].Data[Channel] = value;
        _tensors["vit.encoder.layer.0.intermediate.move"].Data[Channel] = (float)(argument - value);
        var naive = new NaiveBinaryViT(s_config, _tensors);
        for (int t = 0; t < tokens; t++)
        {
            naive.ForcedSigns[(Sign, t, Channel)] = argument > 0 ? -1 : 1;
        }

        return naive;
    }

    private ParityReport Check(NaiveBinaryViT naive, float[]? logits, FloatGroups rounded = FloatGroups.None)
    {
        (EvitFile file, IReadOnlyDictionary<string, FoldedValue> values) = Pack(rounded);
        var check = new ParityCheck(file, values);
        _checks.Add(check);
        logits ??= naive.Run(_image);
        check.AddImage(_image, naive, logits);
        return check.Report;
    }

    private (EvitFile File, IReadOnlyDictionary<string, FoldedValue> Values) Pack(FloatGroups rounded)
    {
        var folded = FoldedModel.Of(Lowering.Lower(s_config, _tensors));
        LoweredModel model = HalfFloats.Store(folded.Model, rounded);
        return (EvitFile.Parse(EvitWriter.ToBytes(model, RandomNetwork.Preprocess(s_config), RandomNetwork.Labels(s_config), "{}")), folded.Values);
    }
}
