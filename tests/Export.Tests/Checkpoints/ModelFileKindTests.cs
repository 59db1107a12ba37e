using System.Text;

namespace EdgeVit.Export.Tests.Checkpoints;

/// <summary>Files are told apart by their bytes, whatever they are called.</summary>
public class ModelFileKindTests
{
    [Theory]
    [InlineData(".evit")]
    [InlineData(".onnx")]
    [InlineData("")]
    public void WhateverTheirName(string extension)
    {
        Assert.All(Files(), file =>
        {
            using var temporary = new TempFile(file.Bytes, extension);
            Assert.True(file.Kind == ModelFileKinds.Of(temporary.Path), $"{file.Kind} is taken for {ModelFileKinds.Of(temporary.Path)}");
        });
    }

    /// <summary>Where a file is cut off it is called what it began as, or nothing, but never something else.</summary>
    [Fact]
    public void CutOffItIsTheSameOrUnknown()
    {
        foreach ((ModelFileKind kind, byte[] bytes) in Files())
        {
            for (int length = 0; length < bytes.Length; length += Math.Max(1, bytes.Length / 40))
            {
                using var temporary = new TempFile(bytes[..length], ".bin");
                Assert.Contains(ModelFileKinds.Of(temporary.Path), (ModelFileKind[])[kind, ModelFileKind.Unknown, .. kind is ModelFileKind.TorchScript ? [ModelFileKind.PyTorch] : (ModelFileKind[])[]]);
            }
        }
    }

    [Fact]
    public void AnIndexIsKnownByItsNameAndAFolderIsNothing()
    {
        using var index = new TempFile("""{"weight_map":{}}"""u8.ToArray(), ".safetensors.index.json");
        Assert.Equal(ModelFileKind.Index, ModelFileKinds.Of(index.Path));
        Assert.Equal(ModelFileKind.Unknown, ModelFileKinds.Of(Path.GetTempPath()));
        Assert.Equal(ModelFileKind.Unknown, ModelFileKinds.Of(index.Path + ".gone"));
    }

    [Theory]
    [InlineData(ModelFileKind.Onnx, "convert --data DIR --out DIR --teacher x")]
    [InlineData(ModelFileKind.PyTorch, "import x --out")]
    [InlineData(ModelFileKind.Safetensors, "import x --out")]
    [InlineData(ModelFileKind.Index, "import x --out")]
    [InlineData(ModelFileKind.Model, "edgevit run x")]
    [InlineData(ModelFileKind.Picture, "edgevit run model.evit x")]
    [InlineData(ModelFileKind.TorchScript, "not executed")]
    [InlineData(ModelFileKind.OtherNetwork, "Export it to ONNX")]
    [InlineData(ModelFileKind.Json, "edgevit report x")]
    [InlineData(ModelFileKind.LfsPointer, "git lfs pull")]
    [InlineData(ModelFileKind.WebPage, "Download the file itself")]
    internal void TheVerbThatTakesItIsNamed(ModelFileKind kind, string remedy)
    {
        string text = ModelFileKinds.Describe("x", kind, "a model file");
        Assert.StartsWith("x is ", text, StringComparison.Ordinal);
        Assert.Contains("not a model file", text, StringComparison.Ordinal);
        Assert.Contains(remedy, text, StringComparison.Ordinal);
    }

    private static List<(ModelFileKind Kind, byte[] Bytes)> Files()
    {
        FloatTensor[] tensors = [.. NetworkNamesTests.Tensors(ViTNames.Timm).Values];
        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(tensors);
        using var safetensors = new TempFile([]);
        SafetensorsWriter.Write(safetensors.Path, tensors);
        ImportedCheckpoint imported = CheckpointImport.Open(safetensors.Path);
        byte[] model = EvitWriter.ToBytes(imported.Lower(), imported.Preprocess, imported.Labels, imported.Provenance());
        static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);
        return
        [
            (ModelFileKind.Model, model), (ModelFileKind.Safetensors, File.ReadAllBytes(safetensors.Path)), (ModelFileKind.PyTorch, TorchWriter.Zip(pickle, storages)),
            (ModelFileKind.PyTorch, TorchWriter.Legacy(pickle, storages.Select(s => (s.Key, s.Bytes, 4)))),
            (ModelFileKind.TorchScript, TorchWriter.ZipEntries([("m/data.pkl", pickle), ("m/code/__torch__.py", Text("def f(): pass")), ("m/constants.pkl", pickle)])),
            (ModelFileKind.Onnx, [0x08, 7, 0x12, 7, .. Text("pytorch"), 0x3A, 4, 0, 0, 0, 0]), (ModelFileKind.Onnx, [0x08, 10, 0x3A, 4, 0, 0, 0, 0]),
            (ModelFileKind.OtherNetwork, [28, 0, 0, 0, .. Text("TFL3"), .. new byte[40]]), (ModelFileKind.OtherNetwork, [0x89, .. Text("HDF\r\n"), 26, 10, .. new byte[40]]), (ModelFileKind.OtherNetwork, Text("GGUF0000")),
            (ModelFileKind.Picture, [0x89, .. Text("PNG\r\n"), 26, 10, .. new byte[20]]), (ModelFileKind.Picture, [0xFF, 0xD8, 0xFF, 0xE0, .. new byte[20]]), (ModelFileKind.Picture, Text("GIF89a000")),
            (ModelFileKind.Picture, [(byte)'I', (byte)'I', 42, 0, .. new byte[20]]), (ModelFileKind.Picture, [0, 0, 0, 28, .. Text("ftypheic"), .. new byte[20]]), (ModelFileKind.Picture, [.. Text("BM"), .. new byte[12], 40, 0, 0, 0, .. new byte[20]]),
            (ModelFileKind.Picture, Text("P6\n8 8\n255\n")),
            (ModelFileKind.Json, Text("""{ "schema": "edgevit.bench/1" }""")), (ModelFileKind.LfsPointer, Text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n")),
            (ModelFileKind.WebPage, Text("<!DOCTYPE html><html></html>")), (ModelFileKind.Unknown, Text("PK")), (ModelFileKind.Unknown, [.. Enumerable.Range(0, 500).Select(i => (byte)(i * 37))]),
        ];
    }
}
