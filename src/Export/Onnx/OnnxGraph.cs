using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeVit.Export.Onnx.Wire;
using Google.Protobuf;

namespace EdgeVit.Export.Onnx;

/// <summary>Builds an ONNX graph node by node. Every method that makes a value returns its name, which is what later nodes take as input; values
/// without a name of their own are called after their operator.</summary>
internal sealed class OnnxGraph(string name, int opset = OnnxGraph.DefaultOpset)
{
    /// <summary>Who wrote a file, as it says.</summary>
    internal const string Producer = "EdgeVit";

    /// <summary>The operator set where none is named: 17 brought LayerNormalization; every ONNX Runtime since 1.12 has it.</summary>
    public const int DefaultOpset = 17;

    /// <summary>The name of the first size of inputs and outputs where it is free: one name, so that a tool knows that they have the same.</summary>
    internal const string BatchName = "batch";

    /// <summary>The operator sets that can be written.</summary>
    public const int LeastOpset = 13, MostOpset = 23;

    private readonly GraphProto _graph = new() { Name = name };
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _domains = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _counters = new(StringComparer.Ordinal);

    public int Opset => opset;

    // The version that came with the operator set.
    private int IrVersion => opset switch
    {
        < 15 => 7,
        < 19 => 8,
        < 21 => 9,
        < 23 => 10,
        _ => 11,
    };

    /// <summary>Makes a runtime's own operators available, as <c>domain.Operator</c>; a domain is <c>com.microsoft</c>, for example.</summary>
    public void Import(string domain, int version) => _domains[domain] = version;

    /// <summary>Declares an input of the graph; a size of -1 is free.</summary>
    public string Input(string input, OnnxType type, params IReadOnlyList<long> shape)
    {
        _graph.Input.Add(Describe(Fresh(input), type, shape));
        return input;
    }

    /// <summary>Declares a value that a node has written as an output of the graph; a size of -1 is free.</summary>
    public void Output(string value, OnnxType type, params IReadOnlyList<long> shape)
    {
        Known(value);
        _graph.Output.Add(Describe(value, type, shape));
    }

    /// <summary>A constant of floats, doubles, bytes, signed bytes, ints or longs, row-major; without sizes it is a scalar.</summary>
    /// <exception cref="ArgumentException">Another type, or elements and shape do not agree.</exception>
    public string Constant<T>(string constant, ReadOnlySpan<T> values, params IReadOnlyList<long> shape) where T : unmanaged
    {
        long elements = shape.Aggregate(1L, (product, size) => product * size);
        if (elements != values.Length)
        {
            throw new ArgumentException($"constant '{constant}' has {values.Length} elements, expected {elements} for [{string.Join(", ", shape)}]", nameof(values));
        }

        OnnxType type = TypeOf<T>() ?? throw new ArgumentException($"constant '{constant}': ONNX graphs here hold no {typeof(T).Name}", nameof(values));
        var tensor = new TensorProto { Name = Fresh(constant), DataType = (int)type, RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values)) };
        tensor.Dims.Add(shape);
        _graph.Initializer.Add(tensor);
        return constant;
    }

    public string Scalar<T>(string constant, T value) where T : unmanaged => Constant(constant, new ReadOnlySpan<T>(ref value));

    /// <summary>A node with one output. The operator is one of the standard, or <c>domain.Operator</c>; an empty name leaves an optional input
    /// out.</summary>
    public string Node(string op, IReadOnlyList<string> inputs, params IReadOnlyList<(string Name, OnnxAttribute Value)> attributes) =>
        Named(op, Unnamed(op), inputs, attributes);

    /// <summary>A node whose one output has a given name, which is the node's too.</summary>
    public string Named(string op, string output, IReadOnlyList<string> inputs, params IReadOnlyList<(string Name, OnnxAttribute Value)> attributes) =>
        Nodes(op, [output], inputs, attributes)[0];

    /// <summary>A node with several outputs, as <see cref="Node"/>; the first one names the node.</summary>
    /// <exception cref="ArgumentException">An input that nothing has written, or an output that exists.</exception>
    public IReadOnlyList<string> Nodes(
        string op, IReadOnlyList<string> outputs, IReadOnlyList<string> inputs, params IReadOnlyList<(string Name, OnnxAttribute Value)> attributes)
    {
        foreach (string input in inputs)
        {
            if (input.Length > 0)
            {
                Known(input);
            }
        }
        int dot = op.LastIndexOf('.');
        string domain = dot < 0 ? "" : op[..dot];
        if (dot >= 0 && !_domains.ContainsKey(domain))
        {
            throw new ArgumentException($"operator '{op}' is of a domain that is not imported", nameof(op));
        }

        var node = new NodeProto { OpType = op[(dot + 1)..], Domain = domain, Name = outputs[0] };
        node.Input.Add(inputs);
        node.Output.Add(outputs.Select(output => Fresh(output)));
        node.Attribute.Add(attributes.Select(a => a.Value.ToProto(a.Name)));
        _graph.Node.Add(node);
        return outputs;
    }

    /// <summary>The file's bytes, with a description and metadata.</summary>
    public byte[] ToBytes(string? description = null, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var model = new ModelProto { IrVersion = IrVersion, ProducerName = Producer, DocString = description ?? "", Graph = _graph };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = opset });
        model.OpsetImport.Add(_domains.Select(d => new OperatorSetIdProto { Domain = d.Key, Version = d.Value }));
        foreach ((string key, string value) in metadata ?? new Dictionary<string, string>())
        {
            model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        }

        return model.ToByteArray();
    }

    private static OnnxType? TypeOf<T>() => default(T) switch
    {
        float => OnnxType.Float,
        double => OnnxType.Double,
        byte => OnnxType.UInt8,
        sbyte => OnnxType.Int8,
        int => OnnxType.Int32,
        long => OnnxType.Int64,
        bool => OnnxType.Bool,
        _ => null,
    };

    private static ValueInfoProto Describe(string value, OnnxType type, IReadOnlyList<long> sizes)
    {
        var shape = new TensorShapeProto();
        for (int i = 0; i < sizes.Count; i++)
        {
            shape.Dim.Add(sizes[i] < 0
                ? new TensorShapeProto.Types.Dimension { DimParam = i == 0 ? BatchName : $"{value}_{i}" }
                : new TensorShapeProto.Types.Dimension { DimValue = sizes[i] });
        }
        return new ValueInfoProto { Name = value, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape } } };
    }

    private string Unnamed(string op)
    {
        ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(_counters, op, out _);
        return $"{op}_{count++}";
    }

    private string Fresh(string value, [CallerArgumentExpression(nameof(value))] string argument = "") =>
        value.Length > 0 && _names.Add(value) ? value : throw new ArgumentException($"a value '{value}' exists already, or its name is empty", argument);

    private void Known(string value)
    {
        if (!_names.Contains(value))
        {
            throw new ArgumentException($"no input, constant or earlier node is called '{value}'", nameof(value));
        }
    }
}
