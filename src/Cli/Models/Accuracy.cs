namespace EdgeVit.Cli;

/// <summary>Right answers of one class.</summary>
internal sealed record ClassAccuracy(string Label, int Images, int Correct);

/// <summary>Counts right answers. Percentages are 0 to 100.</summary>
internal sealed class Accuracy(IReadOnlyList<string> labels)
{
    /// <summary>The normal quantile of a two-sided 95 % interval.</summary>
    private const double Z = 1.959963984540054;

    private readonly int[] _images = new int[labels.Count];
    private readonly int[] _correct = new int[labels.Count];
    private int _topFive;

    public int Images { get; private set; }

    public double Top1 => Images > 0 ? 100.0 * _correct.Sum() / Images : 0;

    public double Top5 => Images > 0 ? 100.0 * _topFive / Images : 0;

    /// <summary>By class, in the model's order; classes without images have none.</summary>
    public IReadOnlyList<ClassAccuracy> PerClass => [.. labels.Select((label, i) => new ClassAccuracy(label, _images[i], _correct[i]))];

    /// <summary>Counts one image; <paramref name="rank"/> is how many classes were thought more probable than its own.</summary>
    public void Add(int label, int rank)
    {
        Images++;
        _images[label]++;
        if (rank == 0)
        {
            _correct[label]++;
        }

        if (rank < 5)
        {
            _topFive++;
        }
    }

    /// <summary>Wilson's 95 % interval of top-1, percent: what another sample of as many images would mostly give.</summary>
    public (double Low, double High) Interval()
    {
        if (Images == 0)
        {
            return (0, 100);
        }

        double n = Images, p = Top1 / 100;
        double centre = p + (Z * Z / (2 * n));
        double half = Z * Math.Sqrt((p * (1 - p) / n) + (Z * Z / (4 * n * n)));
        double scale = 100 / (1 + (Z * Z / n));
        return (Math.Max(0, (centre - half) * scale), Math.Min(100, (centre + half) * scale));
    }
}
