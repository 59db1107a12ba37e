namespace EdgeVit.Export;

/// <summary>How much of each patch reaches the class token if a layer's output is half of what came in and half of what it attends to (Abnar and Zuidema,
/// "Quantifying Attention Flow in Transformers", ACL 2020); heads are averaged.</summary>
/// <param name="Grid">Where the patches lie.</param>
/// <param name="Shares"><c>[rows * columns]</c>.</param>
/// <param name="Layers">How many layers it leads through.</param>
/// <param name="FromMean">Whether the class token began as the mean of the patches, in a head of its own.</param>
internal sealed record AttentionRollout(TokenGrid Grid, float[] Shares, int Layers, bool FromMean)
{
    // A matrix of so many tokens takes 128 MB.
    private const int MostTokens = 4096;

    /// <summary>The rollout of the layers in which a class token attends; null where there is none.</summary>
    public static AttentionRollout? Of(IReadOnlyList<AttentionMaps> attention)
    {
        AttentionMaps[] layers = [.. attention.Where(a => a.Layer.Queries.Leading > 0 && a.Layer.Keys is { Leading: > 0, Patches: > 0 })];
        if (layers.Length == 0 || layers.Any(l => l.Layer.Keys != layers[0].Layer.Keys) || layers[0].Layer.Keys.Tokens > MostTokens)
        {
            return null;
        }

        TokenGrid grid = layers[0].Layer.Keys;
        bool fromMean = layers[0].Layer.Queries.Tokens == 1;
        double[][] flow = [.. Enumerable.Range(0, grid.Tokens).Select(t => Start(t, grid, fromMean))];
        foreach (AttentionMaps layer in layers)
        {
            double[][] next = [.. flow.Take(layer.Layer.Queries.Tokens).Select((_, query) => Step(layer, query, flow))];
            next.CopyTo(flow, 0);
        }

        return new AttentionRollout(grid, [.. flow[0].Skip(grid.Leading).Select(v => (float)v)], layers.Length, fromMean);
    }

    private static double[] Start(int token, TokenGrid grid, bool fromMean)
    {
        double[] row = new double[grid.Tokens];
        if (fromMean && token < grid.Leading)
        {
            Array.Fill(row, 1.0 / grid.Patches, grid.Leading, grid.Patches);
        }
        else
        {
            row[token] = 1;
        }

        return row;
    }

    // A head that attends to nothing passes on what came in.
    private static double[] Step(AttentionMaps layer, int query, double[][] flow)
    {
        double[] weights = new double[flow.Length];
        for (int head = 0; head < layer.Layer.Heads; head++)
        {
            ReadOnlySpan<byte> row = layer.Row(head, query);
            int sum = 0;
            foreach (byte reached in row)
            {
                sum += reached;
            }

            for (int k = 0; k < row.Length; k++)
            {
                weights[k] += sum == 0 ? (k == query ? 1 : 0) : (double)row[k] / sum;
            }
        }

        double[] result = [.. flow[query].Select(v => 0.5 * v)];
        for (int k = 0; k < weights.Length; k++)
        {
            double weight = 0.5 * weights[k] / layer.Layer.Heads;
            for (int t = 0; weight > 0 && t < result.Length; t++)
            {
                result[t] += weight * flow[k][t];
            }
        }

        return result;
    }
}
