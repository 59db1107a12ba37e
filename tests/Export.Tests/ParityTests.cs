using System.Text.Json;
using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>The parity check must pass ties and nothing else.</summary>
public class ParityTests
{
    private const string Attention = "vit.encoder.layer.0.attention.attention";

    private BinaryViTConfig _config = new BinaryViTConfig(
        "parity", ImageSize: 16, PatchSize: 2,
        [
            new StageConfig(Depth: 1, Width: 32, FfnWidth: 128, Heads: 1, Reduction: 2),
            new StageConfig(Depth: 1, Width: 64, FfnWidth: 128, Heads: 2, Reduction: 1),
        ],
        Classes: 5).Validate();

    private readonly Dictionary<string, FloatTensor> _tensors;
    private readonly float[] _image;

    public ParityTests()
    {
        _tensors = RandomNetwork.Tensors(_config, seed: 21);
        _image = RandomNetwork.Images(_config, 1, seed: 22);
    }

    [Fact]
    public void ASoundModelPasses()
    {
        ParityReport report = Check();
        Assert.True(report.Passed, report.ToString());
        Assert.Equal((1, 1, 0, 0), (report.Images, report.SameTop1, report.TieImages, report.UnexplainedImages));
        Assert.Equal(0, report.Ties);
        JsonElement json = JsonDocument.Parse(report.ToJson()).RootElement;
        Assert.True(json.GetProperty("passed").GetBoolean());
        Assert.Equal(report.Compared, json.GetProperty("compared").GetInt64());
        Assert.Equal(report.Layers.Count, json.GetProperty("layers").GetArrayLength());
        Assert.Equal(1, json.GetProperty("sameTop1").GetInt32());
    }

    [Theory]
    [InlineData(Attention + ".key.weight", Attention + ".key")]
    [InlineData("vit.encoder.layer.1.output.dense.weight", "vit.encoder.layer.1.output.dense")]
    [InlineData("vit.encoder.patch_embed1.proj.weight", "vit.encoder.patch_embed1.proj")]
    public void OneFlippedWeightBitIsAMismatch(string tensor, string where)
    {
        ParityReport report = Check(model => Alter(model, tensor, bytes => bytes[0] ^= 4));
        AssertFails(report, where);
    }

    [Theory]
    [InlineData("vit.encoder.layer.0.intermediate.dense.scale", "vit.encoder.layer.0.intermediate.dense")]
    [InlineData("vit.encoder.layer.1.layernorm_after.scale", "vit.encoder.layer.1.layernorm_after")]
    [InlineData(Attention + ".norm_context.scale", Attention + ".norm_context")]
    [InlineData("vit.encoder.layer.0.scale3", "vit.encoder.layer.0")]
    [InlineData("vit.encoder.layer.1.attention.scale1", "vit.encoder.layer.1.attention")]
    [InlineData("vit.encoder.patch_embed1.rprelu.slope", "vit.encoder.patch_embed1.rprelu")]
    [InlineData("logits.weight", "logits")]
    public void AWrongScaleIsAMismatch(string tensor, string where)
    {
        ParityReport report = Check(model => AlterFloats(model, tensor, values => Scale(values, 1.02f, 0.01f)));
        AssertFails(report, where);
    }

    [Theory]
    [InlineData("vit.encoder.layer.1.intermediate.sign.shift", "vit.encoder.layer.1.intermediate.sign")]
    [InlineData(Attention + ".value.bits.shift", Attention + ".value.bits")]
    public void AWrongThresholdIsAMismatch(string tensor, string where)
    {
        ParityReport report = Check(model => AlterFloats(model, tensor, values => Scale(values, 1, 0.05f)));
        AssertFails(report, where);
    }

    [Fact]
    public void AWrongClipIsAMismatch()
    {
        // Only the clip of the comparison: the one in the scale is another tensor.
        ParityReport report = Check(model => AlterFloats(model, $"{Attention}.norm_context.clip", values => Scale(values, 1.6f, 0)));
        AssertFails(report, $"{Attention}.norm_context");
    }

