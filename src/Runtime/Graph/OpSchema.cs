namespace EdgeVit.Runtime;

/// <summary>What an op takes: number of inputs, tensor roles, attributes with their ranges.</summary>
internal sealed record OpSchema(int MinInputs, int MaxInputs, string[] Tensors, string[] OptionalTensors, AttributeRange[] Attributes)
{
    // Windows and factors that no network needs would only serve to make a small file run for hours.
    private const int MaxWindow = 256;

    private const int MaxSummands = 64;

    // The names of a longer list are numbered.
    private const int MostNamed = 8;

    private static readonly string[] s_none = [];
    private static readonly string[] s_scales = [.. Enumerable.Range(1, MaxSummands - 1).Select(OpAttributes.Scale)];
    private static readonly AttributeRange[] s_noAttributes = [];

    internal static OpSchema Of(Op op) => op switch
    {
        Op.Conv2d => new(1, 1, ["weight"], ["bias"], [new("stride", 1, MaxWindow), new("padding", 0, MaxWindow)]),
        Op.Linear => new(1, 1, ["weight"], ["bias"], s_noAttributes),
        Op.Position => new(1, 1, ["position"], s_none, s_noAttributes),
        Op.Affine => new(1, 1, ["scale", "offset"], s_none, s_noAttributes),
        Op.ShiftSign => new(1, 1, ["shift"], s_none, s_noAttributes),
        Op.BinaryLinear => new(1, 1, ["weight", "scale", "offset"], s_none, [Flag(OpAttributes.Counts)]),
        Op.BinaryConv => new(1, 1, ["weight", "scale", "offset"], s_none, [new("kernel", 1, MaxWindow), Flag(OpAttributes.Counts)]),
        Op.BinaryAttention => new(3, 3, ["exp", "clip", "scale", "offset"], s_none, [
            new("heads", 1, int.MaxValue), new("levels", 1, AttentionAttributes.MaxLevels, Absent: 1), new("maskDiagonal", 0, 1, Absent: 0)]),
        Op.RPReLU => new(1, 1, ["slope"], ["shift", "offset"], s_noAttributes),
        Op.Add => new(2, MaxSummands, s_none, s_none, s_noAttributes),
        Op.ScaledSum => new(2, MaxSummands, s_none, s_scales, s_noAttributes),
        Op.AvgPool2d => new(1, 1, s_none, s_none, [
            new("kernelH", 1, MaxWindow), new("kernelW", 1, MaxWindow), new("strideH", 1, MaxWindow), new("strideW", 1, MaxWindow),
            new("paddingH", 0, MaxWindow), new("paddingW", 0, MaxWindow), Flag(OpAttributes.Sum)]),
        Op.Upsample => new(1, 1, s_none, s_none, [new("factor", 1, MaxWindow)]),
        Op.TileChannels or Op.GroupMeanChannels => new(1, 1, s_none, s_none, [new("factor", 1, 1 << 16)]),
        Op.MeanTokens or Op.Gelu => new(1, 1, s_none, s_none, s_noAttributes),
        Op.LayerNorm => new(1, 1, ["scale", "offset", "epsilon"], s_none, s_noAttributes),
        Op.SoftmaxAttention => new(3, 3, s_none, s_none, [new("heads", 1, int.MaxValue)]),
        Op.PrependTokens => new(1, 2, s_none, ["tokens"], s_noAttributes),
        Op.SpatialShift => new(1, 1, s_none, s_none, [new("rows", 0, MaxWindow), new("columns", 0, MaxWindow)]),
        Op.SliceTokens => new(1, 1, s_none, s_none, [new("start", 0, int.MaxValue), new("count", 1, int.MaxValue)]),
        _ => throw new EvitFormatException($"op {op} is unknown to this runtime"),
    };

    /// <summary>Checks a node's counts, roles and attributes; its shapes are <see cref="GraphValidator"/>'s.</summary>
    internal void Check(GraphNode node, string where)
    {
        if (node.Inputs.Count < MinInputs || node.Inputs.Count > MaxInputs)
        {
            throw new EvitFormatException(
                $"{where}: {node.Inputs.Count} inputs, expected {(MinInputs == MaxInputs ? $"{MinInputs}" : $"{MinInputs} to {MaxInputs}")}");
        }

        foreach (string role in Tensors)
        {
            if (!node.Tensors.ContainsKey(role))
            {
                throw new EvitFormatException($"{where}: tensor '{role}' is missing, expected {string.Join(", ", Tensors)}");
            }
        }

        foreach (string role in node.Tensors.Keys)
        {
            if (Array.IndexOf(Tensors, role) < 0 && Array.IndexOf(OptionalTensors, role) < 0)
            {
                throw new EvitFormatException(
                    $"{where}: unknown tensor role '{role}', expected only {Names([.. Tensors, .. OptionalTensors])}");
            }
        }

        foreach (AttributeRange range in Attributes)
        {
            (string name, int min, int max, int? absent) = range;
            if (!node.Attributes.TryGetValue(name, out int value))
            {
                if (absent is not null)
                {
                    continue;
                }

                throw new EvitFormatException($"{where}: attribute '{name}' is missing");
            }

            if (value < min || value > max)
            {
                throw new EvitFormatException($"{where}: attribute '{name}' is {value}, expected {(min == max ? $"{min} or no such attribute" : $"{min} to {max}")}");
            }
        }

        foreach (string name in node.Attributes.Keys)
        {
            if (!Array.Exists(Attributes, a => a.Name == name))
            {
                throw new EvitFormatException(
                    $"{where}: unknown attribute '{name}', expected only {Names([.. Attributes.Select(a => a.Name)])}");
            }
        }
    }

    private static AttributeRange Flag(string name) => new(name, 1, 1, Absent: 0);

    private static string Names(string[] names) => names.Length switch
    {
        0 => "none",
        > MostNamed => $"{names[0]} to {names[^1]}",
        _ => string.Join(", ", names),
    };
}

/// <summary>An attribute and the values that it may have; what it is where a node lacks it, null where a node must have it.</summary>
internal sealed record AttributeRange(string Name, int Min, int Max, int? Absent = null);
