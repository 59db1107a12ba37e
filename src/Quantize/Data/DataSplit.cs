namespace EdgeVit.Quantize;

/// <summary>Indices of the training set, split by seed and by class.</summary>
internal sealed record DataSplit(IReadOnlyList<int> Train, IReadOnlyList<int> Held)
{
    /// <summary>Images without labels, from which the student learns what the teacher says.</summary>
    public IReadOnlyList<int> Unlabelled { get; init; } = [];

    /// <summary>The same with those among the images to learn from.</summary>
    public DataSplit WithUnlabelled() => Unlabelled.Count == 0 ? this : new DataSplit([.. Train, .. Unlabelled], Held);

    /// <summary>Holds out a <paramref name="share"/> of every class, at most <paramref name="most"/> images in all; every class keeps at least
    /// one image to learn from.</summary>
    /// <param name="share">Share that is held out, 0 to 1.</param>
    /// <param name="most">Upper bound of images held out.</param>
    public static DataSplit By(IReadOnlyList<int> indices, Func<int, int> label, int classes, double share, int most, ulong seed)
    {
        share = Math.Min(share, (double)most / Math.Max(1, indices.Count));
        int[] total = new int[classes];
        foreach (int index in indices)
        {
            total[label(index)]++;
        }

        int[] quota = [.. total.Select(n => Math.Min(Math.Max(0, n - 1), (int)Math.Round(n * share)))];

        List<int> train = [];
        List<int> held = [];
        foreach (int at in CounterRandom.Permutation(indices.Count, seed, 0x53504C49))
        {
            int index = indices[at];
            if (quota[label(index)]-- > 0)
            {
                held.Add(index);
            }
            else
            {
                train.Add(index);
            }
        }
        train.Sort();
        held.Sort();
        return new DataSplit(train, held);
    }
}
