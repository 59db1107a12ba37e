using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

/// <summary>The reference simulators against a second writing-down of the same networks, and packed files against the reference simulators.</summary>
public class ReferenceSimulatorTests
{
    [Theory]
    [MemberData(nameof(HalfFloatsTests.Networks), MemberType = typeof(HalfFloatsTests))]
    internal void EveryValueIsThatOfTheNaiveNetwork(BinaryViTConfig config, int seed)
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(config, seed, clipPerHead: seed % 2 == 0);
        float[] image = RandomNetwork.Images(config, 1, seed + 50);
        var naive = new NaiveBinaryViT(config, tensors);
        float[] expected = naive.Run(image);
        ReferenceSimulator simulator = ReferenceSimulator.Of(new RecognisedNetwork(config, "", []), tensors);
        simulator.Start(image);
        LoweredModel model = Lowering.Lower(config, tensors);
        int compared = 0;
        foreach (string name in model.Graph.Nodes.Select(n => n.Output))
        {
            if (!naive.TryGet(name, out float[] values))
            {
                continue;
            }

            compared++;
            Assert.True(simulator.TryGet(name, out float[] found), name);
            Assert.Equal(values.Length, found.Length);
            Assert.True(values.Zip(found, (a, b) => Math.Abs(a - b)).Max() <= 1e-5f * Math.Max(1, values.Max(Math.Abs)), name);
        }
        Assert.True(compared > model.Graph.Nodes.Count / 2);
        Assert.All(expected.Zip(simulator.Logits()), p => Assert.Equal(p.First, p.Second, 1e-4f));

