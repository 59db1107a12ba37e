using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>The score of a clip: of each class the mean of its pictures' probabilities, or the largest.</summary>
internal sealed class ClipScore(IReadOnlyList<string> labels, bool isMost = false)
{
    private readonly double[] _sum = new double[labels.Count];

    /// <summary>Pictures that were added.</summary>
    public int Count { get; private set; }

    /// <summary>Of each class.</summary>
    public IReadOnlyList<double> Scores => [.. _sum.Select(s => isMost ? s : s / Math.Max(Count, 1))];

    /// <summary>Adds a picture by its logits.</summary>
    public void Add(ReadOnlySpan<float> logits)
    {
        foreach (Prediction p in Prediction.Top(logits, labels, logits.Length))
        {
            _sum[p.Index] = isMost ? Math.Max(_sum[p.Index], p.Probability) : _sum[p.Index] + p.Probability;
        }

        Count++;
    }

    /// <summary>The most probable classes of the whole clip.</summary>
    public IReadOnlyList<Prediction> Top(int count) =>
        [.. Scores.Select((s, i) => new Prediction(i, labels[i], s)).OrderByDescending(static p => p.Probability).ThenBy(static p => p.Index).Take(count)];
}
