using System.Globalization;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>What a training needs of memory, measured on parts of a batch, and how a batch is divided so that it suffices.</summary>
/// <param name="Basis">Bytes that the process has resident between two steps.</param>
/// <param name="ImageBytes">Bytes that a step needs for each image that it computes at a time.</param>
internal sealed record BatchMemory(long Basis, long ImageBytes)
{
    /// <summary>Where blocks return to the system, what lies unused between used ones, as a share of what is used.</summary>
    private const double Loss = 1.25;

    /// <summary>The same where the heap keeps its blocks.</summary>
    private const double KeptLoss = 2;

    /// <summary>Bytes resident while so many images are computed at a time.</summary>
    internal long Needed(int images, bool kept = false) => Basis + (long)((kept ? KeptLoss : Loss) * ImageBytes * images);

    /// <summary>Images that a part keeps where a batch is divided without need.</summary>
    internal const int LargePart = 64;

    /// <summary>Whether the heap may keep its blocks for the next step: where that fits. Blocks that return cost a page fault for every four kilobytes of
    /// every step, in a virtual machine up to three quarters of the time.</summary>
    internal bool MayKeep(MemoryBound bound, int images) => Needed(images, kept: true) <= bound.Usable;

    /// <summary>Parts of a batch, doubled from <paramref name="parts"/> on until they keep to what is modest, as long as each has <see cref="LargePart"/> images.</summary>
    internal int ModestParts(MemoryBound bound, int images, int parts)
    {
        while (images / (2 * parts) >= LargePart && Needed((images + parts - 1) / parts) > bound.Modest)
        {
            parts *= 2;
        }

        return parts;
    }

    /// <summary>Parts of a batch, doubled from <paramref name="parts"/> on until they fit; null where not even the smallest do.</summary>
    /// <param name="images">Images of this process's share of a batch.</param>
    /// <param name="most">Parts at most.</param>
    internal int? Parts(MemoryBound bound, int images, int parts, int most)
    {
        for (parts = Math.Clamp(parts, 1, most); ; parts = Math.Min(2 * parts, most))
        {
            if (Needed((images + parts - 1) / parts) <= bound.Usable)
            {
                return parts;
            }

            if (parts == most)
            {
                return null;
            }
        }
    }

    /// <summary>What it says of itself beside a bound.</summary>
    internal string Text(MemoryBound bound) => string.Create(CultureInfo.InvariantCulture,
        $"{ByteText.Of(ImageBytes)} an image, {ByteText.Of(Basis)} besides, of {ByteText.Of(bound.Bytes)} ({bound.Reason})");
}
