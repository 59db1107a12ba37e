using EdgeVit.Runtime;

namespace EdgeVit.Export.Onnx;

/// <summary>Both attentions in ONNX.</summary>
internal static class OnnxAttention
{
    /// <summary>Matches = (d + s) / 2 with s the sum of products of signs; table and comparison in double precision.</summary>
    internal static void Binary(OnnxNode n)
    {
        int heads = n["heads"], size = n.To.Channels / heads;
        string scores = n.Named("MatMul", "scores", [Heads(n, 0, 0, 2, 1, 3), Heads(n, 1, 0, 2, 3, 1)]);
        string matches = n.Node("Mul", [n.Node("Add", [scores, n.Scalar($"head_size_{size}", (float)size)]), n.Scalar("half", 0.5f)]);
        double[] table = Array.ConvertAll(TensorData.Integers(n.Tensor("exp")), v => (double)v);
        bool perHead = n.Tensor("exp").Shape.Count == 2;
        if (perHead)
        {
            // The heads' tables one behind the other.
            float[] starts = [.. Enumerable.Range(0, heads).Select(h => (float)(h * (size + 1)))];
            matches = n.Node("Add", [matches, n.Shared($"exp_starts_{heads}x{size}", starts, 1, heads, 1, 1)]);
        }

        string index = n.Node("Cast", [matches], ("to", (long)OnnxType.Int32));
        string exp = n.Node("Gather", [perHead ? n.Constant("exp", table, table.Length) : n.Shared($"exp_table_{size}", table, table.Length), index], ("axis", 0));
        if (AttentionAttributes.MasksDiagonal(n.Source))
        {
            // An exponential of 0 adds nothing to a sum and is above no limit.
            int tokens = n.To.Tokens;
            exp = n.Node("Mul", [exp, n.Shared($"others_{tokens}", Others(tokens), 1, 1, tokens, tokens)]);
        }

        string context = n.Node("MatMul", [Weights(n, exp, heads), Heads(n, 2, 0, 2, 1, 3)]);
        string joined = n.Named("Reshape", "counts", [n.Node("Transpose", [context], ("perm", (long[])[0, 2, 1, 3])), n.Sizes(1, n.To.Tokens, n.To.Channels)]);
        n.Output("Add", [n.Node("Mul", [joined, n.Vector("scale")]), n.Vector("offset")]);
    }

    /// <summary>Scores by <c>1 / sqrt(d)</c>, a softmax over the keys.</summary>
    internal static void Softmax(OnnxNode n)
    {
        int size = n.To.Channels / n["heads"];
        string product = n.Node("MatMul", [Heads(n, 0, 0, 2, 1, 3), Heads(n, 1, 0, 2, 3, 1)]);
        string scores = n.Node("Mul", [product, n.Scalar($"score_scale_{size}", (float)(1 / Math.Sqrt(size)))]);
        string context = n.Node("MatMul", [n.Node("Softmax", [scores], ("axis", -1)), Heads(n, 2, 0, 2, 1, 3)]);
        n.Output("Reshape", [n.Node("Transpose", [context], ("perm", (long[])[0, 2, 1, 3])), n.Sizes(1, n.To.Tokens, n.To.Channels)]);
    }

    // The attention bits of all levels, added up.
    private static string Weights(OnnxNode n, string exp, int heads)
    {
        string sum = n.Node("ReduceSum", [exp, n.Sizes(3)], ("keepdims", 1));
        double[] clip = Array.ConvertAll(n.Floats("clip"), v => (double)v);
        string threshold = n.Node("Mul", [sum, n.Constant("clip", clip, 1, heads, 1, 1)]);
        string doubled = n.Node("Mul", [exp, n.Scalar("two_double", 2.0)]);
        string weights = n.Node("Cast", [n.Named("Greater", "bits", [doubled, threshold])], ("to", (long)OnnxType.Float));
        for (int level = 2; level <= AttentionAttributes.Levels(n.Source); level++)
        {
            string factor = n.Scalar($"odd_{(2 * level) - 1}_double", (2.0 * level) - 1);
            string further = n.Named("Greater", $"bits{level}", [doubled, n.Node("Mul", [threshold, factor])]);
            weights = n.Node("Add", [weights, n.Node("Cast", [further], ("to", (long)OnnxType.Float))]);
        }

        return weights;
    }

    // An input's heads, [1, heads, tokens, size] or in another order.
    private static string Heads(OnnxNode n, int input, params long[] order) => n.Node(
        "Transpose", [n.Node("Reshape", [n.Input(input), n.Sizes(1, n.Shape(input).Tokens, n["heads"], n.To.Channels / n["heads"])])], ("perm", order));

    /// <summary>0 on the diagonal, 1 beside it.</summary>
    private static double[] Others(int tokens)
    {
        var others = new double[tokens * tokens];
        for (int i = 0; i < others.Length; i++)
        {
            others[i] = i % (tokens + 1) == 0 ? 0 : 1;
        }

        return others;
    }
}
