using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize.Tests;

/// <summary>The presets that are other papers' networks in bits: each is trained, packed and proven, and has one result on every kernel set.</summary>
public class PackedPresetTests
{
    public static TheoryData<string> Presets => [.. BinaryViTPresets.Names.Where(n => n.StartsWith("binary-", StringComparison.Ordinal))];

    /// <summary>Twenty steps.</summary>
    [Theory]
    [MemberData(nameof(Presets))]
    public void ItIsTrainedPackedAndProven(string preset)
    {
        using var folder = new TempFolder();
        BinaryViTConfig few = FewBlocks.Narrow(BinaryViTPresets.Get(preset));
        ShortRun.Proven(ShortRun.Of(folder, few) with
        {
            ShapesTest = 10,
            Epochs = 0.45,
            BatchSize = 4,
            ParityImages = 1,
            Binarization = new BinarizationSettings { NormBatches = 2 },
        });

        // The checkpoint says which network it is, and is lowered to the same bits again.
        Assert.Equal(few, CheckpointImport.Open(folder.File("run/student/best.safetensors")).Network.Config);
    }

    [Theory]
    [MemberData(nameof(Presets))]
    public void EveryKernelSetHasTheInterpretersBits(string preset) => Compare(FewBlocks.Of(BinaryViTPresets.Get(preset)), SessionOptions.AvailableKernels);

    /// <summary>The whole of it at full size.</summary>
    [Theory]
    [InlineData("binary-levit")]
    [InlineData("binary-swin")]
    [InlineData("binary-mobilevit")]
    public void TheWholePresetHasTheInterpretersBits(string preset) => Compare(BinaryViTPresets.Get(preset), [SessionOptions.AvailableKernels[0]]);

    private static void Compare(BinaryViTConfig config, IEnumerable<KernelChoice> kernels)
    {
        LoweredModel model = FoldedModel.Of(Lowering.Lower(config, FewBlocks.Fresh(config))).Model;
        float[] input = SelfTest.Input(1, model.Graph.InputShape), logits = new float[config.Classes];
        int[] expected = [.. new GraphInterpreter(model.Graph, model.Tensors).Run(input)[model.Graph.OutputName].Floats.Select(BitConverter.SingleToInt32Bits)];
        using EvitModel packed = EvitModel.Load(EvitFile.Parse(EvitWriter.ToBytes(
            model, new Preprocess(config.ImageSize, config.ImageSize, config.ImageSize, Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]),
            [.. Enumerable.Range(0, config.Classes).Select(i => $"class {i}")], "{}")));
        foreach (KernelChoice kernel in kernels)
        {
            using Session session = packed.CreateSession(new SessionOptions { Kernel = kernel });
            session.RunNchw(input, logits);
            Assert.Equal(expected, logits.Select(BitConverter.SingleToInt32Bits));
        }
    }
}
