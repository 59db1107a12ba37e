using EdgeVit.Export;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>A model file with random weights, made once for all tests: four classes, 32x32 pixels, two stages.</summary>
public sealed class SmallModel : IDisposable
{
    private readonly TestFolder _folder = new();

    public SmallModel()
    {
        Config = new BinaryViTConfig("test-net", ImageSize: 32, PatchSize: 4,
            [new StageConfig(1, 64, 128, 1, 2), new StageConfig(1, 128, 256, 2, 1)], Classes: 4).Validate();
        Path = _folder["model.evit"];
        EvitWriter.Write(Path, FoldedModel.Of(Lowering.Lower(Config, RandomNetwork.Tensors(Config, seed: 3))).Model, RandomNetwork.Preprocess(Config), Labels, """{"tool":"tests"}""", 7);
    }

    public static string[] Labels { get; } = ["ant", "bee", "cow", "dog"];

    internal BinaryViTConfig Config { get; }

    public string Path { get; }

    public byte[] Bytes => File.ReadAllBytes(Path);

    public void Dispose() => _folder.Dispose();
}
