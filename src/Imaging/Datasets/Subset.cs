namespace EdgeVit.Imaging;

/// <summary>Some images of a data set, in a given order.</summary>
public sealed class Subset : IImageDataset
{
    readonly IImageDataset _source;
    readonly int[] _indices;

    /// <summary>A view of <paramref name="source"/>.</summary>
    /// <param name="name">Name of the subset.</param>
    /// <param name="source">The whole.</param>
    /// <param name="indices">Its images, by index in <paramref name="source"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index outside of <paramref name="source"/>.</exception>
    public Subset(string name, IImageDataset source, IReadOnlyList<int> indices)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(indices);
        (Name, _source, _indices) = (name, source, [.. indices]);
        foreach (int i in _indices)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(i, nameof(indices));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(i, source.Count, nameof(indices));
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes => _source.Classes;

    /// <inheritdoc/>
    public int Count => _indices.Length;

    /// <summary>Indices in the source.</summary>
    public IReadOnlyList<int> Indices => _indices;

    /// <inheritdoc/>
    public int Label(int index) => _source.Label(_indices[index]);

    /// <inheritdoc/>
    public string SourceName(int index) => _source.SourceName(_indices[index]);

    /// <inheritdoc/>
    public RgbImage Load(int index) => _source.Load(_indices[index]);
}

/// <summary>Splits training images into those to learn from and those to validate with.</summary>
public static class StratifiedSplit
{
    /// <summary>Takes the same share of every class, chosen by the seed alone. Both parts keep the order of the source.</summary>
    /// <param name="source">The training images.</param>
    /// <param name="validationShare">Share of each class that goes to validation, 0 &lt; share &lt; 1; at least one image of a class with
    /// two or more.</param>
    /// <param name="seed">Any number; the same one gives the same split.</param>
    /// <exception cref="ArgumentOutOfRangeException">A share that is not between 0 and 1.</exception>
    /// <exception cref="DatasetException">No image would be left for one of the two parts.</exception>
    public static (Subset Train, Subset Validation) Split(IImageDataset source, double validationShare, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!(validationShare > 0 && validationShare < 1))
            throw new ArgumentOutOfRangeException(nameof(validationShare), validationShare, "Expected a share between 0 and 1, both excluded.");
        var byClass = new List<int>[source.Classes.Count];
        for (int c = 0; c < byClass.Length; c++)
            byClass[c] = [];
        for (int i = 0; i < source.Count; i++)
            byClass[source.Label(i)].Add(i);
        bool[] validates = new bool[source.Count];
        for (int c = 0; c < byClass.Length; c++)
        {
            List<int> members = byClass[c];
            int take = members.Count < 2 ? 0 : Math.Clamp((int)Math.Round(members.Count * validationShare), 1, members.Count - 1);
            var random = SplitMix64.For(seed, stream: 0x5711, item: (ulong)c);
            for (int k = 0; k < take; k++)
            {
                int other = k + random.Below(members.Count - k);
                (members[k], members[other]) = (members[other], members[k]);
                validates[members[k]] = true;
            }
        }
        int[] all = [.. Enumerable.Range(0, source.Count)];
        int[] train = [.. all.Where(i => !validates[i])], validation = [.. all.Where(i => validates[i])];
        if (train.Length == 0 || validation.Length == 0)
            throw new DatasetException(source.Name,
                $"{source.Count} images in {source.Classes.Count} classes are too few to set some aside for validation; "
                + "at least one class needs two.");
        return (new Subset($"{source.Name} (learning part)", source, train), new Subset($"{source.Name} (validation part)", source, validation));
    }
}
