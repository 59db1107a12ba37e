using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;

namespace EdgeVit.Quantize.Tests;

/// <summary>What a conversion demands of its packed file: a sound one passes, one with another weight fails as a check.</summary>
public class VerificationTests
{
    private static BinaryViTConfig Network { get; } = new(
        "verification", ImageSize: 32, PatchSize: 8,
        [new StageConfig(Depth: 1, Width: 64, FfnWidth: 128, Heads: 1, Reduction: 1)],
        Classes: 10);

    [Fact]
    public void OneOtherWeightFailsTheConversion()
    {
        torch.manual_seed(3);
        using var model = new BinaryViT(Network);
        FoldedModel sound = FoldedModel.Of(Lowering.Lower(Network, ModelTensors.Export(model)));
        Verify(model, sound);

        const string Name = "vit.encoder.layer.0.output.dense.weight";
        byte[] bytes = sound.Model.Tensors[Name].Bytes.ToArray();
        bytes[0] ^= 1;
        var tensors = new Dictionary<string, StoredTensor>(sound.Model.Tensors) { [Name] = sound.Model.Tensors[Name] with { Bytes = bytes } };
        var error = Assert.Throws<ConvertException>(() => Verify(model, sound with { Model = sound.Model with { Tensors = tensors } }));
        Assert.Equal(ConvertException.CheckFailed, error.ExitCode);
        Assert.Contains("vit.encoder.layer.0.output.dense", error.Message, StringComparison.Ordinal);
        Assert.Contains("parity.json", error.Message, StringComparison.Ordinal);
    }

    /// <summary>What labelled images say about rounded floats, image by image.</summary>
    [Fact]
    public void ATrialCountsTheSameAndTheRightPredictions()
    {
        torch.manual_seed(5);
        using var model = new BinaryViT(Network);
        model.eval();
        PixelSource source = DataTests.Shapes(60);
        LoweredModel folded = FoldedModel.Of(Lowering.Lower(Network, ModelTensors.Export(model))).Model;
        EvitFile Pack(LoweredModel lowered) => EvitFile.Parse(EvitWriter.ToBytes(lowered, source.Preprocess, source.Labels, "{}"));

        // Rounded so coarsely that predictions change.
        const string Name = "logits.weight";
        float[] weights = [.. TensorData.Floats(folded.Tensors[Name]).Select(v => MathF.Round(v * 40) / 40)];
        var coarse = new Dictionary<string, StoredTensor>(folded.Tensors) { [Name] = TensorData.Of(Name, weights, [.. folded.Tensors[Name].Shape]) };
        (EvitFile exact, EvitFile rounded) = (Pack(folded), Pack(folded with { Tensors = coarse }));

        int[] indices = [.. Enumerable.Range(3, 50)];
        FloatTrial trial = Verification.Trial(exact, rounded, source, indices, CancellationToken.None);
        int[] a = Predictions(exact, source, indices), b = Predictions(rounded, source, indices);
        Assert.Equal(50, trial.Images);
        Assert.Equal(a.Zip(b).Count(p => p.First == p.Second), trial.Same);
        Assert.InRange(trial.Same, 1, 49);
        Assert.Equal(indices.Where((index, i) => a[i] == source.Label(index)).Count(), trial.ExactRight);
        Assert.Equal(indices.Where((index, i) => b[i] == source.Label(index)).Count(), trial.RoundedRight);
        Assert.False(trial.NothingIsLost);
    }

    private static int[] Predictions(EvitFile file, PixelSource source, int[] indices)
    {
        var interpreter = new GraphInterpreter(file.Graph, file.Tensors);
        return [.. indices.Select(index =>
        {
            float[] logits = interpreter.Run(BatchLoader.InOrder(source, [index], 1).First().Images)[file.Graph.OutputName].Floats;
            return Array.IndexOf(logits, logits.Max());
        })];
    }

    private static void Verify(BinaryViT model, FoldedModel folded)
    {
        PixelSource source = DataTests.Shapes(12);
        EvitFile file = EvitFile.Parse(EvitWriter.ToBytes(folded.Model, source.Preprocess, source.Labels, "{}"));
        var verification = new Verification(model, file, torch.CPU, new SilentProgress(), CancellationToken.None);
        using var check = new ParityCheck(file, folded.Values);
        verification.Layers(check, source, [0, 1]);
        verification.EndToEnd(check, source, [.. Enumerable.Range(0, 12)]);
        Verification.Require(check.Report, "parity.json");
    }
}
