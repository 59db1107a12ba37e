using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Rewrites a lowered network for running: moves every constant to where it costs nothing. Batch norms and the products' scales are folded
/// when it is lowered; what is left are constants between nodes. A value may differ from the lowered graph's by a constant for each channel, which
/// its readers take into parameters of their own:
/// <list type="bullet">
/// <item>the shift of an RPReLU goes into the offset of a product that is summed up before it, its offset into whatever reads it, so that
/// only the slope is left;</item>
/// <item>the scales of summands (LayerScale) go into the sum, a <see cref="Op.ScaledSum"/> of fused multiply-adds; their offsets travel on
/// along the residual to the next norm, and the divisor of a pool goes into its scale;</item>
/// <item>binary products count differing bits d instead of computing K - 2d: the factor goes into the scale, K into the offset.</item>
/// </list>
/// Constants are added up in double precision, in the order of the graph, and rounded to float once. The result is stored, proven and
/// run.</summary>
internal sealed class GraphFolding
{
    private readonly ModelGraph _graph;
    private readonly IReadOnlyDictionary<string, StoredTensor> _tensors;
    private readonly IReadOnlyDictionary<string, ValueShape> _shapes;
    private readonly ValueReaders _readers;
    private readonly Dictionary<string, double[]> _constants = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FoldedNode> _nodes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _shifted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FoldedValue> _values = new(StringComparer.Ordinal);

    private GraphFolding(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors, IReadOnlyDictionary<string, ValueShape> shapes)
    {
        _graph = graph;
        _tensors = tensors;
        _shapes = shapes;
        _readers = new ValueReaders(graph);
    }

    /// <summary>The model with its constants moved, as version 3 stored it.</summary>
    /// <exception cref="ArgumentException">It is folded already.</exception>
    /// <exception cref="EvitFormatException">Its graph is not valid.</exception>
    internal static FoldedModel Fold(LoweredModel model)
    {
        if (model.Graph.Nodes.FirstOrDefault(IsFolded) is { } folded)
        {
            throw new ArgumentException($"node '{folded.Name}' ({folded.Op}) has a form that folding makes, expected a lowered network, which is folded once", nameof(model));
        }

        var folding = new GraphFolding(model.Graph, model.Tensors, GraphValidator.Validate(model.Graph, model.Tensors));
        foreach (GraphNode node in model.Graph.Nodes)
        {
            folding.Visit(node);
        }

        return folding.Build();
    }

    /// <summary>Whether a node has a form that only folding makes.</summary>
    internal static bool IsFolded(GraphNode node) => node.Op == Op.ScaledSum
        || (node.Op == Op.RPReLU && !node.Tensors.ContainsKey("shift"))
        || node.Attributes.ContainsKey(OpAttributes.Counts) || node.Attributes.ContainsKey(OpAttributes.Sum) || node.Attributes.ContainsKey(OpAttributes.Joined);

    private void Visit(GraphNode node)
    {
        var folded = new FoldedNode(node, _shapes[node.Output].Channels, _tensors);
        _nodes[node.Output] = folded;
        double[]? constant = Constant(node.Inputs[0]);
        switch (node.Op)
        {
            case Op.ShiftSign:
                folded.AddTo("shift", constant, 1);
                break;
            case Op.Affine when constant is not null:
                folded.AddTo("offset", ChannelConstants.Times(constant, folded.Parameter("scale")), 1);
                break;
            case Op.BinaryLinear or Op.BinaryConv:
                Count(folded);
                break;
            case Op.Linear when constant is not null:
                folded.AddTo("bias", Product(node, constant), 1);
                break;
            case Op.Add:
                Add(folded);
                break;
            case Op.RPReLU:
                RPReLU(folded, constant);
                break;
            case Op.GroupMeanChannels when constant is not null:
                _constants[node.Output] = ChannelConstants.GroupMeans(constant, node.Attributes["factor"]);
                break;
            case Op.TileChannels when constant is not null:
                _constants[node.Output] = ChannelConstants.Tiled(constant, node.Attributes["factor"]);
                break;
            case Op.AvgPool2d or Op.Upsample or Op.MeanTokens or Op.SliceTokens or Op.Position when constant is not null:
                _constants[node.Output] = constant;
                break;
        }
    }

