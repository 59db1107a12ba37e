using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>Stored tensors as numbers, and numbers as stored tensors: the one place that knows how elements lie in a file.</summary>
internal static class TensorData
{
    /// <summary>The floats of an F32 or F16 tensor; 16-bit ones are widened exactly.</summary>
    /// <exception cref="ArgumentException">The tensor has another type.</exception>
    public static float[] Floats(StoredTensor tensor)
    {
        return tensor.Type switch
        {
            StoredType.F32 => MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span).ToArray(),
            StoredType.F16 => Widen(MemoryMarshal.Cast<byte, Half>(tensor.Bytes.Span)),
            _ => throw new ArgumentException($"tensor '{tensor.Name}' is {tensor.Type}, expected floats", nameof(tensor)),
        };
    }

    /// <summary>The words of a U64 tensor.</summary>
    /// <exception cref="ArgumentException">The tensor has another type.</exception>
    public static ulong[] Words(StoredTensor tensor)
    {
        return tensor.Type == StoredType.U64
            ? MemoryMarshal.Cast<byte, ulong>(tensor.Bytes.Span).ToArray()
            : throw new ArgumentException($"tensor '{tensor.Name}' is {tensor.Type}, expected U64", nameof(tensor));
    }

    /// <summary>The integers of an I64 tensor.</summary>
    /// <exception cref="ArgumentException">The tensor has another type.</exception>
    public static long[] Integers(StoredTensor tensor)
    {
        return tensor.Type == StoredType.I64
            ? MemoryMarshal.Cast<byte, long>(tensor.Bytes.Span).ToArray()
            : throw new ArgumentException($"tensor '{tensor.Name}' is {tensor.Type}, expected I64", nameof(tensor));
    }

    /// <summary>The integers of an I8 tensor.</summary>
    /// <exception cref="ArgumentException">The tensor has another type.</exception>
    public static sbyte[] SmallIntegers(StoredTensor tensor)
    {
        return tensor.Type == StoredType.I8
            ? MemoryMarshal.Cast<byte, sbyte>(tensor.Bytes.Span).ToArray()
            : throw new ArgumentException($"tensor '{tensor.Name}' is {tensor.Type}, expected I8", nameof(tensor));
    }

    public static StoredTensor Of(string name, ReadOnlySpan<float> values, params int[] shape) => new(name, StoredType.F32, shape, MemoryMarshal.AsBytes(values).ToArray());

    public static StoredTensor Of(string name, ReadOnlySpan<ulong> values, params int[] shape) => new(name, StoredType.U64, shape, MemoryMarshal.AsBytes(values).ToArray());

    public static StoredTensor Of(string name, ReadOnlySpan<long> values, params int[] shape) => new(name, StoredType.I64, shape, MemoryMarshal.AsBytes(values).ToArray());

    public static StoredTensor Of(string name, ReadOnlySpan<sbyte> values, params int[] shape) => new(name, StoredType.I8, shape, MemoryMarshal.AsBytes(values).ToArray());

    private static float[] Widen(ReadOnlySpan<Half> halves)
    {
        var result = new float[halves.Length];
        TensorPrimitives.ConvertToSingle(halves, result);
        return result;
    }
}
