using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>Element types that a safetensors file can hold.</summary>
internal enum SafetensorsType
{
    F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, Bool,
}

/// <summary>One tensor of a safetensors file: sizes outermost first, elements little-endian, row-major.</summary>
internal sealed record SafetensorsTensor(string Name, SafetensorsType Type, IReadOnlyList<int> Shape, ReadOnlyMemory<byte> Bytes)
{
    public int Count => Bytes.Length / SafetensorsTypes.Size(Type);

    /// <summary>The elements as floats: 16-bit types widened exactly, others converted to the nearest float.</summary>
    public float[] ToFloats()
    {
        var result = new float[Count];
        SafetensorsTypes.ToFloats(Type, Bytes.Span, result);
        return result;
    }
}

/// <summary>Names, sizes and values of the element types.</summary>
internal static class SafetensorsTypes
{
    private static readonly string[] s_names = ["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"];

    /// <summary>The type that a file calls <paramref name="dtype"/>, or null where there is none.</summary>
    public static SafetensorsType? Parse(string dtype) => Array.IndexOf(s_names, dtype) is var index and >= 0 ? (SafetensorsType)index : null;

    public static string Name(SafetensorsType type) => s_names[(int)type];

    /// <summary>Bytes of one element.</summary>
    public static int Size(SafetensorsType type) => type switch
    {
        SafetensorsType.F64 or SafetensorsType.I64 or SafetensorsType.U64 => 8,
        SafetensorsType.F32 or SafetensorsType.I32 or SafetensorsType.U32 => 4,
        SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.I16 or SafetensorsType.U16 => 2,
        _ => 1,
    };

    /// <summary>Elements as floats: 16-bit types widened exactly, others converted to the nearest float.</summary>
    public static void ToFloats(SafetensorsType type, ReadOnlySpan<byte> bytes, Span<float> floats)
    {
        if (type == SafetensorsType.F16)
        {
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(bytes), floats);
            return;
        }

        int size = Size(type);
        for (int i = 0; i < floats.Length; i++)
        {
            ReadOnlySpan<byte> at = bytes.Slice(i * size, size);
            floats[i] = type switch
            {
                SafetensorsType.F64 => (float)BinaryPrimitives.ReadDoubleLittleEndian(at),
                SafetensorsType.F32 => BinaryPrimitives.ReadSingleLittleEndian(at),
                SafetensorsType.BF16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(at) << 16),
                SafetensorsType.I64 => BinaryPrimitives.ReadInt64LittleEndian(at),
                SafetensorsType.I32 => BinaryPrimitives.ReadInt32LittleEndian(at),
                SafetensorsType.I16 => BinaryPrimitives.ReadInt16LittleEndian(at),
                SafetensorsType.I8 => (sbyte)at[0],
                SafetensorsType.U64 => BinaryPrimitives.ReadUInt64LittleEndian(at),
                SafetensorsType.U32 => BinaryPrimitives.ReadUInt32LittleEndian(at),
                SafetensorsType.U16 => BinaryPrimitives.ReadUInt16LittleEndian(at),
                _ => at[0],
            };
        }
    }
}
