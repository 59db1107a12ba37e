using System.Collections.Concurrent;
using System.Globalization;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>Pictures that went missing or broke after a training had begun: another of the same class, that serves for the same, is shown in their place.
/// Thread-safe but for <see cref="Divide"/>.</summary>
internal sealed class Replacements
{
    /// <summary>So many others are tried before it counts as an error: then more is wrong than a file.</summary>
    private const int Attempts = 16;

    private readonly ConcurrentDictionary<int, int> _found = [];
    private readonly ConcurrentQueue<string> _news = [];
    private readonly int[] _groupOf;
    private readonly int[] _placeOf;
    private readonly HashSet<int> _elsewhere = [];
    private int[][] _groups = [];

    /// <summary>Replacements within a data set, which is all for the same use.</summary>
    internal Replacements(IImageDataset dataset)
    {
        (_groupOf, _placeOf) = (new int[dataset.Count], new int[dataset.Count]);
        Divide(dataset.Label, [.. Enumerable.Range(0, dataset.Count)]);
    }

    /// <summary>Whether anything is replaced: before a training, what cannot be read is an error.</summary>
    internal bool Allowed { get; set; }

    /// <summary>Pictures that this process has replaced so far.</summary>
    internal int Count => _found.Count;

    /// <summary>Pictures replaced so far by any process, as last told, each once.</summary>
    internal int CountOfAll => _elsewhere.Union(_found.Keys).Count();

    /// <summary>Tells all processes which pictures any has replaced; each must call it at the same step.</summary>
    /// <param name="group">The processes.</param>
    internal void Join(ProcessGroup group)
    {
        if (group.Sum(Count) == 0)
        {
            return;
        }

        double[] replaced = new double[_placeOf.Length];
        foreach (int picture in _found.Keys)
        {
            replaced[picture] = 1;
        }

        group.Sum(replaced);
        _elsewhere.UnionWith(Enumerable.Range(0, replaced.Length).Where(i => replaced[i] > 0));
    }

    /// <summary>Says which images serve for the same.</summary>
    /// <param name="label">The label of an image.</param>
    /// <param name="parts">Those to learn from, those to choose by, and so on.</param>
    internal void Divide(Func<int, int> label, params IReadOnlyList<int>[] parts)
    {
        _groups = [.. parts.SelectMany((part, p) => part.GroupBy(i => (p, label(i)))).Select(static g => g.ToArray())];
        for (int g = 0; g < _groups.Length; g++)
        {
            for (int i = 0; i < _groups[g].Length; i++)
            {
                (_groupOf[_groups[g][i]], _placeOf[_groups[g][i]]) = (g, i);
            }
        }
    }

    /// <summary>The image, or the one in its place.</summary>
    /// <exception cref="ImageException">It cannot be decoded, and no other may or can be.</exception>
    internal RgbImage Load(IImageDataset dataset, int index)
    {
        if (!Allowed)
        {
            return dataset.Load(index);
        }

        try
        {
            return dataset.Load(_found.GetValueOrDefault(index, index));
        }
        catch (ImageException e) when (!e.CodecMissing)
        {
            return Other(dataset, index, e.InnerException as ImageException ?? e) ?? throw new ImageException(e.Image, $"{e.Problem} No other picture of its class can be read in its place.", e);
        }
    }

    /// <summary>What to say about the pictures replaced since this was last asked; null where there are none.</summary>
    internal string? News()
    {
        List<string> news = [];
        while (_news.TryDequeue(out string? problem))
        {
            news.Add(problem);
        }

        return news.Count == 0 ? null : string.Create(CultureInfo.InvariantCulture,
            $"{news.Count:N0} {(news.Count == 1 ? "picture" : "pictures")} cannot be read any more and {(news.Count == 1 ? "is" : "are")} replaced by others of the same class ({Count:N0} in all), the first: {news[0]}");
    }

    private RgbImage? Other(IImageDataset dataset, int index, ImageException cause)
    {
        int[] group = _groups[_groupOf[index]];
        for (int step = 1; step <= Math.Min(Attempts, group.Length - 1); step++)
        {
            int other = group[(_placeOf[index] + step) % group.Length];
            try
            {
                RgbImage image = dataset.Load(other);
                if (_found.TryAdd(index, other))
                {
                    _news.Enqueue(cause.Message);
                }

                _found[index] = other;
                return image;
            }
            catch (ImageException e) when (!e.CodecMissing)
            {
                // The next one, then.
            }
        }
        return null;
    }
}
