using System.IO.Compression;
using System.Numerics;
using System.Runtime.InteropServices;

namespace EdgeVit.Export.Tests.Checkpoints;

/// <summary>Writes what torch.save writes, from a pickle and the bytes of its storages.</summary>
internal static class TorchWriter
{
    private static readonly BigInteger s_magic = BigInteger.Parse("1950a86a20f9469cfc6c", System.Globalization.NumberStyles.HexNumber);

    /// <summary>The zip format, with entries aligned by extra fields as torch does; <paramref name="deflate"/> as another tool would re-pack.</summary>
    public static byte[] Zip(byte[] pickle, IEnumerable<(string Key, byte[] Bytes)> storages, string folder = "archive/", bool deflate = false)
    {
        var entries = new List<(string, byte[])> { (folder + "data.pkl", pickle), (folder + "byteorder", "little"u8.ToArray()) };
        entries.AddRange(storages.Select(s => ($"{folder}data/{s.Key}", s.Bytes)));
        entries.Add((folder + "version", "3\n"u8.ToArray()));
        return ZipEntries(entries, deflate);
    }

    public static byte[] ZipEntries(IEnumerable<(string Name, byte[] Bytes)> entries, bool deflate = false)
    {
        var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] bytes) in entries)
            {
                using Stream entry = zip.CreateEntry(name, deflate ? CompressionLevel.Fastest : CompressionLevel.NoCompression).Open();
                entry.Write(bytes);
            }
        }
        return stream.ToArray();
    }

    /// <summary>The same archive with a directory of 64-bit sizes, as large archives have.</summary>
    public static byte[] Widen(byte[] zip)
    {
        int end = zip.Length - 22;
        int start = BitConverter.ToInt32(zip, end + 16);
        var stream = new MemoryStream();
        stream.Write(zip, 0, start);
        int count = 0;
        for (int at = start; at < end; count++)
        {
            int name = BitConverter.ToUInt16(zip, at + 28);
            int extra = BitConverter.ToUInt16(zip, at + 30);
            byte[] entry = zip[at..(at + 46 + name)];
            byte[] wide = [1, 0, 24, 0, .. BitConverter.GetBytes((long)BitConverter.ToUInt32(zip, at + 24)),
                .. BitConverter.GetBytes((long)BitConverter.ToUInt32(zip, at + 20)), .. BitConverter.GetBytes((long)BitConverter.ToUInt32(zip, at + 42))];
            entry.AsSpan(20, 8).Fill(0xff);
            entry.AsSpan(42, 4).Fill(0xff);
            BitConverter.TryWriteBytes(entry.AsSpan(30), (ushort)wide.Length);
            stream.Write([.. entry, .. wide]);
            at += 46 + name + extra;
        }
        long directory = stream.Length;
        stream.Write([0x50, 0x4b, 6, 6, .. BitConverter.GetBytes(44L), 45, 0, 45, 0, .. new byte[8], .. BitConverter.GetBytes((long)count),
            .. BitConverter.GetBytes((long)count), .. BitConverter.GetBytes(directory - start), .. BitConverter.GetBytes((long)start)]);
        stream.Write([0x50, 0x4b, 6, 7, 0, 0, 0, 0, .. BitConverter.GetBytes(directory), 1, 0, 0, 0]);
        byte[] last = zip[end..];
        last.AsSpan(8, 12).Fill(0xff);
        stream.Write(last);
        return stream.ToArray();
    }

    /// <summary>The format before PyTorch 1.6.</summary>
    public static byte[] Legacy(byte[] pickle, IEnumerable<(string Key, byte[] Bytes, int ElementSize)> storages)
    {
        (string Key, byte[] Bytes, int ElementSize)[] all = [.. storages];
        var stream = new MemoryStream();
        byte[] magic = s_magic.ToByteArray();
        stream.Write(new PickleWriter().Start().Op(0x8a, (byte)magic.Length).Op(magic).Stop().ToArray());
        stream.Write(new PickleWriter().Start().Int(1001).Stop().ToArray());
        var machine = new PickleWriter().Start();
        machine.Dict(("protocol_version", () => machine.Int(1001)), ("little_endian", () => machine.Op(0x88)),
            ("type_sizes", () => machine.Dict(("int", () => machine.Int(4))))).Stop();
        stream.Write(machine.ToArray());
        stream.Write(pickle);
        PickleWriter keys = new PickleWriter().Start().Op(']').Op('(');
        foreach ((string key, _, _) in all)
        {
            keys.Text(key);
        }

        stream.Write(keys.Op('e').Stop().ToArray());
        foreach ((_, byte[] bytes, int size) in all)
        {
            stream.Write(BitConverter.GetBytes((long)bytes.Length / size));
            stream.Write(bytes);
        }
        return stream.ToArray();
    }

    /// <summary>A checkpoint as the paper's training script saves it, around these weights.</summary>
    public static (byte[] Pickle, List<(string Key, byte[] Bytes)> Storages) Checkpoint(
        IEnumerable<FloatTensor> tensors, string? wrapper = "model", string prefix = "", string device = "cpu")
    {
        var storages = new List<(string Key, byte[] Bytes)>();
        var pickle = new PickleWriter();
        pickle.Start();
        if (wrapper is null)
        {
            Weights();
        }
        else
        {
            pickle.Dict(
                (wrapper, Weights),
                ("optimizer", () => pickle.Dict(("state", () => Optimizer()))),
                ("epoch", () => pickle.Int(299)),
                ("args", () => pickle.Global("argparse", "Namespace").Op(')', 0x81).Dict(("lr", () => pickle.Int(5))).Op('b')));
        }
        return (pickle.Stop().ToArray(), storages);

        void Weights()
        {
            pickle.EmptyDictCall().Op('(');
            foreach (FloatTensor tensor in tensors)
            {
                pickle.Text(prefix + tensor.Name);
                pickle.Tensor("FloatStorage", $"{storages.Count}", tensor.Data.Length, 0, Longs(tensor.Shape), Strides(tensor.Shape), device);
                storages.Add(($"{storages.Count}", MemoryMarshal.AsBytes(tensor.Data.AsSpan()).ToArray()));
            }
            pickle.Op('u').Dict(("_metadata", () => pickle.EmptyDictCall())).Op('b');
        }

        void Optimizer()
        {
            pickle.Op('}').Int(0).Tensor("FloatStorage", $"{storages.Count}", 3, 0, [3], [1]).Op('s');
            storages.Add(($"{storages.Count}", new byte[12]));
        }
    }

    public static long[] Longs(int[] shape) => [.. shape.Select(s => (long)s)];

    public static long[] Strides(int[] shape) => [.. shape.Select((_, i) => shape.Skip(i + 1).Aggregate(1L, (a, b) => a * b))];

    private static PickleWriter Op(this PickleWriter pickle, char opcode, byte next) => pickle.Op(opcode).Op(next);
}