        // Values of earlier modules are computed again.
        Assert.True(simulator.TryGet("vit.encoder.layer.0.intermediate.sign", out float[] again));
        Assert.Equal(naive.Taps["vit.encoder.layer.0.intermediate.sign"], again);
        Assert.False(simulator.TryGet("vit.encoder.layer.0.nothing", out _));
    }

    [Theory]
    [MemberData(nameof(HalfFloatsTests.Networks), MemberType = typeof(HalfFloatsTests))]
    internal void EveryValueOfThePackedFileIsComparedAndRight(BinaryViTConfig config, int seed)
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(config, seed + 10);
        ReferenceSimulator simulator = ReferenceSimulator.Of(new RecognisedNetwork(config, "", []), tensors);
        ParityReport report = Check(Lowering.Lower(config, tensors), RandomNetwork.Preprocess(config), config.Classes, simulator, 2);
        Assert.True(report.Passed, report.ToString());
        Assert.Equal(2, report.SameTop1);

        // One weight's sign in each row of a product, in the middle of the network.
        FloatTensor weight = tensors["vit.encoder.layer.0.output.dense.weight"];
        for (int row = 0; row < weight.Shape[0]; row++)
        {
            weight.Data[(row * weight.Shape[1]) + 7] *= -1;
        }

        report = Check(Lowering.Lower(config, tensors), RandomNetwork.Preprocess(config), config.Classes, ReferenceSimulator.Of(new RecognisedNetwork(config, "", []), RandomNetwork.Tensors(config, seed + 10)), 1);
        Assert.False(report.Passed);
        Assert.StartsWith("vit.encoder.layer.0.output.dense", report.Layers.First(l => l.Mismatches > 0).Name, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, ViTPooling.LeadingToken, false, true)]
    [InlineData(2, ViTPooling.LeadingToken, true, true)]
    [InlineData(0, ViTPooling.MeanOfNormed, false, false)]
    [InlineData(1, ViTPooling.NormOfMean, true, false)]
    internal void FloatTransformersToo(int leading, ViTPooling pooling, bool layerScale, bool leadingPositions)
    {
        FloatViTConfig config = new FloatViTConfig(
            "vit", ImageSize: 16, PatchSize: 4, Width: 24, FfnWidth: 48, Depth: 2, Heads: 2, Classes: 5, LeadingTokens: leading, Pooling: pooling,
            LayerScale: layerScale, LeadingPositions: leadingPositions).Validate();
        Dictionary<string, FloatTensor> tensors = FloatViTTests.Tensors(config, ViTNames.Timm, seed: 3);
        var network = new RecognisedNetwork(config, "", []) { Names = ViTNames.Timm };
        float[] image = SelfTest.Input(4, [3, 16, 16]);
        ReferenceSimulator simulator = ReferenceSimulator.Of(network, tensors);
        simulator.Start(image);
        double[] expected = new NaiveViT(config, tensors).Run(image);
        Assert.All(expected.Zip(simulator.Logits()), p => Assert.Equal(p.First, p.Second, 1e-6));

        var preprocess = new Preprocess(16, 16, 16, Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]);
        LoweredModel model = Lowering.Lower(network, tensors);
        ParityReport report = Check(model, preprocess, 5, simulator, 1);
        Assert.True(report.Passed, report.ToString());
        Assert.All(report.Layers.Where(l => !l.Name.StartsWith("logits.", StringComparison.Ordinal) && !l.Name.StartsWith("vit.pooled.", StringComparison.Ordinal) && !l.Name.StartsWith("vit.layernorm.", StringComparison.Ordinal)), l => Assert.True(l.Compared > 0, l.Name));
        report = Check(model, preprocess, 5, simulator, 1, FloatGroups.All);
        Assert.True(report.Passed, report.ToString());
        Assert.True(report.Layers.Sum(l => l.Rounded) > 0);
    }

    /// <summary>Epsilons that nobody takes by default, so large that every norm shows them.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheEpsilonOfNormsIsTheNetworks(bool layerNorm)
    {
        BinaryViTConfig config = new BinaryViTConfig("eps", ImageSize: 16, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 1)], Classes: 5) with { BatchNormEps = 0.25, LayerNorm = layerNorm };
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(config, seed: 21);
        float[] image = RandomNetwork.Images(config, 1, seed: 22);
        ReferenceSimulator simulator = ReferenceSimulator.Of(new RecognisedNetwork(config, "", []), tensors);
        simulator.Start(image);
        Assert.All(new NaiveBinaryViT(config, tensors).Run(image).Zip(simulator.Logits()), p => Assert.Equal(p.First, p.Second, 1e-4f));

        FloatViTConfig plain = new("vit", ImageSize: 16, PatchSize: 4, Width: 24, FfnWidth: 48, Depth: 1, Heads: 2, Classes: 5, NormEps: 0.25);
        tensors = FloatViTTests.Tensors(plain, ViTNames.Timm, seed: 23);
        simulator = ReferenceSimulator.Of(new RecognisedNetwork(plain, "", []) { Names = ViTNames.Timm }, tensors);
        simulator.Start(image);
        Assert.All(new NaiveViT(plain, tensors).Run(image).Zip(simulator.Logits()), p => Assert.Equal(p.First, p.Second, 1e-6));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3)]
    [InlineData(-1.1)]
    [InlineData(2.999)]
    [InlineData(3.001)]
    [InlineData(-4.5)]
    [InlineData(7)]
    public void TheErrorFunctionIsTheIntegralOfTheBell(double z)
    {
        // Simpson's rule with many steps.
        const int Steps = 20_000;
        double h = z / Steps;
        double sum = 0;
        for (int i = 0; i <= Steps; i++)
        {
            sum += (i == 0 || i == Steps ? 1 : i % 2 == 0 ? 2 : 4) * Math.Exp(-(i * h) * (i * h));
        }

        Assert.Equal(2 / Math.Sqrt(Math.PI) * sum * h / 3, ReferenceViT.ErrorFunction(z), 1e-12);
    }

    private static ParityReport Check(LoweredModel model, Preprocess preprocess, int classes, ReferenceSimulator simulator, int images, FloatGroups rounded = FloatGroups.None)
    {
        var folded = FoldedModel.Of(model);
        EvitFile file = EvitFile.Parse(EvitWriter.ToBytes(HalfFloats.Store(folded.Model, rounded), preprocess, [.. Enumerable.Range(0, classes).Select(i => $"{i}")], "{}"));
        using var check = new ParityCheck(file, folded.Values);
        check.AddImages(images, i => SelfTest.Input((ulong)(60 + i), file.Graph.InputShape), simulator);
        return check.Report;
    }
}
