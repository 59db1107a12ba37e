using TorchSharp.Modules;

namespace TorchSharp;

// TorchSharp's file format: numbers are unsigned LEB128 (7 bits per byte, low first); a tensor is its type, its number of dimensions,
// their sizes and the bytes of its elements in row-major order, little-endian.
internal static class TensorFormat
{
    internal static void WriteNumber(BinaryWriter writer, long value) => writer.Write7BitEncodedInt64(value);

    internal static long ReadNumber(BinaryReader reader) => reader.Read7BitEncodedInt64();

    internal static (torch.ScalarType Type, long[] Shape) ReadHeader(BinaryReader reader)
    {
        var type = (torch.ScalarType)ReadNumber(reader);
        if (!Enum.IsDefined(type)) throw new ArgumentException($"The file holds a tensor of the unknown type {(int)type}.");
        long dimensions = ReadNumber(reader);
        if (dimensions is < 0 or > 64) throw new ArgumentException($"The file holds a tensor of {dimensions} dimensions.");
        var shape = new long[dimensions];
        for (int i = 0; i < shape.Length; i++) shape[i] = ReadNumber(reader);
        return (type, shape);
    }

    internal static void Skip(BinaryReader reader)
    {
        (torch.ScalarType type, long[] shape) = ReadHeader(reader);
        using torch.Tensor one = torch.empty([1], type);
        long bytes = one.ElementSize;
        foreach (long size in shape) bytes *= size;
        var buffer = new byte[Math.Min(bytes, 1 << 16)];
        for (; bytes > 0; bytes -= buffer.Length) reader.BaseStream.ReadExactly(buffer, 0, (int)Math.Min(buffer.Length, bytes));
    }

    internal static void ReadData(BinaryReader reader, torch.Tensor target)
    {
        using torch.Tensor? copy = target.device_type == DeviceType.CPU && target.is_contiguous() ? null
            : torch.empty(target.shape, target.dtype);
        reader.BaseStream.ReadExactly((copy ?? target).bytes);
        if (copy is null) return;
        using (torch.no_grad()) target.copy_(copy);
    }
}

/// <summary>Tensors in files, and as parameters.</summary>
public static class TensorExtensionMethods
{
    /// <summary>A parameter that takes over the tensor, which becomes invalid.</summary>
    public static Parameter AsParameter(this torch.Tensor tensor) => new(tensor);

    /// <summary>Writes type, size and elements in TorchSharp's format.</summary>
    public static void Save(this torch.Tensor tensor, BinaryWriter writer)
    {
        TensorFormat.WriteNumber(writer, (long)tensor.dtype);
        long[] shape = tensor.shape;
        TensorFormat.WriteNumber(writer, shape.Length);
        foreach (long size in shape) TensorFormat.WriteNumber(writer, size);
        using torch.Tensor local = torch.WrappedTensorDisposeScope(() => tensor.detach().cpu().contiguous());
        writer.Flush();
        writer.BaseStream.Write(local.bytes);
    }

    /// <summary>Reads elements in TorchSharp's format into a tensor of the same type and size.</summary>
    /// <exception cref="ArgumentException">Type or size differ.</exception>
    public static void Load(this torch.Tensor tensor, BinaryReader reader, bool skip = false)
    {
        if (skip)
        {
            TensorFormat.Skip(reader);
            return;
        }
        (torch.ScalarType type, long[] shape) = TensorFormat.ReadHeader(reader);
        if (type != tensor.dtype) throw new ArgumentException($"Mismatched types: the file holds {type}, the tensor {tensor.dtype}.");
        if (!shape.AsSpan().SequenceEqual(tensor.shape))
            throw new ArgumentException($"Mismatched sizes: {string.Join('x', shape)} in the file, {string.Join('x', tensor.shape)} here.");
        TensorFormat.ReadData(reader, tensor);
    }

    /// <summary>Reads a tensor in TorchSharp's format.</summary>
    public static torch.Tensor Load(BinaryReader reader)
    {
        (torch.ScalarType type, long[] shape) = TensorFormat.ReadHeader(reader);
        torch.Tensor result = torch.empty(shape, type);
        TensorFormat.ReadData(reader, result);
        return result;
    }
}

public static partial class torch
{
    /// <summary>Writes a tensor to a file in TorchSharp's format.</summary>
    public static void save(Tensor t, string location)
    {
        using FileStream stream = File.Create(location);
        using var writer = new BinaryWriter(stream);
        t.Save(writer);
    }

    /// <summary>Reads a tensor from a file in TorchSharp's format.</summary>
    public static Tensor load(string location)
    {
        using FileStream stream = File.OpenRead(location);
        using var reader = new BinaryReader(stream);
        return TensorExtensionMethods.Load(reader);
    }
}
