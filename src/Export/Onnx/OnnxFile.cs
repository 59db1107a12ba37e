using EdgeVit.Export.Onnx.Wire;
using EdgeVit.Runtime;
using Google.Protobuf;

namespace EdgeVit.Export.Onnx;

/// <summary>What an ONNX file says about itself, read without ONNX Runtime and without its constants: so that what is wrong with it can be said in
/// words, and what computes an output can be seen.</summary>
internal sealed class OnnxFile
{
    /// <summary>Operators that leave the values of an output what they are.</summary>
    private static readonly HashSet<string> s_passing = new(StringComparer.Ordinal)
    {
        "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast", "Transpose", "Dropout", "DequantizeLinear", "QuantizeLinear",
    };

    /// <summary>Operators that are the last layer of a classifier.</summary>
    private static readonly HashSet<string> s_products = new(StringComparer.Ordinal)
    {
        "Gemm", "MatMul", "Conv", "FusedMatMul", "QLinearMatMul", "QLinearConv", "QGemm", "MatMulInteger", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "MatMulNBits",
    };

    /// <summary>Operators that may follow it.</summary>
    private static readonly HashSet<string> s_afterProducts = new(StringComparer.Ordinal) { "Add", "Sub", "Mul", "Div", "Softmax", "LogSoftmax", "Sigmoid", "QLinearSoftmax", "QLinearAdd" };

    private readonly ModelOutline _model;
    private readonly Dictionary<string, NodeOutline> _writers = new(StringComparer.Ordinal);

    private OnnxFile(string name, ModelOutline model)
    {
        (Name, _model) = (name, model);
        foreach (NodeOutline node in model.Graph.Node)
        {
            foreach (string output in node.Output)
            {
                _writers.TryAdd(output, node);
            }
        }
    }

    /// <summary>How messages name it.</summary>
    public string Name { get; }

    public long IrVersion => _model.IrVersion;

    /// <summary>The version of the standard operators that it was written for; 0 where it does not say.</summary>
    public long Opset => _model.OpsetImport.FirstOrDefault(o => o.Domain is "" or "ai.onnx")?.Version ?? 0;

    /// <summary>The newest version of the operators of a domain that it asks for; null where it names none.</summary>
    public long? OpsetOf(string domain) => _model.OpsetImport.Where(o => o.Domain == domain).Max(o => (long?)o.Version);

    /// <summary>Who wrote it, as it says; may be empty.</summary>
    public string Producer => _model.ProducerName;

    public int Nodes => _model.Graph.Node.Count;

