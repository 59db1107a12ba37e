using EdgeVit.Runtime;

namespace EdgeVit.Export.Onnx;

/// <summary>A node on its way to ONNX: its values' names and shapes, its tensors as constants, and the operators written for it.</summary>
internal sealed class OnnxNode(OnnxExport export, GraphNode node)
{
    internal GraphNode Source => node;

    internal string X => export.Value(node.Inputs[0]);

    internal ValueShape From => Shape(0);

    internal ValueShape To => export.File.Shapes[node.Output];

    internal int this[string attribute] => node.Attributes[attribute];

    internal bool Has(string role) => node.Tensors.ContainsKey(role);

    internal string Input(int index) => export.Value(node.Inputs[index]);

    internal ValueShape Shape(int input) => export.File.Shapes[node.Inputs[input]];

    internal string Node(string op, IReadOnlyList<string> inputs, params IReadOnlyList<(string Name, OnnxAttribute Value)> attributes) =>
        export.Graph.Node(op, inputs, attributes);

    /// <summary>Writes an operator whose output is a value of the node: its own, or one with a suffix of its name.</summary>
    internal string Named(string op, string suffix, IReadOnlyList<string> inputs, params IReadOnlyList<(string Name, OnnxAttribute Value)> attributes) =>
        export.Graph.Named(op, $"{node.Name}.{suffix}", inputs, attributes);

    internal void Output(string op, IReadOnlyList<string> inputs, params IReadOnlyList<(string Name, OnnxAttribute Value)> attributes) =>
        export.Graph.Named(op, export.Value(node.Output), inputs, attributes);

    internal StoredTensor Tensor(string role) => export.File.Tensors[node.Tensors[role]];

    internal float[] Floats(string role) => TensorData.Floats(Tensor(role));

    /// <summary>A tensor as a constant of its own shape.</summary>
    internal string Vector(string role) => Constant(role, Tensor(role).Shape[0]);

    internal string Constant(string role, params long[] shape) => Constant(role, Floats(role), shape);

    internal string Constant<T>(string name, T[] values, params long[] shape)
        where T : unmanaged => export.Graph.Constant($"{node.Name}.{name}", values, shape);

    /// <summary>Constants that nodes share.</summary>
    internal string Scalar(string name, float value) => Once($"constant.{name}", n => export.Graph.Scalar(n, value));

    internal string Shared<T>(string name, T[] values, params long[] shape)
        where T : unmanaged => Once(name, n => export.Graph.Constant<T>(n, values, shape));

    internal int Opset => export.Graph.Opset;

    /// <summary>The mean over an axis of a value.</summary>
    internal string Mean(string value, int axis, bool keep) => Opset < 18
        ? Node("ReduceMean", [value], ("axes", (long[])[axis]), ("keepdims", keep ? 1 : 0))
        : Node("ReduceMean", [value, Sizes(axis)], ("keepdims", keep ? 1 : 0));

    internal string Sizes(params long[] sizes) => export.Sizes(sizes);

    /// <summary>A grid <c>[n, C, H, W]</c> as tokens <c>[n, N, C]</c>: the node's output.</summary>
    internal void OutputTokens(string grid) => Output("Transpose", [Node("Reshape", [grid, Sizes(-1, To.Channels, To.Tokens)])], ("perm", (long[])[0, 2, 1]));

    /// <summary>The first input as a grid <c>[n, C, H, W]</c>.</summary>
    internal string Grid() => From.Kind == ValueKind.Image ? X
        : Node("Reshape", [Node("Transpose", [X], ("perm", (long[])[0, 2, 1])), Sizes(-1, From.Channels, From.Height, From.Width)]);

    private string Once(string name, Func<string, string> make) => export.Once(name, make);
}
