namespace EdgeVit.Runtime;

/// <content>Sums, and the rows of other tokens that they take in: pools and shifts.</content>
internal sealed unsafe partial class RowProgramBuilder
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

    /// <summary>Rows of other tokens that a sum adds, scaled.</summary>
    /// <param name="Source">The pool or shift.</param>
    /// <param name="Scale">Tensor of the scale.</param>
    /// <param name="Offset">Tensor of the offset; null for none.</param>
    private sealed record Branch(GraphNode Source, string Scale, string? Offset);
}
