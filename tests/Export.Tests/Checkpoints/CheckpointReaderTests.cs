using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EdgeVit.Export.Tests.Checkpoints;

public class CheckpointReaderTests(ITestOutputHelper output)
{
    private static readonly TimeSpan s_enough = TimeSpan.FromSeconds(3);

    private static readonly FloatTensor[] s_tensors =
    [
        new("vit.scalar", [], [0.25f]),
        new("vit.weight", [2, 3], [1, -2, 3, -4, 5, -6]),
        new("vit.bias", [3], [float.Epsilon, -0f, float.MaxValue]),
        new("vit.empty", [0, 4], []),
    ];

    [Theory]
    [InlineData("model", "", "cpu", false)]
    [InlineData("model", "module.", "cuda:0", false)]
    [InlineData("state_dict", "module._orig_mod.", "cpu", true)]
    [InlineData("model_ema", "", "cpu", true)]
    [InlineData(null, "", "cpu", false)]
    [InlineData(null, "model.", "cuda:7", true)]
    public void WhatTorchSaves(string? wrapper, string prefix, string device, bool deflate)
    {
        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(s_tensors, wrapper, prefix, device);
        Checkpoint zip = TempFile.Open(TorchWriter.Zip(pickle, storages, deflate: deflate));
        Assert.Equal("PyTorch", zip.Format);
        Same(zip);

        Checkpoint legacy = TempFile.Open(TorchWriter.Legacy(pickle, storages.Select(s => (s.Key, s.Bytes, 4))));
        Assert.Equal("PyTorch (before 1.6)", legacy.Format);
        Same(legacy);

        void Same(Checkpoint checkpoint)
        {
            Assert.Equal(wrapper ?? "", checkpoint.Key);
            Assert.Equal(prefix, checkpoint.Prefix);
            AssertSame(s_tensors, checkpoint.Tensors);
        }
    }

    [Fact]
    public void SafetensorsToo()
    {
        using var file = new TempFile([], ".safetensors");
        SafetensorsWriter.Write(file.Path, s_tensors, new Dictionary<string, string> { ["format"] = "pt" });
        Checkpoint checkpoint = CheckpointReader.Open(file.Path);
        Assert.Equal("safetensors", checkpoint.Format);
        AssertSame(s_tensors, checkpoint.Tensors);
    }

