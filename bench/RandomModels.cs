using EdgeVit.Export;
using EdgeVit.Export.Tests;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>Models with random weights: as fast as trained ones, since no step's time depends on values.</summary>
internal static class RandomModels
{
    /// <summary>A preset by its name.</summary>
    public static EvitModel Preset(string name) => EvitModel.Load(EvitFile.Parse(Bytes(BinaryViTPresets.Get(name))));

    /// <summary>A network as the bytes of a model file.</summary>
    public static byte[] Bytes(BinaryViTConfig config)
    {
        LoweredModel model = FoldedModel.Of(Lowering.Lower(config, RandomNetwork.Tensors(config, seed: 1))).Model;
        return EvitWriter.ToBytes(model, RandomNetwork.Preprocess(config), RandomNetwork.Labels(config), "{}");
    }
}
