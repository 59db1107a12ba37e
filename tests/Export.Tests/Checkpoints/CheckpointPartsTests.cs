namespace EdgeVit.Export.Tests.Checkpoints;

/// <summary>Checkpoints in several files.</summary>
public sealed class CheckpointPartsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgevit-parts-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("model.safetensors", 2)]
    [InlineData("model.safetensors", 5)]
    [InlineData("pytorch_model.bin", 3)]
    public void PartsAreOneCheckpoint(string name, int parts)
    {
        FloatTensor[] tensors = [.. NetworkNamesTests.Tensors(ViTNames.HuggingFace).Values.Select(t => t with { Name = $"model.{t.Name}" })];
        string index = Write(name, parts, tensors);
        ImportedCheckpoint imported = CheckpointImport.Open(index);
        Assert.Equal(tensors.Select(t => t.Name[6..]).Order(), imported.Tensors.Keys.Order());
        Assert.All(tensors, t => Assert.Equal(t.Data, imported.Tensors[t.Name[6..]].Data));
        Assert.Equal(Directory.GetFiles(_folder).Sum(f => new FileInfo(f).Length), imported.Source.Bytes);
        Assert.Equal(3, imported.Lower().Graph.Nodes.Count > 0 ? imported.Network.Config.Classes : 0);

        // Every byte of every part counts in the digest.
        string last = Directory.GetFiles(_folder).Order().Last(f => !f.EndsWith(".json", StringComparison.Ordinal));
        byte[] bytes = File.ReadAllBytes(last);
        if (name.EndsWith("safetensors", StringComparison.Ordinal))
        {
            bytes[^1] ^= 1;
            File.WriteAllBytes(last, bytes);
            Assert.NotEqual(imported.Source.Sha256, CheckpointImport.Open(index).Source.Sha256);
        }

        string part = Assert.Throws<CheckpointException>(() => CheckpointImport.Open(last)).Message;
        Assert.Contains("one part", part, StringComparison.Ordinal);
        Assert.Contains(index, part, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingPartAndAnotherOnesPartAreNamed()
    {
        FloatTensor[] tensors = [.. NetworkNamesTests.Tensors(ViTNames.Timm).Values];
        string index = Write("model.safetensors", 2, tensors);
        string second = Path.Combine(_folder, "model-00002-of-00002.safetensors");
        File.Move(second, second + ".away");
        Assert.Contains("names the part model-00002-of-00002.safetensors, which is not beside it", Refused(index), StringComparison.Ordinal);
        SafetensorsWriter.Write(second, [NetworkNamesTests.One("other", 2)]);
        Assert.Contains("index and files are not of the same checkpoint", Refused(index), StringComparison.Ordinal);
        File.WriteAllBytes(second, []);
        Assert.Contains("its part model-00002-of-00002.safetensors: is empty", Refused(index), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "no JSON")]
    [InlineData("{", "no JSON")]
    [InlineData("[]", "weight_map")]
    [InlineData("""{"weight_map":3}""", "weight_map")]
    [InlineData("""{"weight_map":{}}""", "0 files")]
    [InlineData("""{"weight_map":{"a":"../../etc/passwd"}}""", "beside it")]
    [InlineData("""{"weight_map":{"a":"/etc/passwd"}}""", "beside it")]
    [InlineData("""{"weight_map":{"a":".."}}""", "beside it")]
    [InlineData("""{"weight_map":{"a":null}}""", "beside it")]
    [InlineData("""{"weight_map":{"a":""}}""", "beside it")]
    [InlineData("""{"weight_map":{"a":"C:model.bin"}}""", "beside it")]
    [InlineData("""{"weight_map":{"a":"model.bin:hidden"}}""", "beside it")]
    [InlineData("""{"weight_map":{"a":"c:\\x.bin"}}""", "beside it")]
    [InlineData("""{"weight_map":{"a":"sub/x.bin"}}""", "beside it")]
    [InlineData("""{"weight_map":{"a":"gone.safetensors"}}""", "gone.safetensors")]
    public void AnIndexThatIsNone(string json, string expected)
    {
        string index = Path.Combine(_folder, "model.safetensors.index.json");
        File.WriteAllText(index, json);
        Assert.Contains(expected, Refused(index), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-of-2.bin")]
    [InlineData("x-of-2.bin")]
    [InlineData("--of-.bin")]
    [InlineData("of-of-")]
    public void NamesThatLookLikePartsAreWholeFiles(string name)
    {
        string path = Path.Combine(_folder, name);
        SafetensorsWriter.Write(path, [.. NetworkNamesTests.Tensors(ViTNames.Timm).Values]);
        Assert.Equal(3, CheckpointImport.Open(path).Network.Config.Classes);
    }

    /// <summary>A value that is passed over excuses the absence of itself, and of none whose name it begins with.</summary>
    [Fact]
    public void WhatIsPassedOverIsToldApartByItsWholeName()
    {
        string name = new('n', 60);
        var p = new PickleWriter();
        p.Start().Op('}').Op('(').Text("w").Tensor("FloatStorage", "0", 1, 0, [1], [1]).Text(name).Global("torch._utils", "_rebuild_qtensor").Op(')').Op('R').Op('u').Stop();
        File.WriteAllBytes(Path.Combine(_folder, "a.bin"), TorchWriter.Zip(p.ToArray(), [("0", new byte[4])]));
        string index = Path.Combine(_folder, "m.bin.index.json");
        File.WriteAllText(index, $$$"""{"weight_map":{"w":"a.bin","{{{name}}}":"a.bin"}}""");
        Assert.Contains($"{name[..40]}… (torch._utils._rebuild_qtensor)", string.Join('\n', CheckpointReader.Open(index).Notes), StringComparison.Ordinal);
        foreach (string other in (string[])["n", name[..40], name[..59]])
        {
            File.WriteAllText(index, $$$"""{"weight_map":{"w":"a.bin","{{{other}}}":"a.bin"}}""");
            Assert.Contains($"'{other}' is in a.bin, which has no such tensor", Refused(index), StringComparison.Ordinal);
        }
    }

    private static string Refused(string index)
    {
        string message = Assert.Throws<CheckpointException>(() => CheckpointReader.Open(index)).Message;
        Assert.StartsWith(index, message, StringComparison.Ordinal);
        return message;
    }

    private string Write(string name, int parts, FloatTensor[] tensors)
    {
        string stem = Path.GetFileNameWithoutExtension(name), extension = Path.GetExtension(name);
        List<string> map = [];
        for (int p = 0; p < parts; p++)
        {
            string file = $"{stem}-{p + 1:00000}-of-{parts:00000}{extension}";
            FloatTensor[] own = [.. tensors.Where((_, i) => i % parts == p)];
            map.AddRange(own.Select(t => $"\"{t.Name}\":\"{file}\""));
            if (extension == ".bin")
            {
                (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(own, wrapper: null);
                File.WriteAllBytes(Path.Combine(_folder, file), TorchWriter.Zip(pickle, storages));
            }
            else
            {
                SafetensorsWriter.Write(Path.Combine(_folder, file), own);
            }
        }

        string index = Path.Combine(_folder, $"{name}.index.json");
        File.WriteAllText(index, $"{{\"metadata\":{{\"total_size\":1}},\"weight_map\":{{{string.Join(',', map)}}}}}");
        return index;
    }
}
