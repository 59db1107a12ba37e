using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace EdgeVit.Quantize;

/// <summary>Finds held-out images that are training images, too: what they are used for comes out too good.</summary>
internal static class Duplicates
{
    /// <summary>What to say about images that have all pixels, at the network's size, in common with a training image; null where there are none, or where
    /// images are decoded on demand.</summary>
    /// <param name="source">Training and validation images.</param>
    /// <param name="split">Which of them are which.</param>
    /// <param name="test">The test images, within a set of their own or <paramref name="source"/>.</param>
    /// <param name="testIndices">Which of that set they are.</param>
    internal static string? Describe(PixelSource source, DataSplit split, PixelSource test, IReadOnlyList<int> testIndices)
    {
        if (!source.InMemory || !test.InMemory)
        {
            return null;
        }

        var known = new Dictionary<UInt128, int>(split.Train.Count);
        foreach (int index in split.Train)
        {
            known.TryAdd(Hash(source, index), index);
        }

        int[] validation = [.. split.Held.Where(i => known.ContainsKey(Hash(source, i)))], tested = [.. testIndices.Where(i => known.ContainsKey(Hash(test, i)))];
        if (validation.Length + tested.Length == 0)
        {
            return null;
        }

        (PixelSource first, int at) = tested.Length > 0 ? (test, tested[0]) : (source, validation[0]);
        return string.Create(CultureInfo.InvariantCulture,
            $"{tested.Length:N0} of {testIndices.Count:N0} test images and {validation.Length:N0} of {split.Held.Count:N0} validation images have the same pixels as a training image, so that accuracies come out too high; the first: {first.SourceName(at)} and {source.SourceName(known[Hash(first, at)])}");
    }

    private static UInt128 Hash(PixelSource source, int index) =>
        MemoryMarshal.Read<UInt128>(SHA256.HashData(source.Pixels(index, [])));
}
