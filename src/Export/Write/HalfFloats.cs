using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Float tensors that are rounded together, by what a rounding does to the network.</summary>
[Flags]
public enum FloatGroups
{
    /// <summary>None: every float is exact.</summary>
    None = 0,

    /// <summary>The large ones: position embeddings, learned tokens, the weights and biases of float convolutions and linears.</summary>
    Tables = 1,

    /// <summary>Scales, offsets and the vectors of RPReLU.</summary>
    Affines = 2,

    /// <summary>The shifts before signs: a rounding may turn a sign directly.</summary>
    Thresholds = 4,

    /// <summary>All of them.</summary>
    All = Tables | Affines | Thresholds,
}

/// <summary>Stores floats in 16 bits.</summary>
public static class HalfFloats
{
    // A tensor whose largest value is below this would lose relative precision to the subnormals of the format.
    private const float SmallestScale = 1f / 1024;

    /// <summary>The same model with the tensors of some groups rounded to F16. Exact stay clips, epsilons, and tensors that F16 has no range
    /// for.</summary>
    public static LoweredModel Store(LoweredModel model, FloatGroups groups)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (groups == FloatGroups.None)
        {
            return model;
        }

        var tensors = new Dictionary<string, StoredTensor>(model.Tensors, StringComparer.Ordinal);
        foreach (GraphNode node in model.Graph.Nodes)
        {
            foreach ((string role, string name) in node.Tensors)
            {
                if ((GroupOf(node.Op, role) & groups) != 0 && tensors[name].Type == StoredType.F32 && Rounded(tensors[name]) is { } half)
                {
                    tensors[name] = half;
                }
            }
        }
        return model with { Tensors = tensors };
    }

    /// <summary>The group of a node's tensor; <see cref="FloatGroups.None"/> for one that is never rounded.</summary>
    public static FloatGroups GroupOf(Op op, string role) => (op, role) switch
    {
        (_, "clip" or "epsilon" or "exp") or (Op.BinaryLinear or Op.BinaryConv, "weight") => FloatGroups.None,
        (Op.ShiftSign, _) => FloatGroups.Thresholds,
        (Op.Conv2d or Op.Linear or Op.Position or Op.PrependTokens, _) => FloatGroups.Tables,
        _ => FloatGroups.Affines,
    };

    /// <summary>The groups of which a model has F16 tensors.</summary>
    public static FloatGroups GroupsOf(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(tensors);
        return graph.Nodes.SelectMany(n => n.Tensors.Where(t => tensors[t.Value].Type == StoredType.F16).Select(t => GroupOf(n.Op, t.Key)))
            .Aggregate(FloatGroups.None, (all, group) => all | group);
    }

    private static StoredTensor? Rounded(StoredTensor tensor)
    {
        LargeArrays.Expect(2L * tensor.Bytes.Length);
        float[] values = TensorData.Floats(tensor);
        float largest = values.Length == 0 ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude<float>(values));
        if (!(largest <= (float)Half.MaxValue) || (largest > 0 && largest < SmallestScale))
        {
            return null;
        }

        var bytes = new byte[2 * values.Length];
        TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(bytes.AsSpan()));
        return tensor with { Type = StoredType.F16, Bytes = bytes };
    }
}
