using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace EdgeVit.Export.Onnx;

/// <summary>An input or output of a model in ONNX Runtime. <c>Shape</c> has -1 for a size that is free, and is empty where the file says nothing; <c>
/// Element</c> is undefined for what is no tensor.</summary>
internal sealed record OnnxValue(string Name, TensorElementType Element, IReadOnlyList<int> Shape, string Kind)
{
    /// <summary>Whether it is a tensor of numbers that can be read as floats.</summary>
    public bool IsNumbers => OnnxElements.Known(Element);

    public override string ToString() => IsNumbers || Element != TensorElementType.DataTypeMax ? $"'{Name}' {Kind} [{Sizes(Shape)}]" : $"'{Name}' ({Kind})";

    internal static OnnxValue Of(string name, NodeMetadata metadata) => metadata.OnnxValueType switch
    {
        OnnxValueType.ONNX_TYPE_TENSOR => new OnnxValue(name, metadata.ElementDataType, metadata.Dimensions, OnnxElements.Name(metadata.ElementDataType)),
        OnnxValueType.ONNX_TYPE_SEQUENCE => new OnnxValue(name, TensorElementType.DataTypeMax, [], "a sequence, not a tensor"),
        OnnxValueType.ONNX_TYPE_MAP => new OnnxValue(name, TensorElementType.DataTypeMax, [], "a map, not a tensor"),
        _ => new OnnxValue(name, TensorElementType.DataTypeMax, [], "no tensor"),
    };

    /// <summary>Sizes with <c>n</c> for free ones.</summary>
    internal static string Sizes(IEnumerable<int> shape) => string.Join(", ", shape.Select(v => v < 0 ? "n" : v.ToString(System.Globalization.CultureInfo.InvariantCulture)));
}
