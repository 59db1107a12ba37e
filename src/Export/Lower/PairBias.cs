namespace EdgeVit.Export;

/// <summary>What is added to the matches of every pair of a query and a key, <c>[heads, queries, keys]</c>.</summary>
internal sealed record PairBias(sbyte[] Matches, int Heads, int Queries, int Keys)
{
    /// <summary>The bias that a table's numbers make; null for no table.</summary>
    /// <param name="table">Which number a pair has.</param>
    /// <param name="numbers">The tensor <c>[heads, numbers]</c>, in logits, of a table.</param>
    /// <param name="stage">Heads and their size.</param>
    public static PairBias? Of(BiasTable? table, Func<float[]> numbers, StageConfig stage)
    {
        if (table is null)
        {
            return null;
        }

        (float[] logits, int[] entries) = (numbers(), table.Entries());
        var matches = new sbyte[stage.Heads * entries.Length];
        for (int i = 0; i < matches.Length; i++)
        {
            matches[i] = BiasTable.Matches(logits[(i / entries.Length * table.Length) + entries[i % entries.Length]], stage.HeadSize);
        }

        return new PairBias(matches, stage.Heads, table.Pairs.Queries, table.Pairs.Keys);
    }
}