    [Fact]
    public void ElementTypesBecomeFloats()
    {
        var half = new byte[4];
        BinaryPrimitives.WriteHalfLittleEndian(half, (Half)1.5f);
        BinaryPrimitives.WriteHalfLittleEndian(half.AsSpan(2), Half.Epsilon);
        byte[] brain = [0x80, 0x3f, 0x20, 0xc0];
        byte[] wide = [.. BitConverter.GetBytes(0.1), .. BitConverter.GetBytes(double.NegativeInfinity)];
        var p = new PickleWriter();
        p.Start().Dict(
            ("half", () => p.Tensor("HalfStorage", "0", 2, 0, [2], [1])),
            ("brain", () => p.Tensor("BFloat16Storage", "1", 2, 0, [2], [1])),
            ("wide", () => p.Tensor("DoubleStorage", "2", 2, 0, [2], [1])),
            ("count", () => p.Tensor("LongStorage", "3", 1, 0, [], [])),
            ("epoch", () => p.Int(3))).Stop();
        Checkpoint checkpoint = TempFile.Open(TorchWriter.Zip(p.ToArray(), [("0", half), ("1", brain), ("2", wide), ("3", new byte[8])]));
        Assert.Equal([1.5f, (float)Half.Epsilon], checkpoint.Tensors["half"].Data);
        Assert.Equal([1f, -2.5f], checkpoint.Tensors["brain"].Data);
        Assert.Equal([0.1f, float.NegativeInfinity], checkpoint.Tensors["wide"].Data);
        Assert.Equal(["count I64 []"], checkpoint.LeftOut);
        Assert.Equal(3, checkpoint.Tensors.Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ViewsTiesAndParameters(bool deflate)
    {
        float[] numbers = [.. Enumerable.Range(0, 24).Select(i => (float)i)];
        var p = new PickleWriter();
        p.Start().Dict(
            ("transposed", () => p.Tensor("FloatStorage", "0", 24, 0, [4, 6], [1, 4])),
            ("slice", () => p.Tensor("FloatStorage", "0", 24, 7, [2, 3], [6, 2])),
            ("row", () => p.Tensor("FloatStorage", "0", 24, 6, [1, 6], [99, 1])),
            ("tied", () => p.Tensor("FloatStorage", "0", 24, 6, [1, 6], [99, 1])),
            ("expanded", () => p.Tensor("FloatStorage", "0", 24, 5, [3, 2], [0, 0])),
            ("parameter", () =>
            {
                p.Global("torch._utils", "_rebuild_parameter").Op('(');
                p.Tensor("FloatStorage", "0", 24, 23, [], []).Op(0x88).EmptyDictCall().Op('t').Op('R');
            }
        ),
            ("typed", () =>
            {
                p.Global("torch._utils", "_rebuild_tensor_v3").Op('(').Storage("UntypedStorage", "1", 8, module: "torch.storage").Int(1);
                p.Ints([1]).Ints([1]).Op(0x89).EmptyDictCall().Global("torch", "float32").Op('t').Op('R');
            }
        )).Stop();
        byte[] bytes = MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();
        IReadOnlyDictionary<string, FloatTensor> tensors =
            TempFile.Open(TorchWriter.Zip(p.ToArray(), [("0", bytes), ("1", bytes[4..12])], deflate: deflate)).Tensors;
        Assert.Equal([0, 4, 8, 12, 16, 20, 1, 5, 9, 13, 17, 21, 2, 6, 10, 14, 18, 22, 3, 7, 11, 15, 19, 23], tensors["transposed"].Data);
        Assert.Equal([7, 9, 11, 13, 15, 17], tensors["slice"].Data);
        Assert.Equal([6, 7, 8, 9, 10, 11], tensors["row"].Data);
        Assert.Same(tensors["row"].Data, tensors["tied"].Data);
        Assert.Equal([5, 5, 5, 5, 5, 5], tensors["expanded"].Data);
        Assert.Equal([23], tensors["parameter"].Data);
        Assert.Equal([2], tensors["typed"].Data);
    }

    [Fact]
    public void ZipsWith64BitSizes()
    {
        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(s_tensors);
        AssertSame(s_tensors, TempFile.Open(TorchWriter.Widen(TorchWriter.Zip(pickle, storages))).Tensors);
    }

    [Fact]
    public void TheKeyThatIsAskedFor()
    {
        var p = new PickleWriter();
        p.Start().Dict(
            ("model", () => p.Dict(("a", () => p.Tensor("FloatStorage", "0", 1, 0, [1], [1])))),
            ("averaged", () => p.Dict(("a", () => p.Tensor("FloatStorage", "1", 1, 0, [1], [1]))))).Stop();
        byte[] file = TorchWriter.Zip(p.ToArray(), [("0", BitConverter.GetBytes(1f)), ("1", BitConverter.GetBytes(2f))]);
        Assert.Equal([1], TempFile.Open(file).Tensors["a"].Data);
        Assert.Equal([2], TempFile.Open(file, "averaged").Tensors["a"].Data);
        var e = Assert.Throws<CheckpointException>(() => TempFile.Open(file, "none"));
        Assert.Contains("'averaged' (a dict of 1)", e.Message, StringComparison.Ordinal);
    }

    /// <summary>Large tensors stay in the file: they outlive its name, and one that is cut off under way is an error.</summary>
    [Fact]
    public void LargeTensorsAreReadWhenTheyAreAskedFor()
    {
        var large = new FloatTensor("large", [200, 100], [.. Enumerable.Range(0, 20_000).Select(i => i / 8f)]);
        var small = new FloatTensor("small", [2], [1, 2]);
        string path = Path.Combine(Path.GetTempPath(), $"edgevit-{Guid.NewGuid():N}.safetensors");
        SafetensorsWriter.Write(path, [large, small]);
        IReadOnlyDictionary<string, FloatTensor> found = CheckpointReader.Read(path);
        AssertSame([large, small], found);
        if (OperatingSystem.IsLinux())
        {
            File.Delete(path);
            AssertSame([large, small], found);
        }

        SafetensorsWriter.Write(path, [large, small]);
        found = CheckpointReader.Read(path);
        using (var stream = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(stream.Length / 2);
        }

        Assert.Equal([1, 2], found["small"].Data);
        string message = Assert.Throws<CheckpointException>(() => found["large"].Data).Message;
        Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.Contains("changed while it was imported", message, StringComparison.Ordinal);
        File.Delete(path);
    }

    /// <summary>Ninety megabytes: little more memory than the tensors themselves, in seconds even on a busy machine.</summary>
    [Fact]
    public void BinaryViTSmallIsReadQuickly()
    {
        BinaryViTConfig small = BinaryViTPresets.Get("binaryvit-small");
        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(
            new TensorManifest(small).Required.Select(t => new FloatTensor(t.Name, t.Shape, new float[t.Shape.Aggregate(1, (a, b) => a * b)])));
        using var file = new TempFile(TorchWriter.Zip(pickle, storages));
        long length = new FileInfo(file.Path).Length;
        TimeSpan best = TimeSpan.MaxValue;
        for (int round = 0; round < 3 && best > s_enough; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            var clock = Stopwatch.StartNew();
            INetworkConfig found = NetworkRecogniser.Recognise(CheckpointReader.Read(file.Path)).Config;
            best = clock.Elapsed < best ? clock.Elapsed : best;
            long taken = GC.GetAllocatedBytesForCurrentThread() - before;
            output.WriteLine($"{length} bytes in {clock.ElapsedMilliseconds} ms, {taken} bytes allocated");
            Assert.Equal(small, found);
            Assert.True(taken < length + (16L << 20), $"{taken} bytes allocated");
        }
        Assert.True(best < s_enough, $"{best.TotalSeconds} s");
    }

    [Theory]
    [InlineData("tiny64")]
    [InlineData("tinydeit-cls")]
    [InlineData("tinydeit-fp")]
    public void BothReferenceFilesHoldTheSame(string network)
    {
        string folder = SharedFolder.RequiredReference(network);
        Checkpoint torch = CheckpointReader.Open(Path.Combine(folder, "checkpoint.pth"));
        Checkpoint safetensors = CheckpointReader.Open(Path.Combine(folder, "model.safetensors"));
        Assert.Equal("model", torch.Key);
        AssertSame(safetensors.Tensors.Values, torch.Tensors);
        AssertSame(NamedTensorsReader.ReadSafetensors(Path.Combine(folder, "model.safetensors")).Values, torch.Tensors);
        Assert.Equal(safetensors.LeftOut.Order(), torch.LeftOut.Order());
    }

    private static void AssertSame(IEnumerable<FloatTensor> expected, IReadOnlyDictionary<string, FloatTensor> found)
    {
        FloatTensor[] all = [.. expected];
        Assert.Equal(all.Select(t => t.Name).Order(), found.Keys.Order());
        foreach (FloatTensor tensor in all)
        {
            Assert.Equal(tensor.Shape, found[tensor.Name].Shape);
            Assert.True(MemoryMarshal.AsBytes(tensor.Data.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(found[tensor.Name].Data.AsSpan())), tensor.Name);
        }
    }
}