    [Fact]
    public void SwappedTileAndGroupMeanAreMismatches()
    {
        AssertFails(Check(naive: new NaiveBinaryViT(_config, _tensors) { SwapTile = true }), "vit.encoder.layer.0.intermediate");
        AssertFails(Check(naive: new NaiveBinaryViT(_config, _tensors) { SwapGroups = true }), "vit.encoder.layer.0.output.rprelu");
    }

    [Fact]
    public void ASignForcedTheOtherWayIsAMismatch()
    {
        string site = "vit.encoder.layer.0.output.sign";
        var naive = new NaiveBinaryViT(_config, _tensors);
        naive.Run(_image);
        naive.ForcedSigns[(site, 4, 9)] = -naive.Taps[site][(4 * 128) + 9];
        ParityReport report = Check(naive: naive);
        AssertFails(report, site);
        Assert.Equal(1, report.Layers.Single(l => l.Name == site).Mismatches);
        Assert.Equal(1, report.Mismatches);
    }

    [Fact]
    public void SignsAtZeroAreTiesAndExplainTheLogits()
    {
        // gamma = 0 leaves the bias in one channel of every token, and the threshold lies just below it; the simulator decides against the
        // packed model, everywhere.
        const int Channel = 11;
        string site = "vit.encoder.layer.0.intermediate.sign";
        _tensors["vit.encoder.layer.0.layernorm_after.weight"].Data[Channel] = 0;
        _tensors["vit.encoder.layer.0.layernorm_after.bias"].Data[Channel] = 0.5f;
        _tensors["vit.encoder.layer.0.intermediate.move"].Data[Channel] = 3e-6f - 0.5f;
        var naive = new NaiveBinaryViT(_config, _tensors);
        for (int t = 0; t < 64; t++)
        {
            naive.ForcedSigns[(site, t, Channel)] = -1;
        }

        ParityReport report = Check(naive: naive);
        Assert.True(report.Passed, report.ToString());
        Assert.Equal(64, report.Ties);
        Assert.Equal(64, report.Layers.Single(l => l.Name == site).Ties);
        Assert.Equal(1, report.TieImages);
        Assert.Contains("1 images with a tie left out", report.ToString(), StringComparison.Ordinal);

        // The first on the walk, and why the logits differ: the threshold is 3e-6 beside the value.
        Assert.Equal(2, report.TieTexts.Count);
        Assert.Matches($@"^image 0: {site}: token 0 channel {Channel}: the simulator has -1, packed 1, the argument is (2\.9|3|3\.0)\d*E-06$", report.TieTexts[0]);
        Assert.Matches($@"^image 0: logits differ by 0\.\d+: {site}: token 0 channel {Channel}: ", report.TieTexts[1]);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    [InlineData(3, 3)]
    [InlineData(1, 1, true)]
    [InlineData(3, 2, true)]
    public void AnAttentionProbabilityAtTheBorderOfALevelIsATie(int levels, int level, bool locality = false)
    {
        _config = _config with { AttentionLevels = levels, Locality = locality };
        if (locality)
        {
            foreach ((string name, FloatTensor tensor) in RandomNetwork.Tensors(_config, seed: 21).Where(t => t.Key.EndsWith("att_temperature_logit", StringComparison.Ordinal)))
            {
                _tensors.Add(name, tensor);
            }
        }
        var naive = new NaiveBinaryViT(_config, _tensors);
        naive.Run(_image);
        double[] row = naive.Probabilities[Attention][0][5];
        double p = row.Max();
        _tensors[$"{Attention}.att_prob_clip"].Data[0] = (float)(p / (level - 0.5));
        float clip = _tensors[$"{Attention}.att_prob_clip"].Data[0];

        // Whatever side the packed model takes, the simulator takes the other, for one of the keys that share the probability.
        naive.ForcedAttention[(Attention, 0, 5, Array.IndexOf(row, p))] = p > (level - 0.5) * clip ? level - 1 : level;
        ParityReport report = Check(naive: naive);
        ParityLayer layer = report.Layers.Single(l => l.Name == $"{Attention}.norm_context");
        Assert.Equal(0, report.Mismatches);
        Assert.InRange(layer.Ties, 1, layer.Compared);
        Assert.True(report.Passed, report.ToString());

        // A key that is nowhere near the threshold has no excuse.
        naive.ForcedAttention.Clear();
        naive.ForcedAttention[(Attention, 0, 5, Array.IndexOf(row, row.Min()))] = level;
        AssertFails(Check(naive: naive), $"{Attention}.norm_context");
    }

    [Fact]
    public void ValuesThatTheSimulatorHidesFailTheCheckOnlyInTheBinaryTier()
    {
        var naive = new NaiveBinaryViT(_config, _tensors);
        float[] logits = naive.Run(_image);
        naive.Remove("vit.encoder.layer.0.attention");
        ParityReport report = Check(naive: naive, logits: logits);
        Assert.True(report.Passed, report.ToString());

        naive.Run(_image);
        naive.Remove("vit.encoder.layer.0.output.sign");
        report = Check(naive: naive, logits: logits);
        Assert.False(report.Passed);
        Assert.Equal(["vit.encoder.layer.0.output.sign"], report.Untapped);
        Assert.Contains("not reported by the simulator: vit.encoder.layer.0.output.sign", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void NotANumberIsAMismatch()
    {
        var naive = new NaiveBinaryViT(_config, _tensors);
        float[] logits = naive.Run(_image);
        float[] poisoned = [.. logits];
        poisoned[2] = float.NaN;
        ParityReport report = Check(naive: naive, logits: poisoned);
        Assert.False(report.Passed);
        Assert.Equal(1, report.UnexplainedImages);

        naive.Taps["vit.encoder.layer.0"][3] = float.NaN;
        report = Check(naive: naive, logits: logits);
        Assert.False(report.Passed);
        Assert.Equal(1, report.Layers.Single(l => l.Name == "vit.encoder.layer.0").Mismatches);
        JsonDocument.Parse(report.ToJson()).Dispose();
    }

    [Fact]
    public void ACheckOfNothingDoesNotPass()
    {
        using var check = new ParityCheck(Pack(Lowering.Lower(_config, _tensors)));
        Assert.False(check.Report.Passed);
        Assert.Throws<ArgumentException>(() => check.AddImage(_image, new NaiveBinaryViT(_config, _tensors), new float[4]));
    }

    /// <summary>Checks the model that runs, which may be given a fault after its constants were moved.</summary>
    private ParityReport Check(Func<LoweredModel, LoweredModel>? fault = null, NaiveBinaryViT? naive = null, float[]? logits = null)
    {
        var folded = FoldedModel.Of(Lowering.Lower(_config, _tensors));
        using var check = new ParityCheck(Pack(fault?.Invoke(folded.Model) ?? folded.Model), folded.Values);
        naive ??= new NaiveBinaryViT(_config, _tensors);
        logits ??= naive.Run(_image);
        check.AddImage(_image, naive, logits);
        return check.Report;
    }

    private EvitFile Pack(LoweredModel model) =>
        EvitFile.Parse(EvitWriter.ToBytes(model, RandomNetwork.Preprocess(_config), RandomNetwork.Labels(_config), "{}"));

    private static void AssertFails(ParityReport report, string first)
    {
        Assert.False(report.Passed);
        Assert.True(report.Mismatches > 0);
        Assert.Equal(first, report.Layers.First(l => l.Mismatches > 0).Name);
        Assert.StartsWith($"{first}: ", report.Faults[0], StringComparison.Ordinal);
        Assert.Contains("FAILED", report.ToString(), StringComparison.Ordinal);
    }

    private static LoweredModel Alter(LoweredModel model, string tensor, Action<byte[]> change)
    {
        byte[] bytes = model.Tensors[tensor].Bytes.ToArray();
        change(bytes);
        var tensors = new Dictionary<string, StoredTensor>(model.Tensors) { [tensor] = model.Tensors[tensor] with { Bytes = bytes } };
        return model with { Tensors = tensors };
    }

    private static LoweredModel AlterFloats(LoweredModel model, string tensor, Action<float[]> change)
    {
        float[] values = TensorData.Floats(model.Tensors[tensor]);
        change(values);
        var tensors = new Dictionary<string, StoredTensor>(model.Tensors)
        {
            [tensor] = TensorData.Of(tensor, values, [.. model.Tensors[tensor].Shape]),
        };
        return model with { Tensors = tensors };
    }

    private static void Scale(float[] values, float factor, float offset)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (values[i] * factor) + offset;
        }
    }
}
