using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Float tensors that are rounded together.</summary>
[Flags]
internal enum FloatGroups
{
    /// <summary>None: every float is exact.</summary>
    None = 0,

    /// <summary>The large ones: position embeddings, learned tokens, the weights of float convolutions and linears.</summary>
    Tables = 1,

    /// <summary>Factors of each channel: the scales of products, norms and summands, the slopes of RPReLU.</summary>
    Scales = 2,

    All = Tables | Scales,
}

/// <summary>Stores floats in 16 bits.</summary>
internal static class HalfFloats
{
    // A tensor whose largest value is below this would lose relative precision to the subnormals of the format.
    private const float SmallestScale = 1f / 1024;

    /// <summary>The same model with the tensors of some groups rounded to F16. Exact stay whatever is added (offsets, biases, the shifts before
    /// signs: a rounding there turns signs), clips, epsilons, and tensors that F16 has no range for. Where a product counts differing bits its
    /// offset makes up for the rounding of the scale at the <see cref="Middle"/> of the counts.</summary>
    public static LoweredModel Store(LoweredModel model, FloatGroups groups)
    {
        if (groups == FloatGroups.None)
        {
            return model;
        }

        var tensors = new Dictionary<string, StoredTensor>(model.Tensors, StringComparer.Ordinal);
        IReadOnlyDictionary<string, ValueShape> shapes = GraphValidator.Validate(model.Graph, model.Tensors);
        foreach (GraphNode node in model.Graph.Nodes)
        {
            foreach ((string role, string name) in node.Tensors)
            {
                if ((GroupOf(node.Op, role) & groups) != 0 && tensors[name].Type == StoredType.F32 && Rounded(tensors[name]) is { } half)
                {
                    if (role == "scale" && Middle(node, shapes[node.Inputs[0]].Channels) is > 0 and var middle)
                    {
                        tensors[node.Tensors["offset"]] = MakingUp(tensors[node.Tensors["offset"]], tensors[name], half, middle);
                    }

                    tensors[name] = half;
                }
            }
        }
        return model with { Tensors = tensors };
    }

    /// <summary>The group of a node's tensor; <see cref="FloatGroups.None"/> for one that is never rounded.</summary>
    public static FloatGroups GroupOf(Op op, string role)
    {
        return (op, role) switch
        {
            (Op.Conv2d or Op.DepthwiseConv2d or Op.Linear, "weight") or (_, "position" or "tokens") => FloatGroups.Tables,
            (_, "slope") => FloatGroups.Scales,
            _ => role.StartsWith("scale", StringComparison.Ordinal) ? FloatGroups.Scales : FloatGroups.None,
        };
    }

    /// <summary>The count of differing bits whose dot product is 0, of a product that counts them and has so many channels as input; 0 for every
    /// other node.</summary>
    internal static double Middle(GraphNode node, int channels)
    {
        int kernel = node.Attributes.GetValueOrDefault("kernel", 1);
        return node.Attributes.ContainsKey(OpAttributes.Counts) ? kernel * kernel * channels / 2.0 : 0;
    }

    /// <summary>The groups of which a model has F16 tensors.</summary>
    public static FloatGroups GroupsOf(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        return graph.Nodes.SelectMany(n => n.Tensors.Where(t => tensors[t.Value].Type == StoredType.F16).Select(t => GroupOf(n.Op, t.Key)))
            .Aggregate(FloatGroups.None, (all, group) => all | group);
    }

    /// <summary>The offset with which a product of the rounded scale is at a count what it was with the exact one.</summary>
    private static StoredTensor MakingUp(StoredTensor offset, StoredTensor scale, StoredTensor rounded, double count)
    {
        (float[] offsets, float[] exact, float[] half) = (TensorData.Floats(offset), TensorData.Floats(scale), TensorData.Floats(rounded));
        return TensorData.Of(offset.Name, [.. offsets.Select((o, c) => (float)(o + (count * ((double)exact[c] - half[c]))))], offsets.Length);
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
