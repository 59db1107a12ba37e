namespace EdgeVit.Runtime;

/// <summary>Writes the program of one step: node after node becomes an op of the chain whose value is in registers; a chain is closed
/// where the next node needs something else. A value goes to memory only where someone reads it from there.</summary>
internal sealed unsafe class RowProgramBuilder(
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
    private int _chainStart;
    private int _chainChannels;
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

    private void Add(GraphNode node)
    {
        // Floating-point addition commutes, so the register may be the first or the second summand.
        int at = RegisterSummand(node, _register);
        if (at < 0)
        {
            InRegister(node.Inputs[0]);
            at = 0;
        }

        for (int i = 0; i < node.Inputs.Count; i++)
        {
            if (_branches.TryGetValue(node.Inputs[i], out Branch? branch))
            {
                EpilogueOp op = branch.Source.Op == Op.SpatialShift
                    ? Shifted(branch.Source, EpilogueOpKind.AddShift)
                    : Window(branch.Source, PoolWindow.Of(branch.Source), EpilogueOpKind.AddPool);
                int channels = shapes[node.Output].Channels;
                op.P0 = weights.Rows(branch.Scale, channels);
                op.P1 = branch.Offset is null ? null : weights.Rows(branch.Offset, channels);
                _ops.Add(op);
            }
            else if (i != at)
            {
                _ops.Add(Summand(node, i, at));
            }
        }
    }

    /// <summary>The op that adds an input to the register, or the register to the first input.</summary>
    private EpilogueOp Summand(GraphNode node, int input, int register)
    {
        string scale = OpAttributes.Scale(input == 0 ? register : input);
        if (!node.Tensors.ContainsKey(scale))
        {
            return Row(node.Inputs[input], EpilogueOpKind.AddRow, null);
        }

        EpilogueOp op = Row(node.Inputs[input], input == 0 ? EpilogueOpKind.ScaleAddRow : EpilogueOpKind.AddScaledRow, null);
        op.P0 = Parameter(node, scale);
        return op;
    }

    private int RegisterSummand(GraphNode node, string? register) =>
        node.Inputs.Count(i => i == register) != 1 ? -1
            : node.Inputs[0] == register ? 0
            : node.Inputs[1] == register && (node.Op == Op.Add || grouping.View(node.Inputs[0]) is not { Op: Op.Upsample }) ? 1
            : -1;

    /// <summary>Scaled pools and shifts that only one sum reads become ops of it. They are later summands: the first two start the sum.</summary>
    private HashSet<GraphNode> FindBranches()
    {
        var result = new HashSet<GraphNode>(ReferenceEqualityComparer.Instance);
        Dictionary<string, GraphNode> writers = draft.Nodes.ToDictionary(node => node.Output, StringComparer.Ordinal);
        foreach (GraphNode sum in draft.Nodes.Where(node => node.Op is Op.Add or Op.ScaledSum))
        {
            for (int i = 2; i < sum.Inputs.Count; i++)
            {
                if (!writers.TryGetValue(sum.Inputs[i], out GraphNode? last) || !IsPrivate(last.Output))
                {
                    continue;
                }

                if (IsNeighbourhood(last) && sum.Tensors.TryGetValue(OpAttributes.Scale(i), out string? own))
                {
                    _branches[last.Output] = new Branch(last, own, null);
                    result.Add(last);
                }
                else if (last.Op == Op.Affine && sum.Op == Op.Add
                    && writers.TryGetValue(last.Inputs[0], out GraphNode? source) && IsNeighbourhood(source) && IsPrivate(source.Output))
                {
                    _branches[last.Output] = new Branch(source, last.Tensors["scale"], last.Tensors["offset"]);
                    result.Add(last);
                    result.Add(source);
                }
            }
        }

        return result;

        bool IsNeighbourhood(GraphNode node) => node.Op is Op.AvgPool2d or Op.SpatialShift;

        bool IsPrivate(string value) => !places.IsStored(value) && grouping.Consumers(value).Count == 1;
    }

    private void Pool(GraphNode node, PoolWindow window)
    {
        Open(shapes[node.Inputs[0]].Channels);
        _ops.Add(Window(node, window, EpilogueOpKind.LoadPool));
    }

    private EpilogueOp Shifted(GraphNode node, EpilogueOpKind kind)
    {
        EpilogueOp op = InGrid(node.Inputs[0], kind);
        op.Shift = TokenShift.Of(node);
        op.Zeros = weights.Zeros(shapes[node.Inputs[0]].Channels);
        return op;
    }

    private EpilogueOp Window(GraphNode node, PoolWindow window, EpilogueOpKind kind)
    {
        EpilogueOp op = InGrid(node.Inputs[0], kind);
        op.Window = window;
        op.Number = window.Factor;
        op.Zeros = window is { PaddingH: 0, PaddingW: 0 } ? null : weights.Zeros(shapes[node.Inputs[0]].Channels);
        return op;
    }

    /// <summary>An op that reads rows of other tokens.</summary>
    private EpilogueOp InGrid(string value, EpilogueOpKind kind)
    {
        EpilogueOp op = Row(value, kind, null);
        (op.GridHeight, op.GridWidth) = (shapes[value].Height, shapes[value].Width);
        return op;
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
        _chainStart = _ops.Count;
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

    /// <summary>A group mean that a chain can take on its way: of whole blocks of channels.</summary>
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
        _chainChannels = ValueShape.Pad(channels);
    }

    private void Close()
    {
        int count = _ops.Count - _chainStart;
        if (count == 2 && !compiled && IsCopy(_ops[_chainStart], _ops[_chainStart + 1]))
        {
            _instructions.Add(new RowInstruction(RowInstructionKind.Tile, _chainStart, 2, _chainChannels, 1));
        }
        else if (count > 0)
        {
            _instructions.Add(new RowInstruction(RowInstructionKind.Chain, _chainStart, count, _chainChannels, 0));
        }

        _chainStart = _ops.Count;
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

    /// <summary>Rows of other tokens that a sum adds, scaled.</summary>
    /// <param name="Source">The pool or shift.</param>
    /// <param name="Scale">Tensor of the scale.</param>
    /// <param name="Offset">Tensor of the offset; null for none.</param>
    private sealed record Branch(GraphNode Source, string Scale, string? Offset);
}
