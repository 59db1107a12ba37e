using EdgeVit.Runtime;

namespace EdgeVit.Export.Onnx;

/// <summary>Both attentions in ONNX, in 32-bit floats.</summary>
/// <remarks>
/// The packed model attends to a key with m matches when <c>2 * exp[m] &gt; clip * sum</c>, in fixed point and double precision. For each m that is the
/// case up to some sum, which is found here with the runtime's own roundings (<see cref="AttentionDigits"/>): the graph looks up that limit and
/// compares it with the row's sum. Sums and limits are whole numbers of up to 57 bits, in digits of at most 16 that floats hold exactly; the
/// comparison is the sign of their difference, digit by digit, each weighed so that those below it cannot outweigh it.
/// </remarks>
internal static class OnnxAttention
{
    internal static void Binary(OnnxNode n)
    {
        int size = n.To.Channels / n["heads"];
        OnnxWindows? windows = OnnxWindows.Of(n);
        (int heads, int tokens, int keys) = windows is null ? (n["heads"], n.To.Tokens, n.Shape(1).Tokens) : (windows.Heads, windows.Places, windows.Places);
        string Operand(int input, params long[] order) => windows?.Split(n, input, order) ?? Heads(n, input, order);
        var digits = new AttentionDigits(keys);
        string product = n.Named("MatMul", "scores", [Operand(0, 0, 2, 1, 3), Operand(1, 0, 2, 3, 1)]);
        string index = n.Node("Cast", [Places(n, product, windows, size)], ("to", (long)OnnxType.Int32));
        string? others = Met(n, windows);
        long[] table = TensorData.Integers(n.Tensor("exp"));
        long[] exp = n.Tensor("exp").Shape.Count == 2 ? table : [.. Enumerable.Repeat(table, n["heads"]).SelectMany(t => t)];
        string[] sum = Carried(n, digits, [.. Enumerable.Range(0, digits.Count).Select(d =>
        {
            string part = Looked(n, digits, $"exp{d}", exp, d, weighed: false, index, heads, tokens, keys);
            return n.Node("ReduceSum", [others is null ? part : n.Node("Mul", [part, others]), n.Sizes(3)], ("keepdims", 1));
        })]);

        float[] clip = n.Floats("clip"), zero = n.Has("zero") ? n.Floats("zero") : new float[clip.Length];
        string weights = "";
        for (int level = 1; level <= AttentionAttributes.Levels(n.Source); level++)
        {
            long[] limits = [.. exp.Select((e, i) => digits.Limit(e, clip[i / (size + 1)], level, zero[i / (size + 1)]))];
            string difference = "";
            for (int d = 0; d < digits.Count; d++)
            {
                string limit = Looked(n, digits, $"limit{level}_{d}", limits, d, weighed: true, index, heads, tokens, keys);
                string one = n.Node("Sub", [limit, sum[d]]);
                difference = d == 0 ? one : n.Node("Add", [one, difference]);
            }

            string bits = n.Node("Cast", [n.Named("GreaterOrEqual", level == 1 ? "bits" : $"bits{level}", [difference, n.Scalar("zero", 0f)])], ("to", (long)OnnxType.Float));
            weights = level == 1 ? bits : n.Node("Add", [weights, bits]);
        }

        string context = n.Node("MatMul", [others is null ? weights : n.Node("Mul", [weights, others]), Operand(2, 0, 2, 1, 3)]);
        string joined = windows?.Join(n, context)
            ?? n.Named("Reshape", "counts", [n.Node("Transpose", [context], ("perm", (long[])[0, 2, 1, 3])), n.Sizes(-1, tokens, n.To.Channels)]);
        n.Output("Add", [n.Node("Mul", [joined, n.Vector("scale")]), n.Vector("offset")]);
    }

