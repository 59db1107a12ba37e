using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <content>Shapes and tables of binary attention.</content>
internal sealed partial class GraphValidator
{
    /// <summary>Checks what both attentions ask of their operands: their kind, the same channels, keys like values, whole heads.</summary>
    /// <returns>The keys' shape.</returns>
    private ValueShape Operands(GraphNode node, ValueShape query, ValueKind kind)
    {
        ValueShape key = Input(node.Inputs[1]);
        ValueShape value = Input(node.Inputs[2]);
        Expect(query, kind);
        Expect(key, kind);
        if (key != value || key.Channels != query.Channels)
        {
            throw new EvitFormatException($"{_where}: query is {query}, key {key}, value {value}, expected the same channels, and keys like values");
        }

        int heads = node.Attributes["heads"];
        if (query.Channels % heads != 0)
        {
            throw new EvitFormatException($"{_where}: {query.Channels} channels can't be split into {heads} heads");
        }

        return key;
    }

    internal ValueShape BinaryAttention(GraphNode node, ValueShape query)
    {
        ValueShape key = Operands(node, query, ValueKind.Bits);
        int heads = node.Attributes["heads"];

        // A channel's count of all levels is a 16-bit number.
        int levels = AttentionAttributes.Levels(node);
        Windows(node, query, key);
        int keys = AttentionAttributes.KeysOfQuery(node, key.Tokens);
        if ((long)keys * levels > short.MaxValue)
        {
            throw new EvitFormatException(
                $"{_where}: {keys} keys{(levels > 1 ? $" at {levels} levels" : "")}, expected at most {short.MaxValue / levels}");
        }

        if (AttentionAttributes.MasksDiagonal(node) && (key != query || keys < 2))
        {
            throw new EvitFormatException(
                $"{_where}: attribute 'maskDiagonal' is 1, which leaves a query's own key out, but query is {query} and key {key}; expected the same tokens, at least two");
        }

        ExpTables(node, heads, query.Channels / heads);
        Floats(node, "clip", heads);
        OptionalFloats(node, "zero", heads);
        PerChannel(node, query.Channels, "scale", "offset");
        int queries = WindowForm.Of(node)?.Places ?? query.Tokens;
        if (node.Tensors.ContainsKey("bias") && Tensor(node, "bias") is var bias && (bias.Type != StoredType.I8 || !IsShape(bias, heads, queries, keys)))
        {
            throw Wrong(node, "bias", bias, $"I8 [{heads}, {queries}, {keys}] for {heads} heads, {queries} queries and {keys} keys{(queries == query.Tokens ? "" : " of a window")}");
        }

        return query with { Kind = ValueKind.Tokens };
    }

    /// <summary>Windows divide the grid of queries and keys, which are the same tokens.</summary>
    private void Windows(GraphNode node, ValueShape query, ValueShape key)
    {
        if (WindowForm.Of(node) is not { } form)
        {
            string? alone = Array.Find(["pattern", "shift"], node.Attributes.ContainsKey);
            if (alone is not null)
            {
                throw new EvitFormatException($"{_where}: attribute '{alone}' is given without 'window', expected both or none");
            }

            return;
        }

        if (key != query || query.Height % form.Side != 0 || query.Width % form.Side != 0)
        {
            throw new EvitFormatException(
                $"{_where}: attribute 'window' is {form.Side}, but query is {query} and key {key}; expected the same tokens, on a grid whose sides are multiples of it");
        }

        if (form.Shift >= form.Side || (form.Shift > 0 && form.IsGrid))
        {
            throw new EvitFormatException(
                $"{_where}: attribute 'shift' is {form.Shift}, expected {(form.IsGrid ? "0, as 'pattern' is 1, a grid" : $"0 to {form.Side - 1}, less than 'window'")}");
        }
    }

    /// <summary>One table for all heads, or one for each.</summary>
    private void ExpTables(GraphNode node, int heads, int size)
    {
        StoredTensor exp = Tensor(node, "exp");
        if (exp.Type != StoredType.I64 || !(IsShape(exp, size + 1) || IsShape(exp, heads, size + 1)))
        {
            throw Wrong(node, "exp", exp, $"I64 [{size + 1}] or [{heads}, {size + 1}] for {heads} heads of {size} channels");
        }

        // Below 2^46 each, so that a sum over 2^15 keys stays within 63 bits; ascending, so that a row has one threshold for each level.
        ReadOnlySpan<long> values = MemoryMarshal.Cast<byte, long>(exp.Bytes.Span);
        for (int begin = 0; begin < values.Length; begin += size + 1)
        {
            long previous = 0;
            foreach (long value in values.Slice(begin, size + 1))
            {
                if (value < previous || value > 1L << 46)
                {
                    throw new EvitFormatException(
                        $"{_where}: table 'exp' ('{exp.Name}') holds {value} after {previous}, expected ascending values from 0 to 2^46");
                }

                previous = value;
            }
        }
    }
}
