using System.Globalization;

namespace EdgeVit.Quantize;

/// <summary>How weights and activations become bits in training. Shares are of all steps.</summary>
internal sealed record BinarizationSettings
{
    /// <summary>What takes the place of the activations' derivative.</summary>
    public ActivationGradient Gradient { get; init; }

    /// <summary>Share at the start in which activations are binary and weights still floats (Martinez et al. 2020), 0 to 0.9.</summary>
    public double FloatWeights { get; init; }

    /// <summary>Where the attention's clips start.</summary>
    public ClipStart Clip { get; init; } = ClipStart.Default;

    /// <summary>Whether the heads of a layer share one clip, as in the paper, instead of each having its own.</summary>
    public bool ClipPerLayer { get; init; }

    /// <summary>Weight of the regulariser that pulls latent weights away from 0, to their row's mean magnitude, 0 to 100.</summary>
    public double Regularizer { get; init; }

    /// <summary>Share at the end in which the regulariser works, 0 to 1.</summary>
    public double RegularizerShare { get; init; } = 0.1;

    /// <summary>Share at the end in which the signs of the weights stay as they are and only the floats learn, 0 to 0.9.</summary>
    public double FreezeSigns { get; init; }

    /// <summary>Batches over which norm statistics are estimated again before packing, 0 (leave them) to 10,000.</summary>
    public int NormBatches { get; init; } = 100;

    /// <summary>Reads the name of a gradient.</summary>
    /// <exception cref="ConvertException">There is no such gradient.</exception>
    public static ActivationGradient ParseGradient(string text) =>
        Enum.TryParse(text, ignoreCase: true, out ActivationGradient kind) && Enum.IsDefined(kind) && !int.TryParse(text, CultureInfo.InvariantCulture, out _)
            ? kind
            : throw new ConvertException($"--activation-gradient is '{text}', expected quadratic, straight or annealed.", ConvertException.Usage);

    /// <summary>Adds what is out of range to <paramref name="faults"/>.</summary>
    internal void Check(List<string> faults)
    {
        void In(string name, double value, double least, double most)
        {
            if (!(value >= least && value <= most))
            {
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"--{name} is {value}, expected {least} to {most}"));
            }
        }

        In("float-weights", FloatWeights, 0, 0.9);
        In("weight-regularizer", Regularizer, 0, 100);
        In("regularizer-share", RegularizerShare, 0, 1);
        In("freeze-signs", FreezeSigns, 0, 0.9);
        In("norm-batches", NormBatches, 0, 10_000);
        if (FloatWeights + FreezeSigns > 1)
        {
            faults.Add("--float-weights and --freeze-signs take more than the whole run together, which leaves no step in which signs are learnt");
        }
    }

    /// <summary>What differs from the defaults, for the configuration of a run.</summary>
    internal IEnumerable<(string Key, string Value)> Describe()
    {
        var usual = new BinarizationSettings();
        static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
        if (Gradient != usual.Gradient)
        {
            yield return ("binarize.gradient", Gradient.ToString());
        }

        if (FloatWeights != 0)
        {
            yield return ("binarize.floatWeights", Text(FloatWeights));
        }

        if (Clip != usual.Clip)
        {
            yield return ("binarize.clipStart", Clip.ToString());
        }

        if (ClipPerLayer)
        {
            yield return ("binarize.clip", "layer");
        }

        if (Regularizer != 0)
        {
            yield return ("binarize.regularizer", Text(Regularizer));
            yield return ("binarize.regularizerShare", Text(RegularizerShare));
        }
        if (FreezeSigns != 0)
        {
            yield return ("binarize.freezeSigns", Text(FreezeSigns));
        }

        if (NormBatches != usual.NormBatches)
        {
            yield return ("binarize.normBatches", Text(NormBatches));
        }
    }
}