    /// <summary>Where the tables of a pair have its number of matches: (d + s) / 2, s the sum of products of signs, with its bias, behind the places of the
    /// heads before.</summary>
    private static string Places(OnnxNode n, string product, OnnxWindows? windows, int size)
    {
        int heads = n["heads"], all = windows?.Heads ?? heads;
        string half = n.Node("Mul", [product, n.Scalar("half", 0.5f)]);
        if (!n.Has("bias"))
        {
            float[] starts = [.. Enumerable.Range(0, all).Select(h => (h % heads * (size + 1)) + (size / 2f))];
            return n.Node("Add", [half, n.Shared(all == heads ? $"match_starts_{heads}x{size}" : $"match_starts_{all}of{heads}x{size}", starts, 1, all, 1, 1)]);
        }

        (int queries, int keys) = (n.Tensor("bias").Shape[1], n.Tensor("bias").Shape[2]);
        float[] bias = [.. TensorData.SmallIntegers(n.Tensor("bias")).Select(b => b + (size / 2f))];
        string rows = windows is null ? half : n.Node("Reshape", [half, n.Sizes(-1, windows.Count, heads * queries, keys)]);
        string matches = n.Node("Add", [rows, windows is null ? n.Constant("bias", bias, 1, heads, queries, keys) : n.Constant("bias", bias, 1, 1, heads * queries, keys)]);
        string bounded = n.Node("Min", [n.Node("Max", [matches, n.Scalar("zero", 0f)]), n.Scalar($"match_most_{size}", (float)size)]);
        string back = windows is null ? bounded : n.Node("Reshape", [bounded, n.Sizes(-1, all, queries, keys)]);
        float[] begins = [.. Enumerable.Range(0, all).Select(h => (float)(h % heads * (size + 1)))];
        return n.Node("Add", [back, n.Shared($"match_begins_{all}of{heads}x{size}", begins, 1, all, 1, 1)]);
    }

    /// <summary>1 for pairs that count and 0 for others, to be multiplied with; null where all count.</summary>
    private static string? Met(OnnxNode n, OnnxWindows? windows)
    {
        bool masked = AttentionAttributes.MasksDiagonal(n.Source);
        if (windows is { IsCutOff: true })
        {
            return windows.Met(n, masked);
        }

        int tokens = windows?.Places ?? n.To.Tokens;
        return masked ? n.Shared($"others_{tokens}", Others(tokens), 1, 1, tokens, tokens) : null;
    }

    /// <summary>Scores by <c>1 / sqrt(d)</c>, a softmax over the keys.</summary>
    internal static void Softmax(OnnxNode n)
    {
        int size = n.To.Channels / n["heads"];
        string product = n.Node("MatMul", [Heads(n, 0, 0, 2, 1, 3), Heads(n, 1, 0, 2, 3, 1)]);
        string scores = n.Node("Mul", [product, n.Scalar($"score_scale_{size}", (float)(1 / Math.Sqrt(size)))]);
        string context = n.Node("MatMul", [n.Node("Softmax", [scores], ("axis", -1)), Heads(n, 2, 0, 2, 1, 3)]);
        n.Output("Reshape", [n.Node("Transpose", [context], ("perm", (long[])[0, 2, 1, 3])), n.Sizes(-1, n.To.Tokens, n.To.Channels)]);
    }

    /// <summary>Sums of digits, lowest first, as digits: what is above one goes to the next. Weighed as the limits are.</summary>
    private static string[] Carried(OnnxNode n, AttentionDigits digits, string[] sums)
    {
        for (int d = 0; d + 1 < sums.Length; d++)
        {
            string carry = n.Node("Floor", [n.Node("Mul", [sums[d], n.Scalar($"digit_{digits.Bits}_inverse", 1 / digits.Base)])]);
            sums[d] = n.Node("Sub", [sums[d], n.Node("Mul", [carry, n.Scalar($"digit_{digits.Bits}", digits.Base)])]);
            sums[d + 1] = n.Node("Add", [sums[d + 1], carry]);
        }

        for (int d = 1; d < sums.Length; d++)
        {
            sums[d] = n.Node("Mul", [sums[d], n.Scalar($"digit_{digits.Bits}_weight_{d}", digits.Weight(d))]);
        }

        return sums;
    }

    /// <summary>A digit of a table's values at an index, <c>[n, heads, tokens, keys]</c>. The table is <c>[values, 1]</c>: readers that know no vectors take
    /// one for that.</summary>
    private static string Looked(OnnxNode n, AttentionDigits digits, string name, long[] values, int digit, bool weighed, string index, int heads, int tokens, int keys)
    {
        float[] table = Array.ConvertAll(values, v => digits.Digit(v, digit) * (weighed ? digits.Weight(digit) : 1));
        string found = n.Node("Gather", [n.Constant(name, table, table.Length, 1), index], ("axis", 0));
        return n.Node("Reshape", [found, n.Sizes(-1, heads, tokens, keys)]);
    }

    // An input's heads, [n, heads, tokens, size] or in another order.
    private static string Heads(OnnxNode n, int input, params long[] order) => n.Node(
        "Transpose", [n.Node("Reshape", [n.Input(input), n.Sizes(-1, n.Shape(input).Tokens, n["heads"], n.To.Channels / n["heads"])])], ("perm", order));

    /// <summary>0 on the diagonal, 1 beside it.</summary>
    private static float[] Others(int tokens)
    {
        var others = new float[tokens * tokens];
        for (int i = 0; i < others.Length; i++)
        {
            others[i] = i % (tokens + 1) == 0 ? 0 : 1;
        }

        return others;
    }
}