    /// <summary>K - 2d of d differing bits: scale * (K - 2d) + offset = (-2 * scale) * d + (offset + K * scale).</summary>
    private void Count(FoldedNode folded)
    {
        GraphNode node = folded.Node;
        int inputs = ConvWindow.Of(node).Taps * _shapes[node.Inputs[0]].Channels;
        double[] scale = folded.Edit("scale");
        double[] offset = folded.Edit("offset");
        for (int c = 0; c < scale.Length; c++)
        {
            offset[c] += inputs * scale[c];
            scale[c] *= -2;
        }

        folded.Mark(OpAttributes.Counts);
    }

    private void Add(FoldedNode folded)
    {
        GraphNode node = folded.Node;
        double[]? total = null;
        for (int i = 0; i < node.Inputs.Count; i++)
        {
            string input = node.Inputs[i];
            if (i > 0 && _readers.AllAbsorb(node.Output) && _nodes.TryGetValue(input, out FoldedNode? scaled) && scaled.Node.Op == Op.Affine && _readers.Only(input) is not null)
            {
                ChannelConstants.Accumulate(ref total, scaled.Parameter("offset"));
                folded.Inputs[i] = scaled.Node.Inputs[0];
                folded.Set(OpAttributes.Scale(i), Undivided(scaled));
                folded.Op = Op.ScaledSum;
                _nodes.Remove(input);
            }
            else if (Constant(input) is { } constant)
            {
                ChannelConstants.Accumulate(ref total, constant);
            }
        }

        if (_readers.Only(node.Output) is { Op: Op.RPReLU } activation && node.Output != _graph.OutputName
            && Adjustable(folded) is { } product)
        {
            double[] shift = new FoldedNode(activation, _shapes[node.Output].Channels, _tensors).Parameter("shift");
            Subtract(product, shift, total);
            _values[node.Output] = new FoldedValue(shift);
            _shifted.Add(activation.Output);
        }
        else if (total is not null)
        {
            _constants[node.Output] = total;
        }
    }

    private void RPReLU(FoldedNode folded, double[]? constant)
    {
        GraphNode node = folded.Node;
        bool isShifted = _shifted.Contains(node.Output);
        if (!isShifted && IsAdjustable(node.Inputs[0]))
        {
            Subtract(node.Inputs[0], folded.Parameter("shift"), null);
            isShifted = true;
        }

        bool isAbsorbed = _readers.AllAbsorb(node.Output);
        if (isAbsorbed)
        {
            _constants[node.Output] = folded.Parameter("offset");
        }

        if (isShifted && isAbsorbed)
        {
            folded.Remove("shift");
            folded.Remove("offset");
            return;
        }

        int channels = _shapes[node.Output].Channels;
        if (isShifted)
        {
            folded.Set("shift", new double[channels]);
        }
        else
        {
            folded.AddTo("shift", constant, -1);
        }

        if (isAbsorbed)
        {
            folded.Set("offset", new double[channels]);
        }
    }

    /// <summary>Makes a product smaller by a shift, less what the other summands are short of.</summary>
    private void Subtract(string product, double[] shift, double[]? others)
    {
        FoldedNode node = _nodes[product];
        string role = node.Node.Op is Op.Conv2d or Op.DepthwiseConv2d ? "bias" : "offset";
        node.AddTo(role, others, 1);
        node.AddTo(role, shift, -1);
        double[] missing = (double[])shift.Clone();
        for (int c = 0; others is not null && c < missing.Length; c++)
        {
            missing[c] -= others[c];
        }

        _values[product] = new FoldedValue(missing);
    }

