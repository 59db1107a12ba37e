using System.Globalization;
using EdgeVit.Imaging;

namespace EdgeVit.Quantize;

/// <summary>Finds held-out images that are training images, too: what they are used for comes out too good.</summary>
internal static class Duplicates
{
    /// <summary>What to say about images that have all pixels, at the network's size, in common with a training image; null where there are none.</summary>
    /// <param name="source">Training and validation images.</param>
    /// <param name="split">Which of them are which.</param>
    /// <param name="test">The test images, within a set of their own or <paramref name="source"/>.</param>
    /// <param name="testIndices">Which of that set they are.</param>
    /// <param name="looks">What is known of <paramref name="source"/> and of <paramref name="test"/> where they are decoded on demand.</param>
    internal static string? Describe(
        PixelSource source, DataSplit split, PixelSource test, IReadOnlyList<int> testIndices, (PictureSurvey? Source, PictureSurvey? Test) looks = default)
    {
        var known = new Dictionary<UInt128, int>(split.Train.Count);
        int compared = 0;
        foreach (int index in split.Train)
        {
            if (Hash(source, index, looks.Source) is { } hash)
            {
                known.TryAdd(hash, index);
                compared++;
            }
        }

        bool IsKnown(PixelSource set, int index, PictureSurvey? look) => Hash(set, index, look) is { } hash && known.ContainsKey(hash);
        int[] validation = [.. split.Held.Where(i => IsKnown(source, i, looks.Source))], tested = [.. testIndices.Where(i => IsKnown(test, i, looks.Test))];
        if (validation.Length + tested.Length == 0)
        {
            return null;
        }

        (PixelSource first, int at, PictureSurvey? of) = tested.Length > 0 ? (test, tested[0], looks.Test) : (source, validation[0], looks.Source);
        string among = compared == split.Train.Count ? "" : string.Create(CultureInfo.InvariantCulture, $" (looked at: {compared:N0} of {split.Train.Count:N0})");
        return string.Create(CultureInfo.InvariantCulture,
            $"{tested.Length:N0} of {testIndices.Count:N0} test images and {validation.Length:N0} of {split.Held.Count:N0} validation images have the same pixels as a training image{among}, so that accuracies come out too high; the first: {first.SourceName(at)} and {source.SourceName(known[Hash(first, at, of)!.Value])}");
    }

    private static UInt128? Hash(PixelSource source, int index, PictureSurvey? look) => source.IsKept ? PixelHash.Of(source.Pixels(index, new byte[source.ImageBytes])) : look?.Hash(index);
}
