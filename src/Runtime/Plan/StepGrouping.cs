namespace EdgeVit.Runtime;

/// <summary>Nodes that run together, token by token.</summary>
internal sealed class StepDraft(GraphNode? head, int height, int width)
{
    /// <summary>The product, convolution or attention that starts each row; null where the step only works on rows.</summary>
    internal GraphNode? Head { get; } = head;

    internal int Height { get; } = height;

    internal int Width { get; } = width;

    /// <summary>The rest, in graph order.</summary>
    internal List<GraphNode> Nodes { get; } = [];

    /// <summary>The head, where there is one, and the rest.</summary>
    internal GraphNode[] All => Head is null ? [.. Nodes] : [Head, .. Nodes];
}

/// <summary>Puts the nodes of a graph into steps. A step computes one token's row from start to end: a node joins the step of its inputs
/// where it needs only that token's row of them (or, as pools do, any rows of values that earlier steps have finished). So the values
/// between the nodes of a step need not be stored: a binary product, its shortcut, RPReLU, and the next norm and sign become one
/// step.</summary>
internal sealed class StepGrouping
{
    private readonly ModelGraph _graph;
    private readonly IReadOnlyDictionary<string, ValueShape> _shapes;
    private readonly Dictionary<string, List<GraphNode>> _consumers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _stepOf = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GraphNode> _joined = new(StringComparer.Ordinal);
    private readonly Dictionary<string, GraphNode> _views = new(StringComparer.Ordinal);

    internal StepGrouping(ModelGraph graph, IReadOnlyDictionary<string, ValueShape> shapes)
    {
        _graph = graph;
        _shapes = shapes;
        foreach (GraphNode node in graph.Nodes)
        {
            foreach (string input in node.Inputs)
            {
                if (!_consumers.TryGetValue(input, out List<GraphNode>? list))
                {
                    list = [];
                    _consumers[input] = list;
                }

                list.Add(node);
            }
        }

        _stepOf[graph.InputName] = -1;
        foreach (GraphNode node in graph.Nodes)
        {
            Place(node);
        }
    }

    /// <summary>The steps in the order in which they run.</summary>
    internal List<StepDraft> Steps { get; } = [];

    /// <summary>The step that writes a value (of a view: that writes what it looks at).</summary>
    internal int StepOf(string value) => _stepOf[Base(value)];

    /// <summary>The up-sampling or tiling that a value is a mere view through, or null. A view is never stored: its readers look the rows
    /// up.</summary>
    internal GraphNode? View(string value) => _views.GetValueOrDefault(value);

    /// <summary>The stored value behind a view; the value itself where it is none.</summary>
    internal string Base(string value) => _views.TryGetValue(value, out GraphNode? view) ? view.Inputs[0] : value;

    /// <summary>The nodes that read a value.</summary>
    internal IReadOnlyList<GraphNode> Consumers(string value) => _consumers.TryGetValue(value, out List<GraphNode>? list) ? list : [];

    /// <summary>The last step that reads a value; -1 where none does.</summary>
    internal int LastReader(string value)
    {
        int last = -1;
        foreach (int step in ReadingSteps(value))
        {
            last = Math.Max(last, step);
        }

        return last;
    }

    /// <summary>The steps that read a value, directly or through views.</summary>
    internal IEnumerable<int> ReadingSteps(string value)
    {
        foreach (GraphNode node in Consumers(value))
        {
            if (_views.ContainsKey(node.Output))
            {
                foreach (int step in ReadingSteps(node.Output))
                {
                    yield return step;
                }
            }
            else
            {
                yield return _stepOf[node.Output];
            }
        }
    }

    /// <summary>True where a value must be in the arena: another step reads it, or it is the result.</summary>
    internal bool IsStored(string value)
    {
        if (value == _graph.OutputName)
        {
            return true;
        }

        foreach (int step in ReadingSteps(value))
        {
            if (step != _stepOf[value])
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsHead(Op op) => op is Op.Conv2d or Op.Linear or Op.BinaryLinear or Op.BinaryConv or Op.BinaryAttention || FloatStepFactory.Makes(op);

    private static bool ReadsRows(Op op) => op is Op.Add or Op.ScaledSum or Op.Affine or Op.RPReLU or Op.Position or Op.ShiftSign;

    private void Place(GraphNode node)
    {
        ValueShape shape = _shapes[node.Output];
        if (IsHead(node.Op))
        {
            // A product that is joined with its sum starts the sum's step, whose other summands are there by then.
            if (Consumers(node.Output) is [var sum] && sum.Attributes.ContainsKey(OpAttributes.Joined) && sum.Inputs[0] == node.Output)
            {
                _joined[node.Output] = node;
                return;
            }

            Start(node, shape);
            return;
        }

        if (node.Attributes.ContainsKey(OpAttributes.Joined))
        {
            Start(_joined[node.Inputs[0]], shape);
            Steps[^1].Nodes.Add(node);
            _stepOf[node.Output] = Steps.Count - 1;
            return;
        }

        if (CanBeView(node))
        {
            _views[node.Output] = node;
            return;
        }

        // Inputs read row by row may come from the same step, where they are still at hand; others must be complete.
        bool windows = node.Op is Op.AvgPool2d or Op.MeanTokens or Op.Upsample or Op.SpatialShift or Op.DepthwiseConv2d;
        int earliest = 0;
        int hot = -1;
        foreach (string input in node.Inputs)
        {
            bool complete = windows || View(input) is { Op: Op.Upsample };
            earliest = Math.Max(earliest, StepOf(input) + (complete ? 1 : 0));
            hot = complete ? hot : Math.Max(hot, StepOf(input));
        }

        int step = Find(shape, earliest, hot);
        if (step < 0)
        {
            Steps.Add(new StepDraft(null, shape.Height, shape.Width));
            step = Steps.Count - 1;
        }

        Steps[step].Nodes.Add(node);
        _stepOf[node.Output] = step;
    }

    private void Start(GraphNode head, ValueShape shape)
    {
        Steps.Add(new StepDraft(head, shape.Height, shape.Width));
        _stepOf[head.Output] = Steps.Count - 1;
    }

    // The step that has the row at hand; else the latest that fits, near to the readers.
    private int Find(ValueShape shape, int earliest, int hot)
    {
        if (hot == earliest && Fits(hot, shape))
        {
            return hot;
        }

        for (int step = Steps.Count - 1; step >= earliest; step--)
        {
            if (Fits(step, shape))
            {
                return step;
            }
        }

        return -1;
    }

    private bool Fits(int step, ValueShape shape) => Steps[step].Height == shape.Height && Steps[step].Width == shape.Width;

    // Readers add a view's rows by index; that works for whole blocks of 64 channels, and not for views of views.
    private bool CanBeView(GraphNode node) =>
        (node.Op == Op.Upsample || (node.Op == Op.TileChannels && _shapes[node.Inputs[0]].Channels % 64 == 0))
        && node.Output != _graph.OutputName
        && !_views.ContainsKey(node.Inputs[0])
        && Consumers(node.Output).All(consumer => ReadsRows(consumer.Op));
}
