using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>A network that multiplies the rounding of floats: one step of training leaves norms that divide by next to nothing.</summary>
public class RoundingTrialTests
{
    private const string Norm = "vit.layernorm";

    private static readonly BinaryViTConfig s_config = new("steep", ImageSize: 16, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 1)], Classes: 4);

    /// <summary>Both sides round, and the last norm makes it visible: no value is wrong, and the certificate says by how much rounding moves the logits.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RoundingThatANormMultipliesIsNoFault(int seed)
    {
        ParityReport report = Check(seed, fault: 0, variance: 1e-3f);
        Assert.True(report.Passed, report.ToString());
        Assert.Equal((1, 0, 0L), (report.RoundedImages, report.UnexplainedImages, report.Mismatches));
        Assert.Matches(@"^image 0: logits differ by .*: no sign differs; rounding alone moves the logits by .*, most through \S+, which makes it", Assert.Single(report.RoundingTexts));
        Assert.Contains("rounding: image 0: ", report.ToString(), StringComparison.Ordinal);
    }

    public static MatrixTheoryData<int, float> SmallFaults => new([1, 2, 3], [0.02f, 0.004f, 0.0015f, 0.0005f]);

    /// <summary>What is too small for the comparison of one value, but no rounding, is named.</summary>
    [Theory]
    [MemberData(nameof(SmallFaults))]
    public void AFaultBelowTheToleranceOfAValueIsNamed(int seed, float fault)
    {
        ParityReport report = Check(seed, fault);
        Assert.False(report.Passed);
        Assert.Equal((0, 1, 0L), (report.RoundedImages, report.UnexplainedImages, report.Mismatches));
        Assert.Matches(@"^image 0: logits differ by \S+: \S+: token \d+ channel \d+: the simulator has \S+, packed ", Assert.Single(report.Faults));
    }

    /// <summary>What the first few texts do not name is counted, in the report and in the certificate.</summary>
    [Fact]
    public void ImagesThatRoundingMovesAreCounted()
    {
        ParityReport report = Check(seed: 1, fault: 0, variance: 1e-3f, images: 5);
        Assert.True(report.Passed, report.ToString());
        Assert.Equal((5, 3), (report.RoundedImages, report.RoundingTexts.Count));
        ParityCertificate certificate = ParityCertificate.Of("import", Pack(Lowering.Lower(s_config, RandomNetwork.Tensors(s_config, 1))), report, "a simulation", new CertificateImages(5, "noise"));
        foreach (string text in (string[])[report.ToString(), string.Join('\n', certificate.Lines())])
        {
            Assert.Contains("5 images where rounding alone moves the logits by more than usual", text, StringComparison.Ordinal);
            Assert.Contains("and 2 more images where rounding alone moves the logits", text, StringComparison.Ordinal);
        }
    }

    /// <summary>Where rounding may move logits by their own size, a fault could hide: nothing is proven.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RoundingThatCouldHideAFaultFails(int seed)
    {
        ParityReport report = Check(seed, fault: 0);
        Assert.False(report.Passed);
        Assert.Equal((0, 1, 0L), (report.RoundedImages, report.UnexplainedImages, report.Mismatches));
        Assert.Matches(@"^image 0: logits differ by \S+: logits: token 0 channel \d: .*rounding alone moves the logits by .*a fault would not be seen", Assert.Single(report.Faults));
    }

    /// <summary>An outlier channel or token excuses no other.</summary>
    [Fact]
    public void AFaultBesideAnOutlierIsNamed()
    {
        ParityReport report = Check(seed: 2, fault: 0.004f, outlier: 1e6f);
        Assert.False(report.Passed);
        Assert.Matches(@"^image 0: logits differ by \S+: vit.embeddings: token \d+ channel 3: ", Assert.Single(report.Faults));
    }

    /// <summary>What the simulator has otherwise than the file, in a value that is no number, or of another length.</summary>
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void AValueThatIsNoNumberIsNamed(float number)
    {
        ParityReport report = Check(seed: 1, fault: 0, variance: 1e-3f, change: s => s.Values["vit.embeddings"][(32 * 5) + 9] = number);
        Assert.False(report.Passed);
        Assert.Contains(report.Faults, f => f.StartsWith("image 0: logits differ by", StringComparison.Ordinal)
            && f.Contains(": vit.embeddings: token 5 channel 9: ", StringComparison.Ordinal));
        Assert.NotEmpty(report.ToJson());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void AValueOfAnotherLengthIsNamed(int more)
    {
        ParityReport report = Check(seed: 1, fault: 0, variance: 1e-3f, change: s => s.Values["vit.embeddings"] = new float[(32 * 16) + more]);
        Assert.False(report.Passed);
        Assert.Contains(report.Faults, f => f.StartsWith("image 0: logits differ by", StringComparison.Ordinal)
            && f.Contains($": vit.embeddings: the simulator reports {(32 * 16) + more} values, expected ", StringComparison.Ordinal));
    }

    /// <summary>Logits that overflow fail, whatever the simulator has there.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData(0f)]
    [InlineData(float.NegativeInfinity)]
    public void LogitsThatAreInfiniteFail(float? simulated)
    {
        ParityReport report = Check(seed: 1, fault: 0, variance: 1e-3f, head: 3e30f, change: s =>
        {
            float[] logits = s.Values["logits"];
            Assert.Contains(logits, float.IsInfinity);
            Array.ForEach([.. Enumerable.Range(0, logits.Length).Where(_ => simulated is not null)], i => logits[i] = simulated!.Value);
        });
        Assert.False(report.Passed);
        Assert.Equal((0, 1), (report.RoundedImages, report.UnexplainedImages));
        Assert.Contains(report.Faults, f => f.Contains(": logits: token 0 channel ", StringComparison.Ordinal));
        Assert.NotEmpty(report.ToJson());
    }

    /// <summary>Position embeddings of 1,000 and -1,000 cancel in the mean of the tokens, and the norm behind it divides what is left by its deviation of
    /// 0.003: so much less than the rounding of a thousand is seen. The simulator rounds otherwise than the file, by a unit in the last place of every
    /// float; its embeddings are off by a fault in one channel.</summary>
    private static ParityReport Check(
        int seed, float fault, float variance = 0, int images = 1, float outlier = 0, float head = 0, Action<RoundingOtherwise>? change = null)
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_config, seed);
        float[] position = tensors["vit.embeddings.position_embeddings"].Data;
        for (int i = 0; i < position.Length; i++)
        {
            position[i] = i / 32 % 2 == 0 ? 1000 : -1000;
        }

        for (int i = 9; outlier > 0 && i < position.Length; i += 32)
        {
            position[i] = outlier;
        }

        float[] image = RandomNetwork.Images(s_config, 1, seed);
        LoweredModel lowered = Lowering.Lower(s_config, tensors);
        string mean = lowered.Graph.Nodes.Single(n => n.Op == Op.MeanTokens).Output;
        new GraphInterpreter(lowered.Graph, lowered.Tensors).Run(image)[mean].Floats.CopyTo(tensors[$"{Norm}.running_mean"].Data, 0);
        if (head > 0)
        {
            // Bright enough that its logits overflow; those of the self-test's image do not.
            image = Array.ConvertAll(image, x => 1e8f * x);
            Array.Fill(tensors["classifier.weight"].Data, head);
            Array.Clear(tensors[$"{Norm}.running_mean"].Data);
        }

        Array.Fill(tensors[$"{Norm}.running_var"].Data, variance);
        Array.Fill(tensors[$"{Norm}.weight"].Data, 1);
        EvitFile file = Pack(Lowering.Lower(s_config, tensors));
        var simulator = new RoundingOtherwise(file, image, fault);
        using var check = new ParityCheck(file);
        change?.Invoke(simulator);
        for (int i = 0; i < images; i++)
        {
            check.AddImage(image, simulator, simulator.Values[file.Graph.OutputName]);
        }

        return check.Report;
    }

    private static EvitFile Pack(LoweredModel model) =>
        EvitFile.Parse(EvitWriter.ToBytes(model, RandomNetwork.Preprocess(s_config), RandomNetwork.Labels(s_config), "{}"));

    private sealed class RoundingOtherwise : ISimulatorTaps
    {
        public RoundingOtherwise(EvitFile file, float[] image, float fault)
        {
            var interpreter = new GraphInterpreter(file.Graph, file.Tensors);
            var values = new Dictionary<string, Value> { [file.Graph.InputName] = Value.Image(image, 3, s_config.ImageSize, s_config.ImageSize) };
            foreach (GraphNode node in file.Graph.Nodes)
            {
                Value value = values[node.Output] = interpreter.Evaluate(node, values);
                bool bits = value.Shape.Kind == ValueKind.Bits;
                for (int i = 0; i < value.Floats.Length; i++)
                {
                    value.Floats[i] = (i % 3 == 0 ? MathF.BitIncrement(value.Floats[i]) : value.Floats[i]) + (node.Op == Op.Position && i % 32 == 3 ? fault : 0);
                }

                Values[node.Output] = !bits ? value.Floats
                    : [.. Enumerable.Range(0, (int)value.Shape.Elements).Select(i => value.Bit(i / value.Shape.Channels, i % value.Shape.Channels) ? 1f : -1)];
            }
        }

        public Dictionary<string, float[]> Values { get; } = [];

        public bool TryGet(string name, out float[] values) => Values.TryGetValue(name, out values!);
    }
}
