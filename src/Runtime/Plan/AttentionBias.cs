using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime;

/// <summary>An attention's bias as its steps read it: for each query and head a row of bytes over the keys, 0 behind them up to a multiple of 64. Windows
/// that are cut off at the border have rows of their own, for the keys that are left.</summary>
internal sealed unsafe class AttentionBias
{
    private const int Alignment = 64;

    private readonly AttentionOperands _operands;
    private readonly nint[] _blocks;

    private AttentionBias(AttentionOperands operands, nint[] blocks) => (_operands, _blocks) = (operands, blocks);

    /// <summary>Bytes from row to row.</summary>
    internal int Stride => StrideOf(_operands);

    /// <summary>The bias of a node; null where it has none.</summary>
    internal static AttentionBias? Of(GraphNode node, EvitFile file, AttentionOperands operands, PlanWeights weights)
    {
        if (!operands.HasBias)
        {
            return null;
        }

        StoredTensor tensor = file.Tensors[node.Tensors["bias"]];
        ReadOnlySpan<sbyte> values = MemoryMarshal.Cast<byte, sbyte>(tensor.Bytes.Span);
        (int queries, int keys) = (tensor.Shape[1], tensor.Shape[2]);
        if (operands.Windows is not { } windows)
        {
            return new AttentionBias(operands, [(nint)Block(values, operands, All(queries), All(keys), queries, keys, weights)]);
        }

        // Only the windows at the border differ from the others.
        var found = new List<(int[] Places, nint Block)>();
        var blocks = new nint[windows.Count];
        for (int window = 0; window < blocks.Length; window++)
        {
            int[] places = windows.Places(window);
            int known = found.FindIndex(f => f.Places.AsSpan().SequenceEqual(places));
            if (known < 0)
            {
                known = found.Count;
                found.Add((places, (nint)Block(values, operands, places, places, queries, keys, weights)));
            }

            blocks[window] = found[known].Block;
        }

        return new AttentionBias(operands, blocks);
    }

    /// <summary>The row of a head and a query, which is the window's token of that index.</summary>
    internal sbyte* Row(int window, int head, int index)
    {
        int rows = _operands.Windows is { } windows ? windows.Tokens(window).Length : _operands.Queries;
        return (sbyte*)_blocks[window] + ((((long)head * rows) + index) * Stride);
    }

    /// <summary>The first row; queries' rows follow one another, head by head. For attention without windows.</summary>
    internal sbyte* First => (sbyte*)_blocks[0];

    /// <summary>counts[j] = clamp(counts[j] + bias[j], 0, size), eight at a time; sums saturate. Scalar twin: <see cref="AddScalar"/>.</summary>
    /// <param name="counts">Matching bits; room for a multiple of 64.</param>
    /// <param name="bias">A row.</param>
    /// <param name="keys">How many are real; up to the next multiple of 8 others change, too.</param>
    /// <param name="size">Bits of a head.</param>
    internal static void Add(ushort* counts, sbyte* bias, int keys, int size)
    {
        Vector128<short> most = Vector128.Create((short)size);
        for (int j = 0; j < keys; j += Vector128<short>.Count)
        {
            Vector128<short> sum = Vector128.AddSaturate(Vector128.Load((short*)counts + j), Eight(bias + j));
            Vector128.Min(Vector128.Max(sum, Vector128<short>.Zero), most).Store((short*)counts + j);
        }
    }

    /// <summary>The same of differing bits, from which the bias is taken.</summary>
    internal static void Subtract(ushort* counts, sbyte* bias, int keys, int size)
    {
        Vector128<short> most = Vector128.Create((short)size);
        for (int j = 0; j < keys; j += Vector128<short>.Count)
        {
            Vector128<short> difference = Vector128.SubtractSaturate(Vector128.Load((short*)counts + j), Eight(bias + j));
            Vector128.Min(Vector128.Max(difference, Vector128<short>.Zero), most).Store((short*)counts + j);
        }
    }

    internal static void AddScalar(ushort* counts, sbyte* bias, int keys, int size)
    {
        for (int j = 0; j < keys; j++)
        {
            counts[j] = (ushort)Math.Clamp(counts[j] + bias[j], 0, size);
        }
    }

    private static Vector128<short> Eight(sbyte* bias) => Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)bias).AsSByte());

    private static int StrideOf(AttentionOperands operands) => (operands.Keys + Alignment - 1) & -Alignment;

    private static int[] All(int count) => [.. Enumerable.Range(0, count)];

    private static sbyte* Block(ReadOnlySpan<sbyte> values, AttentionOperands operands, int[] queries, int[] keys, int allQueries, int allKeys, PlanWeights weights)
    {
        int stride = StrideOf(operands);
        sbyte* block = (sbyte*)weights.Allocate((long)operands.Heads * queries.Length * stride);
        sbyte* row = block;
        for (int head = 0; head < operands.Heads; head++)
        {
            foreach (int query in queries)
            {
                ReadOnlySpan<sbyte> from = values.Slice(((head * allQueries) + query) * allKeys, allKeys);
                for (int j = 0; j < keys.Length; j++)
                {
                    row[j] = from[keys[j]];
                }

                row += stride;
            }
        }

        return block;
    }
}
