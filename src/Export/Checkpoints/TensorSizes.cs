using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVit.Export;

/// <summary>Reads sizes off tensors in such a way that one missing or misshaped tensor does not decide.</summary>
internal static class TensorSizes
{
    /// <summary>Blocks that a network can have: more than a graph has nodes for, and few enough to list the tensors of all.</summary>
    private const int MostBlocks = 1000;

    /// <summary>The size that most of these tensors have in the named dimension; null where none is there.</summary>
    public static int? Size(IReadOnlyDictionary<string, FloatTensor> tensors, params ReadOnlySpan<(string Name, int Dimension)> candidates)
    {
        var sizes = new List<int>();
        foreach ((string name, int dimension) in candidates)
        {
            if (tensors.TryGetValue(name, out FloatTensor? tensor) && tensor.Shape.Length > dimension && tensor.Shape[dimension] > 0)
            {
                sizes.Add(tensor.Shape[dimension]);
            }
        }
        return Most(sizes);
    }

    /// <summary>The most frequent value, the first of those as frequent; null for none.</summary>
    public static int? Most(List<int> values) => values.Count == 0 ? null : values.MaxBy(v => values.Count(w => w == v));

    /// <summary>One more than the largest index in names, which must be about as many as there are tensors of it. The pattern's first group is the
    /// index, and <paramref name="first"/> the smallest one.</summary>
    /// <exception cref="CheckpointException">There is none (where the first is 0), there are too many, or the indices have gaps.</exception>
    public static int Count(IReadOnlyDictionary<string, FloatTensor> tensors, Regex pattern, int first, string what)
    {
        HashSet<int> found =
        [
            .. tensors.Keys.Select(n => pattern.Match(n)).Where(m => m.Success)
                .Select(m => int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture)),
        ];
        if (found.Count == 0)
        {
            return first == 1 ? 0 : throw Lacks("the blocks", what);
        }

        int count = found.Max() + 1 - first;
        if (found.Min() < first || count > 2 * found.Count)
        {
            throw new CheckpointException($"Of {what} there are N = {string.Join(", ", found.Order().Take(20))}, expected {first}, {first + 1}, ... without gaps");
        }

        return count <= MostBlocks ? count : throw new CheckpointException($"Of {what} there are {count}, expected at most {MostBlocks}");
    }

    /// <summary>Patch size and image channels, from the first convolution.</summary>
    public static (int Patch, int Channels) Patch(IReadOnlyDictionary<string, FloatTensor> tensors, string name)
    {
        if (!tensors.TryGetValue(name, out FloatTensor? projection))
        {
            throw Lacks("the patch size", name);
        }

        return projection.Shape is [_, > 0 and var channels, > 0 and var height, var width] && height == width ? (height, channels)
            : throw new CheckpointException($"{name} is {projection.ShapeText}, expected [width, channels, patch, patch] with a square patch");
    }

    /// <summary>The side of a square of N tokens; null where N is not a square number.</summary>
    public static int? Side(int tokens)
    {
        int side = (int)Math.Sqrt(Math.Max(0, tokens));
        return side > 0 && side * side == tokens ? side : null;
    }

    public static CheckpointException Lacks(string what, string name) =>
        new($"The tensors do not show {what}: '{name}' is missing. The checkpoint is not of this network, or not complete");
}
