namespace EdgeVit.Runtime;

/// <summary>Makes the passes of one step from its nodes: node after node takes the next slot of an epilogue whose value is in registers. A node
/// that fits no slot that is left ends the epilogue: what is in registers goes to memory, and another one begins. A value goes to memory
/// otherwise only where someone reads it from there.</summary>
internal sealed unsafe partial class EpilogueBuilder(
    StepGrouping grouping,
    ValuePlaces places,
    IReadOnlyDictionary<string, ValueShape> shapes,
    PlanWeights weights,
    RowKernel kernel,
    StepDraft draft,
    bool compiled = false)
{
    /// <summary>Channels that every kernel takes at a time: the two widest vectors.</summary>
    private const int NarrowBlock = 32;

    private readonly List<RowPass> _passes = [];
    private readonly Dictionary<string, long> _scratch = new(StringComparer.Ordinal);
    private readonly HashSet<string> _own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Branch> _branches = new(StringComparer.Ordinal);
    private Slot[] _slots = [];
    private NeighbourRows?[] _neighbours = [];
    private int _channels;
    private string? _register;
    private long _rowBytes;

    /// <summary>Builds the passes.</summary>
    /// <param name="source">The slot that loads the head's row; null for a step without a head.</param>
    internal RowPasses Build(Slot? source)
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
        if (source is { } slot)
        {
            Open(shapes[draft.Head!.Output].Channels, slot, null);
            _register = draft.Head.Output;
            Computed(draft.Head.Output, nodes, 0);
        }

        for (int i = 0; i < nodes.Length; i++)
        {
            Take(nodes[i]);
            if (nodes[i].Op != Op.ShiftSign)
            {
                Computed(nodes[i].Output, nodes, i + 1);
            }
        }

        Close();
        return new RowPasses(kernel, [.. _passes], draft.Width, _rowBytes);
    }

    private void Take(GraphNode node)
    {
        string input = node.Inputs[0];
        switch (node.Op)
        {
            case Op.Affine:
                InRegister(input);
                Change(Slots.Norm, 1, new Slot { P0 = Parameter(node, "scale"), P1 = Parameter(node, "offset") });
                break;
            case Op.RPReLU:
                InRegister(input);
                Change(Slots.RPReLU, 1, new Slot { P0 = Optional(node, "shift"), P1 = weights.LessOne(node.Tensors["slope"], shapes[node.Output].Channels), P2 = Optional(node, "offset") });
                break;
            case Op.Position:
                InRegister(input);
                int channels = shapes[node.Output].Channels;
                AddRow(new Slot { Space = RowSpace.Weights, Offset = (long)weights.Rows(node.Tensors["position"], channels), Stride = ValueShape.Pad(channels) * sizeof(float) }, null);
                break;
            case Op.ShiftSign:
                InRegister(input);
                Sign(node);
                return;
            case Op.Add or Op.ScaledSum:
                Add(node);
                break;
            case Op.AvgPool2d:
                Load(node, NeighbourRows.Pool(places.Offset(input), shapes[input], PoolWindow.Of(node)));
                break;
            case Op.DepthwiseConv2d:
                Weighted(node, NeighbourRows.Weighted(places.Offset(input), shapes[input], ConvWindow.Of(node)));
                break;
            case Op.MeanTokens:
                Load(node, NeighbourRows.Pool(places.Offset(input), shapes[input], new PoolWindow(shapes[input].Height, shapes[input].Width, 1, 1, 0, 0)));
                break;
            case Op.SpatialShift:
                Load(node, NeighbourRows.Shift(places.Offset(input), shapes[input], TokenShift.Of(node)));
                break;
            case Op.Upsample:
                Load(node, NeighbourRows.UpSampled(places.Offset(input), shapes[input], node.Attributes["factor"]));
                break;
            case Op.TileChannels when shapes[input].Channels % 64 == 0:
                Open(shapes[node.Output].Channels, Place(input) with { Modulo = shapes[input].Channels }, null);
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
        if (mean && _register == node.Inputs[0] && IsMean(node))
        {
            Finish(Slots.Mean, 1, Place(node.Output) with { Number = factor, Factor = (float)(1.0 / factor) });
            return;
        }

        Close();
        _passes.Add(new RowToRow(Place(node.Inputs[0]), Place(node.Output), shapes[mean ? node.Output : node.Inputs[0]].Channels, factor, mean));
    }

    /// <summary>After a value is computed: store it where someone reads it from memory, and take its signs while it is in
    /// registers.</summary>
    private void Computed(string value, GraphNode[] nodes, int next)
    {
        if (_register == value)
        {
            GraphNode[] readers = [.. grouping.Consumers(value).SelectMany(Readers).Where(n => _own.Contains(n.Output))];
            bool passedOn = readers.Length == 1 && next < nodes.Length && ReferenceEquals(readers[0], nodes[next]) && (TakesRegister(nodes[next], value) || IsMean(nodes[next]));
            if (places.IsStored(value) || (readers.Length > 0 && !passedOn))
            {
                Store();
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

    /// <summary>A mean of adjacent channels that an epilogue can take on its way: of whole blocks of channels.</summary>
    private bool IsMean(GraphNode node) =>
        node.Op == Op.GroupMeanChannels && shapes[node.Output].Channels % 64 == 0 && (compiled || kernel.TakesGroupMean(node.Attributes["factor"]));

    private void Sign(GraphNode node)
    {
        if (places.IsStored(node.Output))
        {
            int channels = shapes[node.Output].Channels;
            Finish(Slots.Sign, Slots.MostSigns, Place(node.Output) with { P0 = weights.Thresholds(node.Tensors["shift"], channels), Number = channels });
        }
    }

    private float* Optional(GraphNode node, string role) => node.Tensors.ContainsKey(role) ? Parameter(node, role) : null;

    private float* Parameter(GraphNode node, string role) => weights.Rows(node.Tensors[role], shapes[node.Output].Channels);
}
