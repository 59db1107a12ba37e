using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>The network of the paper at its full size, 22 million parameters: what runs is what is proven. Random weights put many signs next to their
/// thresholds, so that rounding turns some on most images.</summary>
public class PaperSizeTests(ITestOutputHelper output)
{
    private const int Images = 8;
    private static readonly BinaryViTConfig s_config = BinaryViTPresets.Get("binaryvit-small");

    /// <summary>Memory is bounded where a command imports, and tested there.</summary>
    static PaperSizeTests() => LargeArrays.Allowance = 512L << 20;

    /// <summary>Against a simulation in double precision. About half of the images have a sign at its threshold that decides.</summary>
    [Fact]
    public void AnImportIsExactAndEveryImageAgreesButForNamedTies()
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_config, seed: 1);
        Assert.InRange(tensors.Values.Sum(t => t.Length), 22_000_000, 23_000_000);
        ImportedCheckpoint imported = new(
            new CheckpointSource("paper.pth", 1, new string('0', 64), "PyTorch", "", "", tensors.Count),
            new RecognisedNetwork(s_config, "BinaryViT", []), tensors, RandomNetwork.Preprocess(s_config), null, [], []);
        CertifiedModel model = ImportedModel.Pack(imported, options: new CertificateOptions(Images, Seed: 1));
        ParityCertificate certificate = model.Certificate;
        output.WriteLine(string.Join('\n', certificate.Lines()));
        Assert.True(certificate.Passed, string.Join('\n', certificate.Lines()));
        Assert.Equal(("f32", 0L, 0), (certificate.Floats, certificate.Mismatches, certificate.Logits.UnexplainedImages));
        Assert.Equal((Images, ModelGraph.CurrentVersion), (certificate.Images.Count, model.File.Graph.Version));

        // Every image whose logits differ is named with the sign that turned, and that sign lies at its threshold.
        string[] differing = [.. certificate.TieTexts.Where(t => t.Contains("logits differ", StringComparison.Ordinal))];
        Assert.Equal(certificate.Logits.TieImages, differing.Length);
        Assert.InRange(differing.Length, 1, Images - 1);
        Assert.All(differing, t => Assert.Matches(@"^image \d+: logits differ by \d+(\.\d+)?: vit\.[\w.]+: token \d+ (channel \d+: the simulator has -?1, packed -?1, the argument is -?\d(\.\d+)?(E-0[5-9])?|head \d+: \d+ keys? lies? within .*)$", t));
        Assert.True(certificate.Logits.MaxLogitDifference < 0.1, $"{certificate.Logits.MaxLogitDifference}");
    }

    /// <summary>A fault in what runs is found, and named where it is.</summary>
    [Theory]
    [InlineData("a moved constant", "vit.encoder.layer.4.intermediate.dense.offset", "vit.encoder.layer.4.intermediate.dense")]
    [InlineData("a sign word", "vit.encoder.layer.2.output.dense.weight", "vit.encoder.layer.2.output.dense")]
    [InlineData("a threshold", "vit.encoder.layer.5.output.sign.shift", "vit.encoder.layer.5.output.sign")]
    [InlineData("a pool's divisor", "vit.encoder.layer.1.scale2", "vit.encoder.layer.1")]
    public void OneFaultIsFoundAndNamed(string what, string tensor, string where)
    {
        (FoldedModel folded, ReferenceSimulator simulator) = s_model.Value;
        StoredTensor sound = folded.Model.Tensors[tensor];
        byte[] bytes = sound.Bytes.ToArray();
        switch (what)
        {
            case "a sign word":
                bytes[9] ^= 0xFF;
                break;
            case "a pool's divisor":
                // The count of 3 x 3 in place of the one of 1 x 3 or the like, in one channel.
                BitConverter.TryWriteBytes(bytes.AsSpan(4 * 7), 3 * BitConverter.ToSingle(bytes, 4 * 7));
                break;
            case "a threshold":
                // By more than all of the channel's values lie apart from it: others turn no sign, and nobody could see them.
                BitConverter.TryWriteBytes(bytes.AsSpan(4 * 7), BitConverter.ToSingle(bytes, 4 * 7) + 1f);
                break;
            default:
                BitConverter.TryWriteBytes(bytes.AsSpan(4 * 7), BitConverter.ToSingle(bytes, 4 * 7) + 0.05f);
                break;
        }

        var tensors = new Dictionary<string, StoredTensor>(folded.Model.Tensors) { [tensor] = sound with { Bytes = bytes } };
        EvitFile file = EvitFile.Parse(EvitWriter.ToBytes(folded.Model with { Tensors = tensors }, RandomNetwork.Preprocess(s_config), RandomNetwork.Labels(s_config), "{}"));
        using var check = new ParityCheck(file, folded.Values);
        check.AddImages(1, i => SelfTest.Input(1, file.Graph.InputShape), simulator);
        ParityReport report = check.Report;
        output.WriteLine($"{what}: {report}");
        Assert.False(report.Passed);
        Assert.StartsWith($"{where}: token ", report.Faults[0], StringComparison.Ordinal);
        Assert.Equal([where], report.Layers.Where(l => l.Mismatches > 0).Select(l => l.Name));
    }

    private static readonly Lazy<(FoldedModel Folded, ReferenceSimulator Simulator)> s_model = new(() =>
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_config, seed: 1);
        return (FoldedModel.Of(Lowering.Lower(s_config, tensors)), ReferenceSimulator.Of(new RecognisedNetwork(s_config, "BinaryViT", []), tensors));
    });
}
