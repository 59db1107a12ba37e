using System.Diagnostics;
using System.Text;

namespace EdgeVit.Export.Tests.Checkpoints;

/// <summary>Files that are damaged, or made to harm: an error that says what is wrong, little memory, little time, never a crash.</summary>
[Collection(Allocations.Name)]
public class HostileCheckpointTests(ITestOutputHelper output)
{
    private const long Allowance = 64L << 20;

    [Theory]
    [InlineData("os", "system")]
    [InlineData("posix", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("builtins", "getattr")]
    [InlineData("torch.storage", "_load_from_bytes")]
    [InlineData("torch._utils", "_rebuild_sparse_tensor")]
    [InlineData("models.binaryvit", "BinaryViT")]
    public void MentionsOfAnythingElseAreRefusedByName(string module, string name)
    {
        byte[] called = new PickleWriter().Start().Global(module, name).Op('(').Text("touch /tmp/x").Op('t').Op('R').Stop().ToArray();
        byte[] stacked = new PickleWriter().Op(0x80, 4).Text(module).Text(name).Op(0x93).Stop().ToArray();
        var hidden = new PickleWriter();
        hidden.Start().Dict(("optimizer", () => hidden.Global(module, name))).Stop();
        foreach (byte[] pickle in (byte[][])[called, stacked, hidden.ToArray()])
        {
            foreach (byte[] file in (byte[][])[TorchWriter.Zip(pickle, []), TorchWriter.Legacy(pickle, [])])
            {
                string message = Refused(file);
                Assert.Contains($"'{module}.{name}'", message, StringComparison.Ordinal);
                Assert.Contains("at byte", message, StringComparison.Ordinal);
                Assert.Contains("state_dict", message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void OpcodesThatCheckpointsDoNotUse()
    {
        foreach (byte opcode in (byte[])[0x82, 0x83, 0x84, (byte)'P', (byte)'i', (byte)'o', (byte)'I', (byte)'S', 0x97, 0x98, 0xff, 0])
        {
            Assert.Contains($"0x{opcode:x2}", Refused(Zip(p => p.Op(']').Op(opcode, 1, (byte)'\n').Op('R'))), StringComparison.Ordinal);
        }

        Assert.Contains("calls", Refused(Zip(p => p.Text("x").Op(')').Op('R'))), StringComparison.Ordinal);
        Assert.Contains("only mentions", Refused(Zip(p => p.Global("torch", "FloatStorage").Op(')').Op('R'))), StringComparison.Ordinal);
        Assert.Contains("whole module", Refused(Zip(p => p.Op('(').Text("module").Text("source").Op('t').Op('Q'))), StringComparison.Ordinal);
        Assert.Contains("expected a dict of tensors", Refused(Zip(p => p.Op(']'))), StringComparison.Ordinal);
        Assert.Contains("no tensors", Refused(Zip(p => p.Op('}'))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, new[] { 1L << 62, 4 }, new[] { 4L, 1 }, "more than")]
    [InlineData(0, new[] { 1L << 31, 1L << 31, 1L << 31 }, new[] { 0L, 0, 0 }, "more than")]
    [InlineData(0, new[] { 60000L, 30000 }, new[] { 0L, 0 }, "may take")]
    [InlineData(0, new[] { 5L }, new[] { 1L }, "reaches element 4")]
    [InlineData(4, new[] { 1L }, new[] { 1L }, "reaches element 4")]
    [InlineData(long.MaxValue, new[] { 2L }, new[] { long.MaxValue }, "reaches element")]
    [InlineData(0, new[] { 2L }, new[] { 1L << 62 }, "reaches element")]
    [InlineData(0, new[] { -1L }, new[] { 1L }, "negative")]
    [InlineData(0, new[] { 2L }, new[] { -1L }, "negative")]
    [InlineData(-1, new[] { 1L }, new[] { 1L }, "expected a storage")]
    [InlineData(0, new[] { 1L, 1 }, new[] { 1L }, "strides")]
    [InlineData(0, new[] { 1L, 1, 1, 1, 1, 1, 1, 1, 1 }, new[] { 1L, 1, 1, 1, 1, 1, 1, 1, 1 }, "at most 8")]
    public void ViewsThatAreNotInTheirStorage(long offset, long[] shape, long[] strides, string expected) =>
        Assert.Contains(expected, Refused(OneTensor(p => p.Tensor("FloatStorage", "0", 4, offset, shape, strides))), StringComparison.Ordinal);

    [Fact]
    public void StoragesThatAreNotWhatThePickleSays()
    {
        Assert.Contains("16 bytes", Refused(OneTensor(p => p.Tensor("DoubleStorage", "0", 4, 0, [4], [1]))), StringComparison.Ordinal);
        Assert.Contains("no entry", Refused(OneTensor(p => p.Tensor("FloatStorage", "../../etc/passwd", 4, 0, [4], [1]))), StringComparison.Ordinal);
        Assert.Contains("more than any file", Refused(OneTensor(p => p.Tensor("FloatStorage", "0", long.MaxValue, 0, [4], [1]))), StringComparison.Ordinal);
        Assert.Contains("torch.ComplexFloatStorage", Refused(OneTensor(p => p.Tensor("ComplexFloatStorage", "0", 4, 0, [4], [1]))), StringComparison.Ordinal);
        byte[] big = TorchWriter.ZipEntries([("a/data.pkl", Pickle(p => p.Op('}'))), ("a/byteorder", "big"u8.ToArray())]);
        Assert.Contains("byte order", Refused(big), StringComparison.Ordinal);
        byte[] twice = TorchWriter.ZipEntries([("a/data.pkl", []), ("a/data.pkl", [])]);
        Assert.Contains("twice", Refused(twice), StringComparison.Ordinal);
        byte[] damaged = OneTensor(p => p.Tensor("FloatStorage", "0", 4, 0, [4], [1]));
        damaged[damaged.AsSpan().IndexOf(new byte[16]) + 3] ^= 1;
        Assert.Contains("checksum", Refused(damaged), StringComparison.Ordinal);
    }

    [Fact]
    public void PicklesThatGrow()
    {
        // A million nested lists; lists of lists of the same list; a dict call over one long list again and again; ever more memos and marks.
        Bounded("nested", Zip(p => Repeat(p, 1_000_000, "]"u8)));
        Bounded("shared", Zip(p =>
        {
            p.Op(']');
            for (byte i = 0; i < 100; i++)
            {
                Repeat(p.Op((byte)'q', i).Op(']').Op('('), 200, [(byte)'h', i]).Op('e');
            }
        }));
        Bounded("pairs", Zip(p =>
        {
            Repeat(p.Op(']').Op('('), 100_000, [(byte)'K', 0, (byte)'N', 0x86]).Op('e').Op('q').Op(0);
            for (int i = 0; i < 1000; i++)
            {
                p.Global("collections", "OrderedDict").Op((byte)'h', 0, 0x85, (byte)'R');
            }
        }));
        Bounded("dicts", Zip(p => Repeat(p, 2_000_000, "}"u8)));
        Bounded("marks", Zip(p => Repeat(p, 4_000_000, "("u8)));
        Bounded("memo", Zip(p => Repeat(p.Op('N'), 4_000_000, [0x94])));
        Bounded("text", Zip(p => p.Op('X').UInt32(uint.MaxValue)));
        Bounded("bytes", Zip(p => p.Op(0x8e).UInt32(uint.MaxValue).UInt32(0x7fffffff)));
        Bounded("integer", Zip(p => p.Op(0x8b).UInt32(0x7fffffff)));
        Assert.Contains("memo", Bounded("far memo", Zip(p => p.Op('N').Op('r').UInt32(uint.MaxValue))), StringComparison.Ordinal);
        Assert.Contains("memo", Bounded("no memo", Zip(p => p.Op((byte)'h', 1))), StringComparison.Ordinal);
    }

    [Fact]
    public void NamesThatGrow()
    {
        string longName = string.Concat(Enumerable.Repeat("module.", 1_000_000));
        Assert.Contains("letters", Bounded("tensor name", Zip(p => p.Op('}').Text(longName).Tensor("FloatStorage", "0", 4, 0, [4], [1]).Op('s'))), StringComparison.Ordinal);
        Assert.Contains("letters", Bounded("storage key", Zip(p => p.Op('}').Text("a").Tensor("FloatStorage", longName, 4, 0, [4], [1]).Op('s'))), StringComparison.Ordinal);
        Assert.Contains("letters", Bounded("global", Zip(p => p.Text(longName).Text("x").Op(0x93))), StringComparison.Ordinal);
        Assert.Contains("more than 512", Bounded("global line", Zip(p => p.Global(longName, "x"))), StringComparison.Ordinal);
        foreach (string header in (string[])[$"{{\"{longName}\":{{}}}}", $"{{\"a\":{{\"{longName}\":1}}}}", $"{{\"a\":{{\"dtype\":\"{longName}\"}}}}"])
        {
            Assert.Contains("bytes, expected at most", Bounded("safetensors", [.. BitConverter.GetBytes((long)header.Length), .. Encoding.ASCII.GetBytes(header)]), StringComparison.Ordinal);
        }

        string deep = string.Concat(Enumerable.Repeat("[", 1_000_000));
        Assert.Contains("depth", Bounded("deep safetensors", [.. BitConverter.GetBytes(deep.Length + 16L), .. Encoding.ASCII.GetBytes($"{{\"__metadata__\":{deep}")]), StringComparison.Ordinal);
    }

    [Fact]
    public void ZipBombs()
    {
        byte[] zeros = new byte[200 << 20];
        byte[] pickle = Pickle(p => p.Dict(("a", () => p.Tensor("FloatStorage", "0", zeros.Length / 4, 0, [zeros.Length / 4], [1]))));
        Assert.Contains("may take", Bounded("weights", TorchWriter.Zip(pickle, [("0", zeros)], deflate: true)), StringComparison.Ordinal);
        byte[] header = TorchWriter.Zip(Pickle(p => p.Op('X').UInt32(190 << 20).Op(zeros)), [], deflate: true);
        Assert.Contains("may take", Bounded("pickle", header), StringComparison.Ordinal);

        // An entry that inflates to more, or to less, than the directory says.
        foreach (int delta in (int[])[-4, 4])
        {
            byte[] small = Pickle(p => p.Dict(("a", () => p.Tensor("FloatStorage", "0", 1000 + (delta / 4), 0, [10], [1]))));
            byte[] file = TorchWriter.Zip(small, [("0", new byte[4000])], deflate: true);
            int entry = file.AsSpan().LastIndexOf("archive/data/0"u8) - 46;
            BitConverter.TryWriteBytes(file.AsSpan(entry + 24), 4000 + delta);
            Assert.Contains("inflates to", Bounded("sizes", file), StringComparison.Ordinal);
        }

        // Two names for the same bytes.
        byte[] overlap = TorchWriter.Zip(Pickle(p => p.Dict(
            ("a", () => p.Tensor("FloatStorage", "0", 4, 0, [4], [1])), ("b", () => p.Tensor("FloatStorage", "1", 4, 0, [4], [1])))), [("0", new byte[16]), ("1", new byte[16])]);
        int first = overlap.AsSpan().LastIndexOf("archive/data/0"u8) - 4;
        int second = overlap.AsSpan().LastIndexOf("archive/data/1"u8) - 4;
        overlap.AsSpan(first, 4).CopyTo(overlap.AsSpan(second));
        Assert.Contains("overlap", Refused(overlap), StringComparison.Ordinal);
    }

    [Fact]
    public void TruncatedAnywhere()
    {
        foreach ((string format, byte[] file) in Formats())
        {
            for (int length = 0; length < file.Length; length += length < 2048 ? 61 : 1024)
            {
                Assert.NotEmpty(Refused(file[..length]));
            }

            Assert.NotEmpty(Refused(file[..^1]));
            Assert.NotNull(TempFile.Open(file));
            output.WriteLine($"{format}: {file.Length} bytes");
        }
    }

    [Fact]
    public void RandomMutations()
    {
        var clock = Stopwatch.StartNew();
        var random = new Random(20240607);
        foreach ((string format, byte[] original) in Formats())
        {
            (int refused, int read, long most) = (0, 0, 0);
            for (int round = 0; round < 750; round++)
            {
                byte[] file = [.. original];
                for (int i = random.Next(1, 5); i > 0; i--)
                {
                    Mutate(random, ref file);
                }

                var allocations = new Allocations();
                try
                {
                    TempFile.Open(file);
                    read++;
                }
                catch (CheckpointException)
                {
                    refused++;
                }
                most = Math.Max(most, allocations.Bytes);
            }
            output.WriteLine($"{format}: {refused} refused, {read} read, {clock.ElapsedMilliseconds} ms so far, at most {most} bytes allocated by one of {original.Length}");
            Assert.True(refused > 100);
            Assert.True(most < (2L * original.Length) + Allowance, $"{format}: {most} bytes allocated");
        }
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull")]
    [InlineData("<!DOCTYPE html><html>", "web page")]
    [InlineData("", "empty")]
    [InlineData("GGUF\u0003\0\0\0\0\0\0", "not a checkpoint")]
    public void WhatItIsInstead(string content, string expected) =>
        Assert.Contains(expected, Refused(Encoding.Latin1.GetBytes(content)), StringComparison.Ordinal);

    [Fact]
    public void NoFileAtAll()
    {
        string folder = Path.GetTempPath();
        Assert.Contains("folder", Assert.Throws<CheckpointException>(() => CheckpointReader.Open(folder)).Message, StringComparison.Ordinal);
        string none = Path.Combine(folder, "edgevit-none.pth");
        Assert.Contains(none, Assert.Throws<CheckpointException>(() => CheckpointReader.Open(none)).Message, StringComparison.Ordinal);
    }

    private static string Refused(byte[] file) => Assert.Throws<CheckpointException>(() => TempFile.Open(file)).Message;

    /// <summary>Refused, with less than twice the file and 64 MB allocated in all, in less than a few seconds.</summary>
    private string Bounded(string what, byte[] bytes)
    {
        using var file = new TempFile(bytes);
        var allocations = new Allocations();
        var clock = Stopwatch.StartNew();
        string message = Assert.Throws<CheckpointException>(() => CheckpointReader.Open(file.Path)).Message;
        long taken = allocations.Bytes;
        output.WriteLine($"{what}: {bytes.Length} bytes, {clock.ElapsedMilliseconds} ms, {taken} bytes allocated: {message[(file.Path.Length + 2)..]}");
        Assert.True(clock.ElapsedMilliseconds < 5000);
        Assert.True(taken < (2L * bytes.Length) + Allowance, $"{what}: {taken} bytes allocated for a file of {bytes.Length}");
        return message;
    }

    private static byte[] Pickle(Action<PickleWriter> write)
    {
        PickleWriter pickle = new PickleWriter().Start();
        write(pickle);
        return pickle.Stop().ToArray();
    }

    private static byte[] Zip(Action<PickleWriter> write) => TorchWriter.Zip(Pickle(write), []);

    private static byte[] OneTensor(Action<PickleWriter> tensor) =>
        TorchWriter.Zip(Pickle(p => p.Dict(("a", () => tensor(p)))), [("0", new byte[16])]);

    private static PickleWriter Repeat(PickleWriter pickle, int count, ReadOnlySpan<byte> bytes)
    {
        var block = new byte[count * bytes.Length];
        for (int i = 0; i < count; i++)
        {
            bytes.CopyTo(block.AsSpan(i * bytes.Length));
        }

        return pickle.Op(block);
    }

    /// <summary>The same small network in every format.</summary>
    private static List<(string Format, byte[] File)> Formats()
    {
        var random = new Random(5);
        FloatTensor[] tensors =
        [
            .. Enumerable.Range(0, 12).Select(i => new FloatTensor($"vit.encoder.layer.{i}.weight", [8, 4 * i],
                [.. Enumerable.Range(0, 32 * i).Select(_ => random.NextSingle())])),
        ];
        (byte[] pickle, List<(string Key, byte[] Bytes)> storages) = TorchWriter.Checkpoint(tensors);
        using var file = new TempFile([]);
        SafetensorsWriter.Write(file.Path, tensors);
        return
        [
            ("zip", TorchWriter.Zip(pickle, storages)),
            ("deflated zip", TorchWriter.Zip(pickle, storages, deflate: true)),
            ("legacy", TorchWriter.Legacy(pickle, storages.Select(s => (s.Key, s.Bytes, 4)))),
            ("safetensors", File.ReadAllBytes(file.Path)),
        ];
    }

    private static void Mutate(Random random, ref byte[] file)
    {
        // Half of the changes in the structured ends of the file, where they matter.
        int span = random.Next(2) == 0 ? file.Length : Math.Min(file.Length, 3000);
        int at = random.Next(span);
        if (random.Next(3) == 0)
        {
            at = file.Length - 1 - at;
        }

        switch (random.Next(6))
        {
            case 0:
                file[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                file[at] = (byte)random.Next(256);
                break;
            case 2:
                file[at] = (byte)(random.Next(2) * 255);
                break;
            case 3:
                file.AsSpan(at, Math.Min(8, file.Length - at)).Fill((byte)(random.Next(2) * 0x7f));
                break;
            case 4:
                int from = random.Next(file.Length);
                int count = Math.Min(random.Next(1, 40), file.Length - Math.Max(from, at));
                file.AsSpan(from, count).ToArray().CopyTo(file, at);
                break;
            default:
                int cut = Math.Min(random.Next(1, 40), file.Length - at);
                file = [.. file[..at], .. file[(at + cut)..]];
                if (file.Length == 0)
                {
                    file = [0];
                }

                break;
        }
    }
}
