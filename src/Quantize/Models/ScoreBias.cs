using EdgeVit.Export;
using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The learned bias of attention's scores, a number in logits for each head and offset. The binary network rounds it to whole matches of signs, with
/// the gradient of what is not rounded.</summary>
/// <param name="numbers">The parameter <c>[heads, numbers]</c>.</param>
/// <param name="table">Which number a pair has.</param>
/// <param name="headSize">Channels of a head.</param>
internal sealed class ScoreBias(Parameter numbers, BiasTable table, int headSize)
{
    private readonly int[] _entries = table.Entries();

    /// <summary>What is added to the products of a query's and a key's signs, <c>[heads, queries, keys]</c>.</summary>
    /// <param name="places">Which places of a window there are, for queries and keys; null for all pairs.</param>
    /// <param name="binary">Whether it is rounded.</param>
    internal Tensor Products(int[]? places, bool binary)
    {
        Tensor matches = numbers.mul(Number(BiasTable.PerLogit(headSize)));
        if (binary)
        {
            matches = matches.add(matches.round().sub(matches).detach(), One).clamp(Number(sbyte.MinValue), Number(sbyte.MaxValue));
        }

        (int queries, int keys) = table.Pairs;
        long[] pairs = places is null
            ? [.. _entries.Select(e => (long)e)]
            : [.. places.SelectMany(q => places.Select(k => (long)_entries[(q * keys) + k]))];
        int rows = places?.Length ?? queries;
        return matches.index_select(1, torch.tensor(pairs, device: numbers.device)).view(numbers.shape[0], rows, -1).mul(Number(2));
    }
}
