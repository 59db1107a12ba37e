namespace EdgeVit.Runtime;

/// <summary>What an op takes: number of inputs, tensor roles, attributes with their ranges.</summary>
internal sealed record OpSchema(int MinInputs, int MaxInputs)
{
    // The names of a longer list are numbered.
    private const int MostNamed = 8;

    internal string[] Tensors { get; init; } = [];

    internal string[] OptionalTensors { get; init; } = [];

    internal AttributeRange[] Attributes { get; init; } = [];

    /// <summary>Checks a node's counts, roles and attributes; its shapes are <see cref="GraphValidator"/>'s.</summary>
    /// <exception cref="EvitFormatException">Something is missing, unknown or out of its range.</exception>
    internal void Check(GraphNode node, string where)
    {
        if (node.Inputs.Count < MinInputs || node.Inputs.Count > MaxInputs)
        {
            throw new EvitFormatException(
                $"{where}: {node.Inputs.Count} inputs, expected {(MinInputs == MaxInputs ? $"{MinInputs}" : $"{MinInputs} to {MaxInputs}")}");
        }

        CheckTensors(node, where);
        CheckAttributes(node, where);
    }

    private void CheckTensors(GraphNode node, string where)
    {
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
                throw new EvitFormatException($"{where}: unknown tensor role '{role}', expected only {Names([.. Tensors, .. OptionalTensors])}");
            }
        }
    }

    private void CheckAttributes(GraphNode node, string where)
    {
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
                throw new EvitFormatException($"{where}: unknown attribute '{name}', expected only {Names([.. Attributes.Select(a => a.Name)])}");
            }
        }
    }

    private static string Names(string[] names) => names.Length switch
    {
        0 => "none",
        > MostNamed => $"{names[0]} to {names[^1]}",
        _ => string.Join(", ", names),
    };
}

/// <summary>An attribute and the values that it may have; what it is where a node lacks it, null where a node must have it.</summary>
internal sealed record AttributeRange(string Name, int Min, int Max, int? Absent = null)
{
    /// <summary>An attribute that is 1 where it is there.</summary>
    internal static AttributeRange Flag(string name) => new(name, 1, 1, Absent: 0);
}
