using EdgeVit.Export.Onnx.Wire;
using Google.Protobuf;

namespace EdgeVit.Export.Onnx;

/// <summary>The value of a node's attribute: an integer, a float, a text, or a list of integers or floats. Made by conversion, so that a
/// call reads <c>("axis", 1)</c>.</summary>
internal readonly struct OnnxAttribute
{
    private readonly object? _value;

    private OnnxAttribute(object value) => _value = value;

    public static implicit operator OnnxAttribute(long value) => new(value);

    public static implicit operator OnnxAttribute(float value) => new(value);

    public static implicit operator OnnxAttribute(string value) => new(value);

    public static implicit operator OnnxAttribute(long[] values) => new(values);

    public static implicit operator OnnxAttribute(float[] values) => new(values);

    internal AttributeProto ToProto(string name)
    {
        var proto = new AttributeProto { Name = name };
        switch (_value)
        {
            case long integer:
                (proto.Type, proto.I) = (AttributeProto.Types.AttributeType.Int, integer);
                break;
            case float number:
                (proto.Type, proto.F) = (AttributeProto.Types.AttributeType.Float, number);
                break;
            case string text:
                (proto.Type, proto.S) = (AttributeProto.Types.AttributeType.String, ByteString.CopyFromUtf8(text));
                break;
            case long[] integers:
                proto.Type = AttributeProto.Types.AttributeType.Ints;
                proto.Ints.Add(integers);
                break;
            case float[] numbers:
                proto.Type = AttributeProto.Types.AttributeType.Floats;
                proto.Floats.Add(numbers);
                break;
            default:
                throw new InvalidOperationException($"attribute '{name}' has no value");
        }
        return proto;
    }
}
