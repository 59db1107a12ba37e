using System.Runtime.InteropServices;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>A node on its way into a folded graph; <paramref name="channels"/> are those of its output.</summary>
internal sealed class FoldedNode(GraphNode node, int channels, IReadOnlyDictionary<string, StoredTensor> tensors)
{
    internal GraphNode Node { get; } = node;

    // New contents of tensors by role, null for one that falls away; made when the first of them is.
    private Dictionary<string, double[]?>? _parameters;
    private string? _mark;

    internal Op Op { get; set; } = node.Op;

    internal string[] Inputs { get; } = [.. node.Inputs];

    internal static ReadOnlySpan<float> Floats(StoredTensor tensor) =>
        tensor.Type == StoredType.F32 ? MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span) : TensorData.Floats(tensor);

    /// <summary>True where the folded node has a tensor of this role that the stored one has not, or another one.</summary>
    internal bool Has(string role) => _parameters is not null && _parameters.ContainsKey(role);

    internal void Set(string role, double[]? values) => (_parameters ??= new(StringComparer.Ordinal))[role] = values;

    internal void Remove(string role) => Set(role, null);

    /// <summary>Gives the folded node an attribute, 1.</summary>
    internal void Mark(string attribute) => _mark = attribute;

    /// <summary>A parameter, to be read only; zeros where the node has none.</summary>
    internal double[] Parameter(string role)
    {
        if (_parameters is not null && _parameters.TryGetValue(role, out double[]? values) && values is not null)
        {
            return values;
        }

        var result = new double[channels];
        if (Node.Tensors.TryGetValue(role, out string? name))
        {
            ReadOnlySpan<float> stored = Floats(tensors[name]);
            for (int c = 0; c < result.Length; c++)
            {
                result[c] = stored[c];
            }
        }

        return result;
    }

    /// <summary>A parameter of the folded node, to be changed in place.</summary>
    internal double[] Edit(string role)
    {
        double[] values = Parameter(role);
        Set(role, values);
        return values;
    }

    /// <summary>Adds a constant, times a sign, to a parameter; null for nothing.</summary>
    internal void AddTo(string role, double[]? constant, int sign)
    {
        if (constant is null)
        {
            return;
        }

        double[] values = Edit(role);
        for (int c = 0; c < values.Length; c++)
        {
            values[c] += sign * constant[c];
        }
    }

    /// <summary>The stored tensors that the node keeps, by name.</summary>
    internal IEnumerable<string> Kept => Node.Tensors.Where(t => !Has(t.Key)).Select(t => t.Value);

    /// <summary>The node with its new tensors, which are added to <paramref name="folded"/>.</summary>
    /// <param name="folded">The folded graph's tensors: the kept ones are there.</param>
    internal GraphNode Build(Dictionary<string, StoredTensor> folded)
    {
        if (_parameters is null && _mark is null && Op == Node.Op)
        {
            return Node;
        }

        IReadOnlyDictionary<string, int> attributes = _mark is null ? Node.Attributes : new Dictionary<string, int>(Node.Attributes, StringComparer.Ordinal) { [_mark] = 1 };
        var roles = new Dictionary<string, string>(Node.Tensors, StringComparer.Ordinal);
        foreach ((string role, double[]? values) in _parameters ?? [])
        {
            roles.Remove(role);
            if (values is not null)
            {
                var bytes = new byte[values.Length * sizeof(float)];
                Span<float> floats = MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
                for (int c = 0; c < floats.Length; c++)
                {
                    floats[c] = (float)values[c];
                }

                string name = $"{Node.Name}.{role}";
                while (!folded.TryAdd(name, new StoredTensor(name, StoredType.F32, [values.Length], bytes)))
                {
                    name += "'";
                }

                roles[role] = name;
            }
        }

        return new GraphNode(Op, Node.Name, Inputs, Node.Output, roles, attributes);
    }
}
