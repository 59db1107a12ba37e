using System.Numerics;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace EdgeVit.Export.Onnx;

/// <summary>Tensors of any numbers, from floats and back.</summary>
internal static class OnnxElements
{
    /// <summary>Whether tensors of a type are numbers that are read and written here.</summary>
    internal static bool Known(TensorElementType type) => type is TensorElementType.Float or TensorElementType.Double or TensorElementType.Float16
        or TensorElementType.BFloat16 || IsInteger(type);

    internal static bool IsInteger(TensorElementType type) => type is TensorElementType.UInt8 or TensorElementType.Int8 or TensorElementType.UInt16
        or TensorElementType.Int16 or TensorElementType.UInt32 or TensorElementType.Int32 or TensorElementType.UInt64 or TensorElementType.Int64;

    /// <summary>Whether a pixel of 0 to 255 fits.</summary>
    internal static bool HoldsPixels(TensorElementType type) => IsInteger(type) && type != TensorElementType.Int8;

    /// <summary>Bytes of an element; null for what is no number.</summary>
    internal static int? Bytes(TensorElementType type) => type switch
    {
        TensorElementType.UInt8 or TensorElementType.Int8 => 1,
        TensorElementType.Float16 or TensorElementType.BFloat16 or TensorElementType.UInt16 or TensorElementType.Int16 => 2,
        TensorElementType.Float or TensorElementType.UInt32 or TensorElementType.Int32 => 4,
        TensorElementType.Double or TensorElementType.UInt64 or TensorElementType.Int64 => 8,
        _ => null,
    };

    internal static string Name(TensorElementType type) => type switch
    {
        TensorElementType.Float => "float32",
        TensorElementType.Double => "float64",
        _ => type.ToString().ToLowerInvariant(),
    };

    /// <summary>A tensor of a type with these values, integers rounded to the nearest that the type has.</summary>
    internal static OrtValue Write(TensorElementType type, float[] values, long[] shape) => type switch
    {
        TensorElementType.Float => OrtValue.CreateTensorValueFromMemory(values, shape),
        TensorElementType.Float16 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, v => new Float16(BitConverter.HalfToUInt16Bits((Half)v))), shape),
        TensorElementType.BFloat16 => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, v => (Microsoft.ML.OnnxRuntime.BFloat16)v), shape),
        TensorElementType.Double => OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(values, v => (double)v), shape),
        TensorElementType.UInt8 => OrtValue.CreateTensorValueFromMemory(Rounded<byte>(values), shape),
        TensorElementType.Int8 => OrtValue.CreateTensorValueFromMemory(Rounded<sbyte>(values), shape),
        TensorElementType.UInt16 => OrtValue.CreateTensorValueFromMemory(Rounded<ushort>(values), shape),
        TensorElementType.Int16 => OrtValue.CreateTensorValueFromMemory(Rounded<short>(values), shape),
        TensorElementType.UInt32 => OrtValue.CreateTensorValueFromMemory(Rounded<uint>(values), shape),
        TensorElementType.Int32 => OrtValue.CreateTensorValueFromMemory(Rounded<int>(values), shape),
        TensorElementType.UInt64 => OrtValue.CreateTensorValueFromMemory(Rounded<ulong>(values), shape),
        TensorElementType.Int64 => OrtValue.CreateTensorValueFromMemory(Rounded<long>(values), shape),
        _ => throw new ArgumentException($"no numbers: {type}", nameof(type)),
    };

    /// <summary>A tensor's elements as floats.</summary>
    internal static float[] Read(OrtValue value) => value.GetTensorTypeAndShape().ElementDataType switch
    {
        TensorElementType.Float => value.GetTensorDataAsSpan<float>().ToArray(),
        TensorElementType.Float16 => Read<Float16>(value, v => (float)BitConverter.UInt16BitsToHalf(v.value)),
        TensorElementType.BFloat16 => Read<Microsoft.ML.OnnxRuntime.BFloat16>(value, v => (float)v),
        TensorElementType.Double => Read<double>(value, v => (float)v),
        TensorElementType.UInt8 => Read<byte>(value, v => v),
        TensorElementType.Int8 => Read<sbyte>(value, v => v),
        TensorElementType.UInt16 => Read<ushort>(value, v => v),
        TensorElementType.Int16 => Read<short>(value, v => v),
        TensorElementType.UInt32 => Read<uint>(value, v => v),
        TensorElementType.Int32 => Read<int>(value, v => v),
        TensorElementType.UInt64 => Read<ulong>(value, v => v),
        TensorElementType.Int64 => Read<long>(value, v => v),
        var type => throw new ArgumentException($"no numbers: {type}", nameof(value)),
    };

    private static T[] Rounded<T>(float[] values) where T : INumber<T> => Array.ConvertAll(values, v => T.CreateSaturating(MathF.Round(v)));

    private static float[] Read<T>(OrtValue value, Converter<T, float> convert) where T : unmanaged => Array.ConvertAll(value.GetTensorDataAsSpan<T>().ToArray(), convert);
}