    /// <summary>Reads a file and looks whether the files with its constants are there.</summary>
    /// <exception cref="OnnxModelException">There is no such file, it is none, is cut off, or lacks files beside it.</exception>
    public static OnnxFile Read(string path)
    {
        if (Directory.Exists(path))
        {
            throw new OnnxModelException($"{path}: is a folder; name the .onnx file in it.");
        }

        try
        {
            using FileStream stream = File.OpenRead(path);
            OnnxFile file = Parse(path, stream);
            file.RequireConstants(Path.GetDirectoryName(Path.GetFullPath(path))!);
            file.RequireSizes();
            return file;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new OnnxModelException($"{path}: no such file.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OnnxModelException($"{path}: can't be read: {FileFault.Of(e, path)}.", e);
        }
    }

    /// <summary>Reads a model from a stream that can seek.</summary>
    /// <exception cref="OnnxModelException">It is none, or cut off.</exception>
    public static OnnxFile Parse(string name, Stream stream)
    {
        var head = new byte[FileHead.Bytes];
        int read = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        if (OnnxHead.Describe(head.AsSpan(0, read)) is { } other)
        {
            throw new OnnxModelException($"{name}: {other}");
        }

        stream.Position = 0;
        try
        {
            ModelOutline model = ModelOutline.Parser.WithDiscardUnknownFields(true).ParseFrom(CodedInputStream.CreateWithLimits(stream, int.MaxValue, 200));
            return model.Graph is { Node.Count: > 0 } && model.IrVersion > 0 ? new OnnxFile(name, model)
                : throw new OnnxModelException($"{name}: is no ONNX model: it has no graph with operators. Name an .onnx file that a framework exported.");
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new OnnxModelException(
                head[0] == 8 && read > 16
                    ? $"{name}: is cut off or damaged: its parts do not end where its {stream.Length:N0} bytes do. Copy or download it again."
                    : $"{name}: is no ONNX model: it begins with {Convert.ToHexString(head, 0, Math.Min(8, read))}. Name an .onnx file that a framework exported.",
                e);
        }
    }

    /// <summary>The operator that computes a value, reshaping and the like left aside; empty where the file has none.</summary>
    public string Ending(string value)
    {
        for (int steps = 0; steps < _model.Graph.Node.Count && _writers.TryGetValue(value, out NodeOutline? node); steps++)
        {
            if (!s_passing.Contains(node.OpType) || node.Input.Count == 0)
            {
                return node.OpType;
            }

            value = node.Input[0];
        }
        return "";
    }

    /// <summary>Whether an operator computes a value.</summary>
    public bool Computes(string value) => _writers.ContainsKey(value);

    /// <summary>What goes into the last layer before an output: the data input of its matrix product or convolution, which only biases, scales, softmaxes and reshaping
    /// follow; null where that is not how the output is computed, or where the image itself goes in.</summary>
    public string? BeforeLastLayer(string output)
    {
        HashSet<string> constants = [.. _model.Graph.Initializer.Select(static i => i.Name), .. _model.Graph.Node.Where(static n => n.OpType == "Constant").SelectMany(static n => n.Output)];
        string value = output;
        for (int steps = 0; steps < _model.Graph.Node.Count && _writers.TryGetValue(value, out NodeOutline? node) && node.Input.Count > 0; steps++)
        {
            string data = node.Input.FirstOrDefault(i => !constants.Contains(i)) ?? node.Input[0];
            if (s_products.Contains(node.OpType))
            {
                return Ending(data).Length > 0 ? data : null;
            }

            if (!s_passing.Contains(node.OpType) && !s_afterProducts.Contains(node.OpType))
            {
                return null;
            }

            value = data;
        }
        return null;
    }

    /// <summary>The operator type of a node, and the name that a message can call it by; null where the file has no such node.</summary>
    public string? TypeOf(string node) => _model.Graph.Node.FirstOrDefault(n => n.Name == node)?.OpType;

    /// <summary>The domains of operators that are not standard.</summary>
    public IReadOnlyList<string> ForeignDomains =>
        [.. _model.Graph.Node.Select(n => n.Domain).Where(d => d is not ("" or "ai.onnx" or "ai.onnx.ml" or "com.microsoft")).Distinct(StringComparer.Ordinal)];

    /// <summary>ONNX Runtime's interface gives sizes in 32 bits, and larger ones as others.</summary>
    private void RequireSizes()
    {
        foreach (ValueInfoProto value in _model.Graph.Input.Concat(_model.Graph.Output))
        {
            if (value.Type?.TensorType?.Shape?.Dim.FirstOrDefault(d => d.DimValue is < 0 or > int.MaxValue) is { } size)
            {
                throw new OnnxModelException($"{Name}: its {(_model.Graph.Input.Contains(value) ? "input" : "output")} '{value.Name}' has a size of {size.DimValue}, and what is computed here has at most {int.MaxValue}. Export it with a free size there (in PyTorch: dynamic_axes), or for one image.")
                { IsUsage = true };
            }
        }
    }

    private void RequireConstants(string folder)
    {
        IEnumerable<TensorOutline> tensors = _model.Graph.Initializer.Concat(_model.Graph.Node.SelectMany(n => n.Attribute).Select(a => a.T).Where(t => t is not null));
        foreach (TensorOutline tensor in tensors.Where(t => t.DataLocation == OnnxConstantFile.ExternalLocation))
        {
            OnnxConstantFile.Require(Name, folder, tensor);
        }
    }
}
