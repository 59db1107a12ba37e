using System.Numerics;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Binary attention in two steps: which keys a query attends to, and the sum of the values under them.</summary>
/// <param name="query">Bits <c>[N, C]</c>.</param>
/// <param name="key">Bits <c>[M, C]</c>.</param>
/// <param name="exp">Fixed-point exp by matches, <c>[d + 1]</c> or <c>[heads, d + 1]</c>.</param>
/// <param name="clip"><c>[heads]</c>.</param>
/// <param name="levels">Bits of a pair.</param>
/// <param name="maskDiagonal">Whether a query's own key has none.</param>
/// <param name="windows">Which keys a query meets; null for all.</param>
/// <param name="bias">What is added to the matches, <c>[heads, N, M]</c> or by places in a window; null for none.</param>
/// <param name="zero">The heads' zero points, in levels; null for none.</param>
internal sealed class ReferenceAttention(
    Value query, Value key, long[] exp, float[] clip, int levels, bool maskDiagonal, WindowForm? windows = null, sbyte[]? bias = null, float[]? zero = null)
{
    private readonly AttentionKeys _keys = new(windows, query.Shape, key.Shape.Tokens);

    /// <summary>Sees how many of the levels each key reaches for one head and query; of keys that the query does not meet, none.</summary>
    public delegate void RowBody(int head, int query, ReadOnlySpan<byte> reached);

    private int Size => query.Shape.Channels / clip.Length;

    /// <summary>The attention of a node.</summary>
    public static ReferenceAttention Of(NodeValues node) => Of(node.Node, [node.X, node.Input(1)], node.Tensor, node.Floats("clip"));

    /// <summary>The attention of a node from its inputs and tensors.</summary>
    public static ReferenceAttention Of(GraphNode node, IReadOnlyList<Value> inputs, Func<string, StoredTensor> tensor, float[] clip) => new(
        inputs[0], inputs[1], TensorData.Integers(tensor("exp")), clip, AttentionAttributes.Levels(node), AttentionAttributes.MasksDiagonal(node), WindowForm.Of(node),
        node.Tensors.ContainsKey("bias") ? TensorData.SmallIntegers(tensor("bias")) : null,
        node.Tensors.ContainsKey("zero") ? TensorData.Floats(tensor("zero")) : null);

    /// <summary>A head's zero point, in levels.</summary>
    public double Zero(int head) => zero?[head] ?? 0;

    /// <summary>The keys that a query meets.</summary>
    public IReadOnlyList<int> Keys(int query) => maskDiagonal ? [.. _keys.Of(query).Where(j => j != query)] : _keys.Of(query);

    /// <summary>The number of matches of a pair with its bias.</summary>
    public int Matches(int head, int query1, int key1)
    {
        int size = Size, matches = 0;
        for (int c = head * size; c < (head + 1) * size; c++)
        {
            matches += query.Bit(query1, c) == key.Bit(key1, c) ? 1 : 0;
        }

        return Biased(matches, head, query1, key1);
    }

    /// <summary>All rows of attention bits, head by head, query by query.</summary>
    public void Rows(RowBody body)
    {
        int keys = key.Shape.Tokens, size = Size, words = (size + 63) >> 6;
        int tableStride = exp.Length > size + 1 ? size + 1 : 0;
        int[] matches = new int[keys];
        byte[] reached = new byte[keys];
        for (int head = 0; head < clip.Length; head++)
        {
            (ulong[] queryBits, ulong[] keyBits) = (HeadBits(query, head * size, size), HeadBits(key, head * size, size));
            long[] table = exp[(head * tableStride)..((head * tableStride) + size + 1)];
            for (int t = 0; t < query.Shape.Tokens; t++)
            {
                long sum = 0;
                int own = maskDiagonal ? t : -1;
                IReadOnlyList<int> met = _keys.Of(t);
                foreach (int j in met)
                {
                    matches[j] = size;
                    for (int w = 0; w < words; w++)
                    {
                        matches[j] -= BitOperations.PopCount(queryBits[(t * words) + w] ^ keyBits[(j * words) + w]);
                    }

                    matches[j] = Biased(matches[j], head, t, j);
                    sum += j == own ? 0 : table[matches[j]];
                }

                double limit = (double)clip[head] * (double)sum;
                Array.Clear(reached);
                for (int level = 1; level <= levels; level++)
                {
                    double threshold = ((2 * level) - 1 + (2 * Zero(head))) * limit;
                    foreach (int j in met)
                    {
                        if (j != own && 2 * (double)table[matches[j]] > threshold)
                        {
                            reached[j]++;
                        }
                    }
                }

                body(head, t, reached);
            }
        }
    }

    /// <summary>The sums of the values' signs: a key counts once for each level that it reaches.</summary>
    public void Count(Value value, float[] y)
    {
        int channels = query.Shape.Channels, size = Size;
        Rows((head, t, reached) =>
        {
            IReadOnlyList<int> met = _keys.Of(t);
            for (int c = head * size; c < (head + 1) * size; c++)
            {
                int count = 0;
                foreach (int j in met)
                {
                    if (reached[j] > 0)
                    {
                        count += value.Bit(j, c) ? reached[j] : -reached[j];
                    }
                }

                y[(t * channels) + c] = count;
            }
        });
    }

    private int Biased(int matches, int head, int query1, int key1)
    {
        if (bias is null)
        {
            return matches;
        }

        (int rows, int columns) = windows is { } form ? (form.Places, form.Places) : (query.Shape.Tokens, key.Shape.Tokens);
        return Math.Clamp(matches + bias[(((head * rows) + _keys.Place(query1)) * columns) + _keys.Place(key1)], 0, Size);
    }

    // The signs of one head, each token's in words of its own.
    private static ulong[] HeadBits(Value x, int first, int size)
    {
        int words = (size + 63) >> 6;
        var bits = new ulong[x.Shape.Tokens * words];
        for (int t = 0; t < x.Shape.Tokens; t++)
        {
            for (int c = 0; c < size; c++)
            {
                if (x.Bit(t, first + c))
                {
                    bits[(t * words) + (c >> 6)] |= 1UL << c;
                }
            }
        }

        return bits;
    }
}
