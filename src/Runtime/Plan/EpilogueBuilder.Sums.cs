namespace EdgeVit.Runtime;

/// <content>Sums, and the rows of other tokens that they take in.</content>
internal sealed unsafe partial class EpilogueBuilder
{
    private void Add(GraphNode node)
    {
        // Floating-point addition commutes, so the register may be the first or the second summand.
        int at = RegisterSummand(node, _register);
        if (at < 0)
        {
            InRegister(node.Inputs[0]);
            at = 0;
        }

        _slots[Slots.Source].Joins |= node.Attributes.ContainsKey(OpAttributes.Joined);
        for (int i = 0; i < node.Inputs.Count; i++)
        {
            if (i == at)
            {
                continue;
            }

            if (_branches.TryGetValue(node.Inputs[i], out Branch? branch))
            {
                int channels = shapes[node.Output].Channels;
                Change(Slots.Branch, Slots.MostBranches, Sum(branch.Rows) with
                {
                    P0 = weights.Rows(branch.Scale, channels),
                    P1 = branch.Offset is null ? null : weights.Rows(branch.Offset, channels),
                }, branch.Rows);
            }
            else
            {
                Summand(node, i, at);
            }

            // The sum so far, which has no name of its own.
            _register = $"{node.Output}, {i}";
        }
    }

    /// <summary>Adds an input to the register, or the register to the first input.</summary>
    private void Summand(GraphNode node, int input, int register)
    {
        (Slot row, NeighbourRows? neighbours) = Row(node.Inputs[input]);
        string scale = OpAttributes.Scale(input == 0 ? register : input);
        if (!node.Tensors.ContainsKey(scale))
        {
            AddRow(row, neighbours);
            return;
        }

        if (input > 0)
        {
            // What is scaled must be in registers: the sum so far changes places with it.
            Slot sum = Place(_register!, _channels);
            Store();
            Open(_channels, row, neighbours);
            (row, neighbours) = (sum, null);
        }

        Change(Slots.Residual, 1, row with { P0 = Parameter(node, scale) }, neighbours);
    }

    private void AddRow(Slot row, NeighbourRows? neighbours)
    {
        if (!TryChange(Slots.Shortcut, Slots.MostShortcuts, row, neighbours))
        {
            Change(Slots.Residual, 1, row, neighbours);
        }
    }

    private static int RegisterSummand(GraphNode node, string? register) =>
        node.Inputs.Count(i => i == register) != 1 ? -1
            : node.Inputs[0] == register ? 0
            : node.Inputs[1] == register ? 1
            : -1;

    /// <summary>Scaled sums of other tokens' rows that only one sum reads become branches of it. They are later summands: the first two start the
    /// sum.</summary>
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

                if (Neighbours(last) is { } rows && sum.Tensors.TryGetValue(OpAttributes.Scale(i), out string? own))
                {
                    _branches[last.Output] = new Branch(rows, own, null);
                    result.Add(last);
                }
                else if (last.Op == Op.Affine && sum.Op == Op.Add
                    && writers.TryGetValue(last.Inputs[0], out GraphNode? source) && Neighbours(source) is { } below && IsPrivate(source.Output))
                {
                    _branches[last.Output] = new Branch(below, last.Tensors["scale"], last.Tensors["offset"]);
                    result.Add(last);
                    result.Add(source);
                }
            }
        }

        return result;

        bool IsPrivate(string value) => !places.IsStored(value) && grouping.Consumers(value).Count == 1;
    }

    private NeighbourRows? Neighbours(GraphNode node)
    {
        string input = node.Inputs[0];
        return node.Op switch
        {
            Op.AvgPool2d => NeighbourRows.Pool(places.Offset(input), shapes[input], PoolWindow.Of(node)),
            Op.SpatialShift => NeighbourRows.Shift(places.Offset(input), shapes[input], TokenShift.Of(node)),
            _ => null,
        };
    }

    /// <summary>Rows of other tokens that a sum adds, scaled.</summary>
    /// <param name="Rows">The rows.</param>
    /// <param name="Scale">Tensor of the scale.</param>
    /// <param name="Offset">Tensor of the offset; null for none.</param>
    private sealed record Branch(NeighbourRows Rows, string Scale, string? Offset);
}
