namespace EdgeVit.Quantize;

/// <summary>A part of every batch. Images <c>i</c> and <c>B - 1 - i</c>, which may be mixed with one another, are in the same part, in mirrored
/// places.</summary>
/// <param name="Part">Which, from 0.</param>
/// <param name="Parts">How many; at most half the images.</param>
/// <param name="Apart">Whether a part is one stretch of these pairs, as where each is normalised by itself; otherwise they are dealt out one by one,
/// so that the same stretch of all parts together is a stretch of the batch.</param>
internal sealed record BatchShare(int Part, int Parts, bool Apart)
{
    /// <summary>The whole batch.</summary>
    public static BatchShare All { get; } = new(0, 1, true);

    /// <summary>What of every batch this process works on.</summary>
    internal static BatchShare Of(ProcessGroup? group, bool apart) => group is null ? All : new BatchShare(group.Rank, group.Size, apart);

    /// <summary>Positions in a batch of so many images.</summary>
    public int[] Of(int images)
    {
        if (Parts == 1)
        {
            return [.. Enumerable.Range(0, images)];
        }

        int pairs = (images + 1) / 2;
        int begin = (int)((long)pairs * Part / Parts);
        int end = (int)((long)pairs * (Part + 1) / Parts);
        int[] first = Apart
            ? [.. Enumerable.Range(begin, end - begin)]
            : [.. Enumerable.Range(0, pairs).Where(i => i % Parts == Part)];
        return [.. first, .. first.Reverse().Select(i => images - 1 - i).Where(i => i >= pairs)];
    }
}
