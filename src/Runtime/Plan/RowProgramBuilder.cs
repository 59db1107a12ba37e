namespace EdgeVit.Runtime;

/// <summary>Writes the program of one step: node after node becomes an op of the epilogue whose value is in registers; an epilogue is closed
/// where the next node needs something else. A value goes to memory only where someone reads it from there.</summary>
internal sealed unsafe partial class RowProgramBuilder(
    StepGrouping grouping,
    ValuePlaces places,
    IReadOnlyDictionary<string, ValueShape> shapes,
    PlanWeights weights,
    RowKernel kernel,
    StepDraft draft,
    bool compiled = false)
{
    private readonly ValueList<EpilogueOp> _ops = new();
    private readonly ValueList<RowInstruction> _instructions = new();
    private readonly Dictionary<string, long> _scratch = new(StringComparer.Ordinal);
    private readonly HashSet<string> _own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Branch> _branches = new(StringComparer.Ordinal);
    private int _epilogueStart;
    private int _epilogueChannels;
    private string? _register;
    private long _rowBytes;

    /// <summary>Builds the program.</summary>
    /// <param name="source">The op that loads the head's row; null for a step without a head.</param>
    internal RowProgram Build(EpilogueOp? source)
    {
        foreach (GraphNode node in draft.All)
        {
            _own.Add(node.Output);
        }

        HashSet<GraphNode> inBranches = FindBranches();

        // Signs of values that are computed here are taken when the value is; the others have their place in the order.
        GraphNode[] nodes =
        [
            .. draft.Nodes.Where(node => !inBranches.Contains(node) && (node.Op != Op.ShiftSign || !_own.Contains(node.Inputs[0]))),
        ];
        if (source is { } op)
        {
            Open(shapes[draft.Head!.Output].Channels);
            _ops.Add(op);
            _register = draft.Head.Output;
            Computed(draft.Head.Output, nodes, 0);
        }

        for (int i = 0; i < nodes.Length; i++)
        {
            Emit(nodes[i]);
            if (nodes[i].Op != Op.ShiftSign)
            {
                Computed(nodes[i].Output, nodes, i + 1);
            }
        }

        Close();
        return new RowProgram(kernel, _ops.ToArray(), _instructions.ToArray(), draft.Width, _rowBytes);
    }

    private void Emit(GraphNode node)
    {
        string input = node.Inputs[0];
        switch (node.Op)
        {
            case Op.Affine:
                InRegister(input);
                _ops.Add(new EpilogueOp { Kind = EpilogueOpKind.Affine, P0 = Parameter(node, "scale"), P1 = Parameter(node, "offset") });
                break;
            case Op.RPReLU:
                InRegister(input);
                _ops.Add(new EpilogueOp { Kind = EpilogueOpKind.RPReLU, P0 = Optional(node, "shift"), P1 = Parameter(node, "slope"), P2 = Optional(node, "offset") });
                break;
            case Op.Position:
                InRegister(input);
                int channels = shapes[node.Output].Channels;
                _ops.Add(new EpilogueOp
                {
                    Kind = EpilogueOpKind.AddRow,
                    Space = RowSpace.Weights,
                    Offset = (long)weights.Rows(node.Tensors["position"], channels),
                    Stride = ValueShape.Pad(channels) * sizeof(float),
                    Factor = 1,
                });
                break;
            case Op.ShiftSign:
                InRegister(input);
                Sign(node);
                return;
            case Op.Add or Op.ScaledSum:
                Add(node);
                break;
            case Op.AvgPool2d:
                Pool(node, PoolWindow.Of(node));
                break;
            case Op.SpatialShift:
                Open(shapes[input].Channels);
                _ops.Add(Shifted(node, EpilogueOpKind.LoadShift));
                break;
            case Op.MeanTokens:
                ValueShape grid = shapes[input];
                Pool(node, new PoolWindow(grid.Height, grid.Width, 1, 1, 0, 0));
                break;
            case Op.Upsample:
                Open(shapes[node.Output].Channels);
                _ops.Add(Row(input, EpilogueOpKind.Load, node));
                break;
            case Op.TileChannels when shapes[input].Channels % 64 == 0:
                Open(shapes[node.Output].Channels);
                _ops.Add(Row(input, EpilogueOpKind.Load, node));
                break;
            default:
                RowToRow(node);
                return;
        }

        _register = node.Output;
    }

    private void RowToRow(GraphNode node)
    {
        int factor = node.Attributes["factor"];
        bool mean = node.Op == Op.GroupMeanChannels;
        if (mean && _register == node.Inputs[0] && IsEpilogueOp(node))
        {
            EpilogueOp op = Target(node.Output);
            op.Kind = EpilogueOpKind.GroupMean;
            op.Group = factor;
            op.Number = (float)(1.0 / factor);
            _ops.Add(op);
            return;
        }

        Close();
        EpilogueOp from = Row(node.Inputs[0], EpilogueOpKind.Load, null);
        from.Number = (float)(1.0 / factor);
        _instructions.Add(new RowInstruction(
            mean ? RowInstructionKind.GroupMean : RowInstructionKind.Tile,
            _ops.Count, 2, shapes[mean ? node.Output : node.Inputs[0]].Channels, factor));
        _ops.Add(from);
        _ops.Add(Target(node.Output));
        _epilogueStart = _ops.Count;
    }

    /// <summary>After a value is computed: store it where someone reads it from memory, and take its signs while it is in
    /// registers.</summary>
    private void Computed(string value, GraphNode[] nodes, int next)
    {
        if (_register == value)
        {
            GraphNode[] readers = [.. grouping.Consumers(value).SelectMany(Readers).Where(n => _own.Contains(n.Output))];
            bool passedOn = readers.Length == 1 && next < nodes.Length && ReferenceEquals(readers[0], nodes[next]) && (TakesRegister(nodes[next], value) || IsEpilogueOp(nodes[next]));
            if (places.IsStored(value) || (readers.Length > 0 && !passedOn))
            {
                _ops.Add(Target(value));
            }
        }

        foreach (GraphNode sign in draft.Nodes)
        {
            if (sign.Op == Op.ShiftSign && sign.Inputs[0] == value && places.IsStored(sign.Output))
            {
                InRegister(value);
                Sign(sign);
            }
        }
    }

    /// <summary>Who needs the value besides the signs taken from the register: the node, or where it is a view, all that look through
    /// it.</summary>
    private IEnumerable<GraphNode> Readers(GraphNode node)
    {
        if (grouping.View(node.Output) is not null)
        {
            return grouping.Consumers(node.Output);
        }

        return node.Op == Op.ShiftSign ? [] : [node];
    }

    private bool TakesRegister(GraphNode node, string value) => node.Op switch
    {
        Op.Affine or Op.RPReLU or Op.Position => node.Inputs[0] == value,
        Op.Add or Op.ScaledSum => RegisterSummand(node, value) >= 0,
        _ => false,
    };

    /// <summary>A group mean that an epilogue can take on its way: of whole blocks of channels.</summary>
    private bool IsEpilogueOp(GraphNode node) =>
        node.Op == Op.GroupMeanChannels && shapes[node.Output].Channels % 64 == 0 && (compiled || kernel.TakesGroupMean(node.Attributes["factor"]));

    private void Sign(GraphNode node)
    {
        if (!places.IsStored(node.Output))
        {
            return;
        }

        EpilogueOp op = Target(node.Output);
        op.Kind = EpilogueOpKind.Sign;
        op.P0 = weights.Negated(node.Tensors["shift"], shapes[node.Output].Channels);
        op.Channels = shapes[node.Output].Channels;
        _ops.Add(op);
    }

    private void InRegister(string value)
    {
        if (_register != value)
        {
            Open(shapes[value].Channels);
            _ops.Add(Row(value, EpilogueOpKind.Load, null));
            _register = value;
        }
    }

    private void Open(int channels)
    {
        Close();
        _epilogueChannels = ValueShape.Pad(channels);
    }

    private void Close()
    {
        int count = _ops.Count - _epilogueStart;
        if (count == 2 && !compiled && IsCopy(_ops[_epilogueStart], _ops[_epilogueStart + 1]))
        {
            _instructions.Add(new RowInstruction(RowInstructionKind.Tile, _epilogueStart, 2, _epilogueChannels, 1));
        }
        else if (count > 0)
        {
            _instructions.Add(new RowInstruction(RowInstructionKind.Epilogue, _epilogueStart, count, _epilogueChannels, 0));
        }

        _epilogueStart = _ops.Count;
        _register = null;
    }

    /// <summary>A row that only goes to memory, such as the logits: a copy, which needs no kernel.</summary>
    private static bool IsCopy(in EpilogueOp from, in EpilogueOp to) =>
        from is { Kind: EpilogueOpKind.Load, Factor: <= 1, Modulo: 0 } && to is { Kind: EpilogueOpKind.Store, Modulo: 0 };

    /// <summary>An op that reads a value's row, through the view that the value may be.</summary>
    private EpilogueOp Row(string value, EpilogueOpKind kind, GraphNode? through)
    {
        GraphNode? view = through ?? grouping.View(value);
        string stored = through is null ? grouping.Base(value) : value;
        EpilogueOp op = Place(stored);
        op.Kind = kind;
        if (view is { Op: Op.Upsample })
        {
            op.Factor = view.Attributes["factor"];
            op.GridWidth = shapes[stored].Width;
        }
        else if (view is { Op: Op.TileChannels })
        {
            op.Modulo = shapes[stored].Channels;
        }

        return op;
    }

    private EpilogueOp Target(string value)
    {
        EpilogueOp op = Place(value);
        op.Kind = EpilogueOpKind.Store;
        return op;
    }

    private EpilogueOp Place(string value)
    {
        if (places.IsStored(value))
        {
            return new EpilogueOp { Space = RowSpace.Arena, Offset = places.Offset(value), Stride = ValuePlaces.Stride(shapes[value]), Factor = 1 };
        }

        if (!_scratch.TryGetValue(value, out long offset))
        {
            offset = _rowBytes;
            _scratch[value] = offset;
            _rowBytes += ValueShape.Pad(shapes[value].Channels) * (long)sizeof(float);
        }

        return new EpilogueOp { Space = RowSpace.Scratch, Offset = offset, Factor = 1 };
    }

    private float* Optional(GraphNode node, string role) => node.Tensors.ContainsKey(role) ? Parameter(node, role) : null;

    private float* Parameter(GraphNode node, string role) => weights.Rows(node.Tensors[role], shapes[node.Output].Channels);
}