    /// <summary>The first unscaled summand that can take a constant over; null where there is none.</summary>
    private string? Adjustable(FoldedNode sum)
    {
        for (int i = 0; i < sum.Inputs.Length; i++)
        {
            if (!sum.Has(OpAttributes.Scale(i)) && IsAdjustable(sum.Inputs[i]))
            {
                return sum.Inputs[i];
            }
        }

        return null;
    }

    /// <summary>True where a value has one reader only, and a parameter that can take a constant.</summary>
    private bool IsAdjustable(string value) => _readers.Only(value) is not null && _nodes.TryGetValue(value, out FoldedNode? node)
        && node.Node.Op is Op.BinaryLinear or Op.BinaryConv or Op.BinaryAttention or Op.Affine or Op.Conv2d or Op.DepthwiseConv2d;

    /// <summary>The scale of a summand. The pool that it may scale adds up and leaves the division to it.</summary>
    private double[] Undivided(FoldedNode scaled)
    {
        double[] scale = scaled.Edit("scale");
        string input = scaled.Node.Inputs[0];
        if (!_nodes.TryGetValue(input, out FoldedNode? pool) || pool.Node.Op != Op.AvgPool2d || _readers.Only(input) is null || Constant(input) is not null)
        {
            return scale;
        }

        pool.Mark(OpAttributes.Sum);
        double count = (double)pool.Node.Attributes["kernelH"] * pool.Node.Attributes["kernelW"];
        for (int c = 0; c < scale.Length; c++)
        {
            scale[c] /= count;
        }

        _values[input] = new FoldedValue(null, count);
        return scale;
    }

    /// <summary>What has to be added to a folded value to get the stored graph's; null for nothing.</summary>
    private double[]? Constant(string value) => _constants.GetValueOrDefault(value);

    /// <summary>What a linear makes of a constant. Four outputs side by side, each summed up in order.</summary>
    private double[] Product(GraphNode linear, double[] constant)
    {
        ReadOnlySpan<float> weight = FoldedNode.Floats(_tensors[linear.Tensors["weight"]]);
        int inputs = constant.Length;
        var result = new double[weight.Length / inputs];
        for (int first = 0; first < result.Length; first += 4)
        {
            int last = result.Length - 1;
            ReadOnlySpan<float> a = weight.Slice(first * inputs, inputs);
            ReadOnlySpan<float> b = weight.Slice(Math.Min(first + 1, last) * inputs, inputs);
            ReadOnlySpan<float> c = weight.Slice(Math.Min(first + 2, last) * inputs, inputs);
            ReadOnlySpan<float> d = weight.Slice(Math.Min(first + 3, last) * inputs, inputs);
            (double sumA, double sumB, double sumC, double sumD) = (0, 0, 0, 0);
            for (int k = 0; k < constant.Length; k++)
            {
                sumA += a[k] * constant[k];
                sumB += b[k] * constant[k];
                sumC += c[k] * constant[k];
                sumD += d[k] * constant[k];
            }

            result[Math.Min(first + 3, last)] = sumD;
            result[Math.Min(first + 2, last)] = sumC;
            result[Math.Min(first + 1, last)] = sumB;
            result[first] = sumA;
        }

        return result;
    }

    private FoldedModel Build()
    {
        var tensors = _nodes.Values.SelectMany(n => n.Kept).Distinct().ToDictionary(name => name, name => _tensors[name], StringComparer.Ordinal);
        var nodes = new List<GraphNode>(_graph.Nodes.Count);
        foreach (GraphNode node in _graph.Nodes)
        {
            if (_nodes.TryGetValue(node.Output, out FoldedNode? folded))
            {
                nodes.Add(folded.Build(tensors));
            }
        }

        foreach ((string value, double[] constant) in _constants)
        {
            _values.Add(value, new FoldedValue(constant));
        }

        return new FoldedModel(new LoweredModel(_graph with { Nodes = nodes, Version = ModelGraph.FoldedSince }, tensors), _values);
    }
}
