using EdgeVit.Runtime;

namespace EdgeVit.Export.Tests;

public sealed class WriterTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgevit-export-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("binaryvit-nano", 600_000)]
    [InlineData("binaryvit-32", 2_600_000)]
    public void FilesAreSmall(string preset, long most)
    {
        BinaryViTConfig config = BinaryViTPresets.Get(preset);
        LoweredModel model = Lowering.Lower(config, RandomNetwork.Tensors(config, seed: 3));
        EvitFile file = EvitWriter.Write(At("model.evit"), model, RandomNetwork.Preprocess(config), RandomNetwork.Labels(config), "{}");
        output.WriteLine($"{preset}: {file.Bytes:N0} bytes, of which tensors {model.TensorBytes:N0}");
        Assert.Equal(new FileInfo(At("model.evit")).Length, file.Bytes);
        Assert.InRange(file.Bytes, model.TensorBytes, most);
    }

    [Fact]
    public void AWrittenModelReadsBackWholeAndPassesItsSelfTest()
    {
        BinaryViTConfig config = BinaryViTPresets.Get("binaryvit-nano").With(classes: 3);
        LoweredModel model = Lowering.Lower(config, RandomNetwork.Tensors(config, seed: 4));
        Preprocess preprocess = RandomNetwork.Preprocess(config);
        string[] labels = ["café", "\"quoted\"", "日本"];
        const string Provenance = /*lang=json*/ """{"seed":7,"teacher":"none"}""";
        EvitWriter.Write(At("new/folder/model.evit"), model, preprocess, labels, Provenance, selfTestSeed: ulong.MaxValue);

        using EvitModel read = EvitModel.Open(At("new/folder/model.evit"));
        Assert.Equal(labels, read.Labels);
        Assert.Equal(Provenance, read.File.Provenance);
        Assert.Equal(GraphJson.Write(model.Graph), GraphJson.Write(read.File.Graph));
        Assert.Equal(model.Tensors.Keys.Order(), read.File.Tensors.Keys.Order());
        Assert.All(model.Tensors.Values, t => Assert.True(t.Bytes.Span.SequenceEqual(read.File.Tensors[t.Name].Bytes.Span)));
        Assert.Equal(ulong.MaxValue, read.File.SelfTest!.Seed);
        Assert.True(read.RunSelfTest().Passed);
        Assert.Equal(["model.evit"], Directory.GetFiles(At("new/folder")).Select(Path.GetFileName));

        Assert.Equal(
            EvitWriter.ToBytes(model, preprocess, labels, Provenance, 5), EvitWriter.ToBytes(model, preprocess, labels, Provenance, 5));
    }

    [Fact]
    public void PartsThatDoNotFitAreRefused()
    {
        BinaryViTConfig config = BinaryViTPresets.Get("binaryvit-nano");
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(config, seed: 4);
        LoweredModel model = Lowering.Lower(config, tensors);
        Preprocess preprocess = RandomNetwork.Preprocess(config);
        string[] labels = RandomNetwork.Labels(config);
        void Refuse(string words, Preprocess p, string[] l, string provenance) =>
            Assert.Contains(words, Assert.Throws<ModelFormatException>(() => EvitWriter.Write(At("x.evit"), model, p, l, provenance)).Message, StringComparison.Ordinal);
        Refuse("9 labels", preprocess, labels[..9], "{}");
        Refuse("provenance", preprocess, labels, "[]");
        Refuse("provenance", preprocess, labels, "{");
        Refuse("[3, 32, 32]", preprocess with { Height = 28 }, labels, "{}");

        Array.Fill(tensors["classifier.weight"].Data, float.MaxValue);
        model = Lowering.Lower(config, tensors);
        Assert.Throws<ModelFormatException>(() => EvitWriter.Write(At("x.evit"), model, preprocess, labels, "{}"));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void AFailedWriteLeavesNothingAndKeepsWhatWasThere()
    {
        File.WriteAllText(At("model.evit"), "before");
        var e = Assert.Throws<ModelWriteException>(() => AtomicFile.Write(At("model.evit"), stream =>
        {
            stream.Write(new byte[100]);
            throw new IOException("No space left on device.");
        }));
        Assert.Contains("no space left on device", e.Message, StringComparison.Ordinal);
        Assert.Contains(At("model.evit"), e.Message, StringComparison.Ordinal);
        Assert.IsAssignableFrom<IOException>(e);
        Assert.Equal("before", File.ReadAllText(At("model.evit")));
        Assert.Single(Directory.GetFileSystemEntries(_folder));

        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(At("model.evit"), _ => throw new InvalidOperationException()));
        Assert.Single(Directory.GetFileSystemEntries(_folder));

        AtomicFile.Write(At("model.evit"), "after"u8.ToArray());
        Assert.Equal("after", File.ReadAllText(At("model.evit")));
        Assert.Single(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void PlacesThatCannotBeWrittenAreNamed()
    {
        Directory.CreateDirectory(At("folder"));
        File.WriteAllText(At("file"), "");
        foreach (string path in (string[])[At("folder"), At("file/model.evit"), "/", "/proc/model.evit"])
        {
            var e = Assert.Throws<ModelWriteException>(() => AtomicFile.Write(path, new byte[3]));
            Assert.Contains(path, e.Message, StringComparison.Ordinal);
        }
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder).Length);
    }

    [Fact]
    public void SafetensorsRoundTrip()
    {
        FloatTensor[] tensors =
        [
            new("scalar", [], [1.5f]), new("matrix", [2, 3], [1, -0f, float.Epsilon, 4, 5, float.MaxValue]), new("empty", [0, 4], []),
        ];
        SafetensorsWriter.Write(At("t.safetensors"), tensors, new Dictionary<string, string> { ["who"] = "ünï \"code\"" });
        IReadOnlyDictionary<string, FloatTensor> back = NamedTensorsReader.ReadSafetensors(At("t.safetensors"));
        Assert.Equal(3, back.Count);
        foreach (FloatTensor tensor in tensors)
        {
            Assert.Equal(tensor.Shape, back[tensor.Name].Shape);
            Assert.Equal(tensor.Data.Select(BitConverter.SingleToInt32Bits), back[tensor.Name].Data.Select(BitConverter.SingleToInt32Bits));
        }
        byte[] bytes = File.ReadAllBytes(At("t.safetensors"));
        Assert.Equal("ünï \"code\"", SafetensorsFile.Parse(bytes).Metadata["who"]);
        Assert.Equal(0, BitConverter.ToInt64(bytes) % 8);
    }

    [Fact]
    public void SafetensorsKeepsEveryTypeAligned()
    {
        SafetensorsTensor[] tensors =
        [
            new("a", SafetensorsType.U8, [3], new byte[] { 1, 2, 3 }),
            new("b", SafetensorsType.F16, [1], new byte[] { 0, 0x3C }),
            new("c", SafetensorsType.I64, [1], BitConverter.GetBytes(-5L)),
            new("d", SafetensorsType.BF16, [1], new byte[] { 0x80, 0x3F }),
            new("e", SafetensorsType.F64, [1], BitConverter.GetBytes(2.5)),
        ];
        byte[] bytes = SafetensorsWriter.ToBytes(tensors);
        SafetensorsFile file = SafetensorsFile.Parse(bytes);
        Assert.All(tensors, t => Assert.True(t.Bytes.Span.SequenceEqual(file.Tensors[t.Name].Bytes.Span)));
        File.WriteAllBytes(At("mixed.safetensors"), bytes);
        IReadOnlyDictionary<string, FloatTensor> floats = NamedTensorsReader.ReadSafetensors(At("mixed.safetensors"));
        Assert.Equal(["b", "d", "e"], floats.Keys.Order());
        Assert.Equal([1f, 1f, 2.5f], floats.OrderBy(f => f.Key).Select(f => f.Value.Data[0]));

        // The widest first, those of one width by name; without holes.
        int header = (int)BitConverter.ToInt64(bytes);
        using var json = System.Text.Json.JsonDocument.Parse(bytes.AsMemory(8, header));
        Assert.Equal(
            [("c", 0, 8), ("e", 8, 16), ("b", 16, 18), ("d", 18, 20), ("a", 20, 23)],
            json.RootElement.EnumerateObject().Select(t => (t.Name, t.Value.GetProperty("data_offsets")[0].GetInt32(), t.Value.GetProperty("data_offsets")[1].GetInt32())));
        Assert.Equal(["I64", "F64", "F16", "BF16", "U8"], json.RootElement.EnumerateObject().Select(t => t.Value.GetProperty("dtype").GetString()));
        Assert.Equal(8 + header + 23, bytes.Length);
        Assert.Equal(BitConverter.GetBytes(-5L), bytes[(8 + header)..(16 + header)]);
        Assert.Equal([1, 2, 3], bytes[^3..]);
    }

    [Fact]
    public void WrongTensorsAreRefused()
    {
        FloatTensor tensor = new("x", [2], [1, 2]);
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(At("t"), [tensor, tensor]));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(At("t"), [tensor with { Shape = [3] }]));
        Assert.Throws<ArgumentException>(() => SafetensorsWriter.Write(At("t"), [tensor with { Name = "__metadata__" }]));
        Assert.Throws<ModelFormatException>(() => NamedTensorsReader.ReadSafetensors(At("missing")));
        File.WriteAllText(At("text"), "not a tensor file");
        string message = Assert.Throws<ModelFormatException>(() => NamedTensorsReader.ReadSafetensors(At("text"))).Message;
        Assert.Contains(At("text"), message, StringComparison.Ordinal);
    }

    private string At(string name) => Path.Combine(_folder, name);
}
