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

    private static void Verify(BinaryViT model, FoldedModel folded)
    {
        PixelSource source = DataTests.Shapes(12);
        EvitFile file = EvitFile.Parse(EvitWriter.ToBytes(folded.Model, source.Preprocess, source.Classes, "{}"));
        var verification = new Verification(model, file, torch.CPU, new SilentProgress(), CancellationToken.None);
        using var check = new ParityCheck(file, folded.Values);
        verification.Layers(check, source, [0, 1]);
        verification.EndToEnd(check, source, [.. Enumerable.Range(0, 12)]);
        Verification.Require(check.Report, "parity.json");
    }
}
