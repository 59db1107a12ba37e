namespace EdgeVit.Runtime;

/// <summary>A node on its way into a folded graph.</summary>
/// <param name="node">As it is stored.</param>
/// <param name="channels">Channels of its output.</param>
/// <param name="tensors">The stored tensors.</param>
internal sealed class FoldedNode(GraphNode node, int channels, IReadOnlyDictionary<string, StoredTensor> tensors)
{
    internal GraphNode Node { get; } = node;

    internal Op Op { get; set; } = node.Op;

    internal string[] Inputs { get; } = [.. node.Inputs];

    /// <summary>New contents of tensors by role; null for one that falls away.</summary>
    internal Dictionary<string, double[]?> Parameters { get; } = new(StringComparer.Ordinal);

    internal Dictionary<string, int> Attributes { get; } = new(node.Attributes, StringComparer.Ordinal);

    /// <summary>A copy of a parameter; zeros where the node has none.</summary>
    internal double[] Parameter(string role)
    {
        if (Parameters.TryGetValue(role, out double[]? values) && values is not null)
        {
            return (double[])values.Clone();
        }

        var result = new double[channels];
        if (Node.Tensors.TryGetValue(role, out string? name))
        {
            float[] stored = TensorData.Floats(tensors[name]);
            for (int c = 0; c < result.Length; c++)
            {
                result[c] = stored[c];
            }
        }

        return result;
    }

    /// <summary>Adds a constant, times a sign, to a parameter; null for nothing.</summary>
    internal void AddTo(string role, double[]? constant, int sign)
    {
        if (constant is null)
        {
            return;
        }

        double[] values = Parameter(role);
        for (int c = 0; c < values.Length; c++)
        {
            values[c] += sign * constant[c];
        }

        Parameters[role] = values;
    }

    /// <summary>The node with its new tensors, which are added to <paramref name="folded"/>.</summary>
    internal GraphNode Build(Dictionary<string, StoredTensor> folded)
    {
        var roles = new Dictionary<string, string>(Node.Tensors, StringComparer.Ordinal);
        foreach ((string role, double[]? values) in Parameters)
        {
            roles.Remove(role);
            if (values is not null)
            {
                var floats = new float[values.Length];
                for (int c = 0; c < floats.Length; c++)
                {
                    floats[c] = (float)values[c];
                }

                string name = $"{Node.Name} {role}";
                folded[name] = TensorData.Of(name, floats, floats.Length);
                roles[role] = name;
            }
        }

        return new GraphNode(Op, Node.Name, Inputs, Node.Output, roles, Attributes);
    }
}
