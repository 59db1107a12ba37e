using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace EdgeVit.Export.Tests.Checkpoints;

/// <summary>Hostile and damaged checkpoints on the way that <c>edgevit import</c> takes: an error that says what is wrong, in bounded memory and
/// time; never a crash, and never a model that is not the file's.</summary>
[Collection(Allocations.Name)]
public class HostileImportTests(ITestOutputHelper output)
{
    private const long Allowance = 64L << 20;
    private const int Mutations = 400;

    private static readonly BinaryViTConfig s_network = new BinaryViTConfig(
        "small", ImageSize: 8, PatchSize: 2, [new StageConfig(1, 24, 48, 1, 2), new StageConfig(1, 48, 48, 2, 1)], Classes: 3).Validate();

    public static TheoryData<string> Formats => ["zip", "deflated zip", "legacy", "safetensors"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void TruncatedAtEveryKilobyte(string format)
    {
        byte[] file = Write(format, RandomNetwork.Tensors(s_network, seed: 1));
        for (int length = 0; length < file.Length; length += 1024)
        {
            Assert.NotEmpty(Refused(file[..length]));
        }

        Assert.NotNull(Import(file));
        output.WriteLine($"{format}: {file.Length} bytes");
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void RandomMutations(string format) => Mutated(format, Write(format, RandomNetwork.Tensors(s_network, seed: 2)));

    [Fact]
    public void RandomMutationsOfAFloatNetwork()
    {
        var network = new FloatViTConfig("vit", ImageSize: 8, PatchSize: 4, Width: 24, FfnWidth: 48, Depth: 2, Heads: 1, Classes: 3, LeadingTokens: 2);
        Mutated("safetensors", Write("safetensors", FloatViTTests.Tensors(network, ViTNames.Timm, seed: 3)));
    }

    private void Mutated(string format, byte[] original)
    {
        var random = new Random(format.Length);
        var clock = Stopwatch.StartNew();
        (int refused, int imported, long most) = (0, 0, 0);
        for (int round = 0; round < Mutations; round++)
        {
            byte[] file = [.. original];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                Mutate(random, file);
            }

            var allocations = new Allocations();
            try
            {
                ImportedCheckpoint checkpoint = Import(file);
                LoweredModel model = checkpoint.Lower();
                if (imported++ % 20 == 0)
                {
                    EvitWriter.ToBytes(model, checkpoint.Preprocess, checkpoint.Labels, checkpoint.Provenance());
                }
            }
            catch (ModelFormatException e)
            {
                Assert.NotEmpty(e.Message);
                refused++;
            }
            most = Math.Max(most, allocations.Bytes);
        }
        output.WriteLine($"{format}: {refused} refused, {imported} imported, {clock.ElapsedMilliseconds} ms, at most {most} bytes allocated by one of {original.Length}");
        Assert.True(refused > Mutations / 10);
        Assert.True(most < (2L * original.Length) + Allowance, $"{most} bytes allocated");
    }

    [Fact]
    public void SafetensorsThatLie()
    {
        Assert.Contains("overlaps", Header("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12), StringComparison.Ordinal);
        Assert.Contains("overlaps", Header("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("hole", Header("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("truncated", Header("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("data_offsets", Header("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775800,9223372036854775807]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("data_offsets", Header("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("data_offsets", Header("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("does not fit a file", Header("""{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("does not fit a file", Header("""{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("does not fit a file", Header("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("at most 8 integers", Header("""{"a":{"dtype":"F32","shape":[1e99],"data_offsets":[0,8]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("F64 [2]", Header("""{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("dtype is 'C65'", Header("""{"a":{"dtype":"C65","shape":[1],"data_offsets":[0,8]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("it has a (C64)", Header("""{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("twice", Header("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8), StringComparison.Ordinal);
        Assert.Contains("truncated", Refused([.. BitConverter.GetBytes(long.MaxValue), (byte)'{', .. new byte[64]]), StringComparison.Ordinal);
        Assert.Contains("truncated", Refused([.. BitConverter.GetBytes(-1L), (byte)'{', .. new byte[64]]), StringComparison.Ordinal);
    }

    /// <summary>Integer weights are no weights; the message names them beside what is missing.</summary>
    [Fact]
    public void WeightsOfAWrongType()
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_network, seed: 3);
        const string Name = "vit.encoder.layer.0.intermediate.dense.weight";
        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(tensors.Values.Where(t => t.Name != Name), wrapper: null);
        var integers = new PickleWriter();
        integers.Text(Name).Tensor("IntStorage", "i", 48 * 24, 0, [48, 24], [24, 1]);
        int end = pickle.AsSpan().LastIndexOf("u}"u8);
        byte[] file = TorchWriter.Zip([.. pickle[..end], .. integers.ToArray(), .. pickle[end..]], [.. storages, ("i", new byte[48 * 24 * 4])]);
        ImportedCheckpoint imported = Import(file);
        Assert.Contains(imported.Notes, n => n.Contains($"{Name} I32 [48, 24]", StringComparison.Ordinal));
        string message = Assert.Throws<ModelFormatException>(imported.Lower).Message;
        Assert.Contains($"missing: {Name} [48, 24]", message, StringComparison.Ordinal);
        Assert.Contains($"{Name} I32 [48, 24]", message, StringComparison.Ordinal);
    }

    /// <summary>Tensors that are well-formed one by one and no network together.</summary>
    [Fact]
    public void NetworksThatCannotBe()
    {
        Assert.NotEmpty(Changed("vit.embeddings.position_embeddings", [1, 0, 24]));
        Assert.NotEmpty(Changed("vit.embeddings.position_embeddings", [1, 15, 24], "vit.encoder.patch_embed1.position_embeddings", [1, 3, 48]));
        Assert.NotEmpty(Changed("vit.embeddings.patch_embeddings.projection.weight", [24, 3, 1, 9_000]));
        Assert.NotEmpty(Changed("vit.embeddings.patch_embeddings.projection.weight", [24, 0, 2, 2]));
        Assert.NotEmpty(Changed("classifier.weight", [1_000_000, 1], "classifier.bias", [1_000_000]));
        Assert.NotEmpty(Changed("classifier.weight", [], "classifier.bias", []));
        Assert.NotEmpty(Changed("vit.encoder.layer.0.attention.attention.att_prob_clip", [0]));
        Assert.NotEmpty(Changed("vit.encoder.layer.1.layernorm_before.weight", [2_000_000]));

        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_network, seed: 4);
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            tensors["vit.layernorm.weight"].Data[3] = bad;
            Assert.Contains($"vit.layernorm.weight is {bad} at element 3", Message(tensors), StringComparison.Ordinal);
        }
        tensors["vit.layernorm.weight"].Data[3] = 4;
        Array.Fill(tensors["classifier.weight"].Data, float.MaxValue);
        ImportedCheckpoint huge = Import(Write("zip", tensors));
        Assert.Throws<ModelFormatException>(() => EvitWriter.ToBytes(huge.Lower(), huge.Preprocess, huge.Labels, huge.Provenance()));

        string Changed(string name, int[] shape, string? second = null, int[]? other = null)
        {
            Dictionary<string, FloatTensor> changed = RandomNetwork.Tensors(s_network, seed: 4);
            foreach ((string key, int[] size) in (IEnumerable<(string, int[])>)(second is null ? [(name, shape)] : [(name, shape), (second, other!)]))
            {
                changed[key] = new FloatTensor(key, size, new float[FloatTensor.Count(size)]);
            }

            return Message(changed);
        }
    }

    /// <summary>Tensors that no network has, by the thousand, with names that all look like one that is missing: counted, not all named; and
    /// too many are refused before there are records of them.</summary>
    [Theory]
    [InlineData(10_000, "(10001 faults)")]
    [InlineData(100_000, "the safetensors header would need")]
    public void AFloodOfTensors(int count, string expected)
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_network, seed: 5);
        tensors.Remove("vit.layernorm.bias");
        for (int i = 0; i < count; i++)
        {
            string name = $"vit.layernorm.bia{i.ToString(CultureInfo.InvariantCulture)}";
            tensors.Add(name, new FloatTensor(name, [48], tensors["vit.layernorm.weight"].Data));
        }
        using var file = new TempFile([]);
        SafetensorsWriter.Write(file.Path, tensors.Values);
        long length = new FileInfo(file.Path).Length;
        var clock = Stopwatch.StartNew();
        var allocations = new Allocations();
        string message = Assert.ThrowsAny<ModelFormatException>(() => CheckpointImport.Open(file.Path).Lower()).Message;
        long taken = allocations.Bytes;
        output.WriteLine($"{length} bytes, {clock.ElapsedMilliseconds} ms, {taken} bytes allocated, {message[..Math.Min(400, message.Length)]}");
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.True(message.Length < 50_000);
        Assert.True(taken < (2 * length) + Allowance, $"{taken} bytes allocated for a file of {length}");
    }

    /// <summary>A few small tensors that speak of thousands of blocks, or of hundreds of very wide ones.</summary>
    [Fact]
    public void FewTensorsThatAskForMany()
    {
        Dictionary<string, FloatTensor> tensors = RandomNetwork.Tensors(s_network, seed: 6);
        for (int i = 2; i < 1100; i++)
        {
            Add($"vit.encoder.layer.{i}.x", 1);
        }

        Assert.Contains("expected at most 1000", Message(tensors), StringComparison.Ordinal);

        tensors = RandomNetwork.Tensors(s_network, seed: 6);
        foreach (string name in tensors.Keys.Where(n => n.Contains("layerscale_w3", StringComparison.Ordinal) || n.Contains("layerscale_h3", StringComparison.Ordinal)).ToArray())
        {
            tensors.Remove(name);
        }

        foreach (string name in tensors.Keys.Where(n => n.Contains("layer.1.", StringComparison.Ordinal)).ToArray())
        {
            tensors.Remove(name);
        }

        for (int i = 2; i < 400; i++)
        {
            Add($"vit.encoder.layer.{i}.x", 1);
        }

        Add("vit.encoder.layer.1.layernorm_before.weight", 2_000_000);
        Add("vit.encoder.layer.1.output.move", 2_000_000);
        Assert.NotEmpty(Message(tensors));

        void Add(string name, int size) => tensors[name] = new FloatTensor(name, [size], new float[size]);
    }

    private static string Message(Dictionary<string, FloatTensor> tensors)
    {
        byte[] file = Write("zip", tensors);
        var allocations = new Allocations();
        string message = Assert.ThrowsAny<ModelFormatException>(() => Import(file).Lower()).Message;
        long taken = allocations.Bytes;
        Assert.True(taken < (2L * file.Length) + Allowance, $"{taken} bytes allocated for a file of {file.Length}: {message}");
        return message;
    }

    private static string Header(string json, int data)
    {
        byte[] header = Encoding.UTF8.GetBytes(json);
        return Refused([.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[data]]);
    }

    private static string Refused(byte[] file) => Assert.ThrowsAny<ModelFormatException>(() => Import(file)).Message;

    private static ImportedCheckpoint Import(byte[] bytes)
    {
        using var file = new TempFile(bytes);
        return CheckpointImport.Open(file.Path);
    }

    private static byte[] Write(string format, Dictionary<string, FloatTensor> tensors)
    {
        if (format == "safetensors")
        {
            using var file = new TempFile([]);
            SafetensorsWriter.Write(file.Path, tensors.Values);
            return File.ReadAllBytes(file.Path);
        }
        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(tensors.Values);
        return format == "legacy"
            ? TorchWriter.Legacy(pickle, storages.Select(s => (s.Key, s.Bytes, 4)))
            : TorchWriter.Zip(pickle, storages, deflate: format.StartsWith("deflated", StringComparison.Ordinal));
    }

    /// <summary>Changes bytes, most of them in names, shapes and offsets.</summary>
    private static void Mutate(Random random, byte[] file)
    {
        int structured = Math.Min(file.Length, 40_000);
        int at = random.Next(4) switch
        {
            0 => random.Next(file.Length),
            1 => file.Length - 1 - random.Next(structured),
            _ => random.Next(structured),
        };
        switch (random.Next(4))
        {
            case 0:
                file[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                file[at] = (byte)random.Next(256);
                break;
            case 2:
                file.AsSpan(at, Math.Min(random.Next(1, 9), file.Length - at)).Fill((byte)(random.Next(2) * 255));
                break;
            default:
                int from = random.Next(file.Length);
                int count = Math.Min(random.Next(1, 40), file.Length - Math.Max(from, at));
                file.AsSpan(from, count).ToArray().CopyTo(file, at);
                break;
        }
    }
}
