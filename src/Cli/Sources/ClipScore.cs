using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>The score of a clip: the mean of its pictures' probabilities.</summary>
internal sealed class ClipScore(IReadOnlyList<string> labels)
{
    private readonly double[] _sum = new double[labels.Count];

    /// <summary>Pictures that were added.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a picture by its logits.</summary>
    public void Add(ReadOnlySpan<float> logits)
    {
        foreach (Prediction p in Prediction.Top(logits, labels, logits.Length))
        {
            _sum[p.Index] += p.Probability;
        }

        Count++;
    }

    /// <summary>The most probable classes of the whole clip.</summary>
    public IReadOnlyList<Prediction> Top(int count) =>
        [.. Enumerable.Range(0, _sum.Length).OrderByDescending(i => _sum[i]).ThenBy(i => i).Take(count).Select(i => new Prediction(i, labels[i], _sum[i] / Math.Max(Count, 1)))];
}
