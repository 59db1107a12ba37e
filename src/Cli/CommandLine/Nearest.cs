namespace EdgeVit.Cli;

/// <summary>What a person may have meant.</summary>
internal static class Nearest
{
    /// <summary>The candidate that is nearest to a word, where one is near enough to be meant; else null.</summary>
    public static string? To(string word, IEnumerable<string> candidates)
    {
        string asked = word.ToUpperInvariant();
        (string? name, int distance) = candidates.Select(c => (c, Distance(asked, c.ToUpperInvariant()))).OrderBy(p => p.Item2).FirstOrDefault();
        if (name is null)
        {
            return null;
        }

        bool begins = asked.TrimStart('-').Length >= 2 && name.TrimStart('-').StartsWith(asked.TrimStart('-'), StringComparison.OrdinalIgnoreCase);
        return begins || distance <= Math.Max(1, name.Length / 3) ? name : null;
    }

    /// <summary>Damerau's distance with adjacent swaps: how many keys were hit wrongly.</summary>
    internal static int Distance(string a, string b)
    {
        var cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            cost[i, 0] = i;
        }

        for (int j = 0; j <= b.Length; j++)
        {
            cost[0, j] = j;
        }

        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int best = Math.Min(Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    best = Math.Min(best, cost[i - 2, j - 2] + 1);
                }

                cost[i, j] = best;
            }
        }
        return cost[a.Length, b.Length];
    }
}
