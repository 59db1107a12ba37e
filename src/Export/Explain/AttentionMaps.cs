using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>What a head does whatever the query is.</summary>
internal enum HeadState
{
    /// <summary>It attends to some keys and not to others, by the query.</summary>
    Mixed,

    /// <summary>Every query attends to every key.</summary>
    AllOn,

    /// <summary>No query attends to any key.</summary>
    AllOff,

    /// <summary>Every query attends to the same keys.</summary>
    SameKeys,
}

/// <summary>A head on one image.</summary>
/// <param name="Share">Share of the pairs of query and key that are on, 0 to 1.</param>
/// <param name="Distance">Mean distance of a query's patch to the keys' that it attends to, in shares of the picture's side; null where no patch attends to one.</param>
/// <param name="State">What it does whatever the query is.</param>
internal sealed record HeadFacts(double Share, double? Distance, HeadState State);

/// <summary>The attention bits of a layer for one image.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Reached">How many of the levels a pair has, <c>[heads, queries, keys]</c>.</param>
internal sealed record AttentionMaps(AttentionLayer Layer, byte[] Reached)
{
    private readonly TokenWindows? _windows = Layer.Windows();

    /// <summary>The bits that the reference interpreter sums over.</summary>
    public static AttentionMaps Of(AttentionLayer layer, GraphInterpreter interpreter, IReadOnlyDictionary<string, Value> values)
    {
        int keys = layer.Keys.Tokens;
        byte[] reached = new byte[layer.Heads * layer.Queries.Tokens * keys];
        ReferenceAttention.Of(new NodeValues(interpreter, layer.Node, values)).Rows(
            (head, query, row) => row.CopyTo(reached.AsSpan(((head * layer.Queries.Tokens) + query) * keys, keys)));
        return new AttentionMaps(layer, reached);
    }

    /// <summary>The keys of a head and query: the levels that each has reached.</summary>
    public ReadOnlySpan<byte> Row(int head, int query) => Reached.AsSpan(((head * Layer.Queries.Tokens) + query) * Layer.Keys.Tokens, Layer.Keys.Tokens);

    /// <summary>For each token the number of its window; null where there are none.</summary>
    public int[]? WindowOfToken() => _windows is { } windows ? [.. Enumerable.Range(0, Layer.Queries.Tokens).Select(windows.Of)] : null;

    /// <summary>Bits of all pairs that meet.</summary>
    public long BitCount => (long)Layer.Levels * Layer.Heads * Pairs(masked: false);

    /// <summary>All bits, the first in the lowest place of the first byte: plane by plane (a pair has bit j where it reached level j + 1), head by head, query by
    /// query, key by key; with windows the keys of the query's window.</summary>
    public byte[] Packed()
    {
        byte[] bits = new byte[(BitCount + 7) / 8];
        for (int level = 0, at = 0; level < Layer.Levels; level++)
        {
            for (int row = 0; row < Layer.Heads * Layer.Queries.Tokens; row++)
            {
                (int head, int query) = int.DivRem(row, Layer.Queries.Tokens);
                ReadOnlySpan<byte> reached = Row(head, query);
                for (int i = 0, count = Met(query); i < count; i++, at++)
                {
                    bits[at >> 3] |= (byte)((reached[Key(query, i)] > level ? 1 : 0) << (at & 7));
                }
            }
        }

        return bits;
    }

    /// <summary>What is to be said about each head.</summary>
    public IReadOnlyList<HeadFacts> Heads() => [.. Enumerable.Range(0, Layer.Heads).Select(Head)];

    /// <summary>The mean distance if every query attended to every key, as a head's would be that does not look at places.</summary>
    public double? EvenDistance() => Distance((_, _) => 1);

    private HeadFacts Head(int head)
    {
        int queries = Layer.Queries.Tokens, keys = Layer.Keys.Tokens, on = 0;
        bool same = true;
        for (int q = 0; q < queries; q++)
        {
            ReadOnlySpan<byte> row = Row(head, q);
            on += keys - row.Count((byte)0);
            same &= row.SequenceEqual(Row(head, _windows?.Tokens(_windows.Of(q))[0] ?? 0));
        }

        long pairs = Pairs(Layer.MasksDiagonal);
        HeadState state = on == 0 ? HeadState.AllOff : on == pairs ? HeadState.AllOn : same && queries > 1 ? HeadState.SameKeys : HeadState.Mixed;
        return new HeadFacts(pairs == 0 ? 0 : (double)on / pairs, Distance((q, k) => Row(head, q)[k]), state);
    }

    /// <summary>Keys that a query meets, and the token of one of them.</summary>
    private int Met(int query) => _windows?.Tokens(_windows.Of(query)).Length ?? Layer.Keys.Tokens;

    private int Key(int query, int index) => _windows?.Tokens(_windows.Of(query))[index] ?? index;

    /// <summary>Pairs of a query and a key that meet, without those of a token with itself where they are masked.</summary>
    private long Pairs(bool masked)
    {
        long pairs = 0;
        for (int q = 0; q < Layer.Queries.Tokens; q++)
        {
            pairs += Met(q) - (masked ? 1 : 0);
        }

        return pairs;
    }

    private double? Distance(Func<int, int, int> weight)
    {
        double sum = 0;
        long count = 0;
        for (int q = Layer.Queries.Leading; q < Layer.Queries.Tokens; q++)
        {
            (double y, double x) = Layer.Queries.Place(q)!.Value;
            for (int i = 0; i < Met(q); i++)
            {
                int k = Key(q, i);
                if (k < Layer.Keys.Leading)
                {
                    continue;
                }

                int times = Layer.MasksDiagonal && q == k ? 0 : weight(q, k);
                if (times > 0)
                {
                    (double ky, double kx) = Layer.Keys.Place(k)!.Value;
                    sum += times * Math.Sqrt(((y - ky) * (y - ky)) + ((x - kx) * (x - kx)));
                    count += times;
                }
            }
        }

        return count == 0 ? null : sum / count;
    }
}
