using System.Globalization;
using static EdgeVit.Quantize.Scalars;

namespace EdgeVit.Quantize;

/// <summary>Where the clip of binary attention starts: the highest probability that attention tells from more. With one level, probabilities above
/// half of it become 1; with three, each level is a third of it, so that gradients pass over the same range.</summary>
/// <param name="Value">The clip itself, or what is divided by the number of keys.</param>
/// <param name="ByKeys">Whether it is divided by the number of keys.</param>
public readonly record struct ClipStart(double Value, bool ByKeys)
{
    private const string KeysSuffix = "/keys";

    /// <summary>Three times the mean probability: large enough that bits vary, small enough that gradients reach queries and keys.</summary>
    public static ClipStart Default { get; } = new(3, true);

    /// <summary>The clip for so many keys.</summary>
    public double For(int keys) => ByKeys ? Value / keys : Value;

    /// <summary>Reads <c>3/keys</c> or <c>0.005</c>.</summary>
    /// <exception cref="ConvertException">It is neither, or out of range.</exception>
    public static ClipStart Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool byKeys = text.EndsWith(KeysSuffix, StringComparison.Ordinal);
        ReadOnlySpan<char> number = byKeys ? text.AsSpan(0, text.Length - KeysSuffix.Length) : text;
        (double least, double most) = byKeys ? (0.01, 100.0) : (1e-6, 1.0);
        return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most
            ? new ClipStart(value, byKeys)
            : throw new ConvertException(
                $"--clip-start is '{text}', expected a multiple (0.01 to 100) of one over the number of keys such as 3/keys, or the clip itself (0.000001 to 1) such as 0.005, the paper's.",
                ConvertException.Usage);
    }

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("R", CultureInfo.InvariantCulture) + (ByKeys ? KeysSuffix : "");
}

/// <summary>How weights and activations become bits in training. Shares are of all steps.</summary>
public sealed record BinarizationSettings
{
    /// <summary>What takes the place of the activations' derivative.</summary>
    public ActivationGradient Gradient { get; init; }

    /// <summary>Share at the start in which activations are binary and weights still floats (two stages, Martinez et al. 2020), 0 to 0.9.</summary>
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

    /// <summary>Batches over which norm statistics are estimated anew before packing, 0 (leave them) to 10,000.</summary>
    public int NormBatches { get; init; } = 100;

    /// <summary>Reads the name of a gradient.</summary>
    /// <exception cref="ConvertException">There is no such gradient.</exception>
    public static ActivationGradient ParseGradient(string text) =>
        Enum.TryParse(text, ignoreCase: true, out ActivationGradient kind) && Enum.IsDefined(kind) && !int.TryParse(text, CultureInfo.InvariantCulture, out _)
            ? kind
            : throw new ConvertException($"--activation-gradient is '{text}', expected quadratic, straight or annealed.", ConvertException.Usage);

    /// <summary>What holds at a step.</summary>
    /// <param name="step">Counted from 0.</param>
    /// <param name="steps">All steps.</param>
    internal BinarizationPhase At(long step, long steps)
    {
        double done = (double)step / steps;
        return new BinarizationPhase(
            Surrogate.At(Gradient, steps > 1 ? (double)step / (steps - 1) : 1), done < FloatWeights, done >= 1 - FreezeSigns,
            Regularizer > 0 && done >= 1 - RegularizerShare ? Regularizer : 0);
    }

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

/// <summary>How a network binarizes at a step.</summary>
/// <param name="Surrogate">The derivative of the activations' signs.</param>
/// <param name="FloatWeights">Whether weights are floats, less their row's mean.</param>
/// <param name="FrozenSigns">Whether latent weights stay as they are.</param>
/// <param name="Regularizer">Weight of the regulariser; 0 where it rests.</param>
internal readonly record struct BinarizationPhase(Surrogate Surrogate, bool FloatWeights = false, bool FrozenSigns = false, double Regularizer = 0)
{
    /// <summary>Everything binary, nothing special.</summary>
    internal static BinarizationPhase Usual => default;
}

/// <summary>The regulariser of latent weights (in the spirit of BHViT's, whose target is 1): the mean distance of their magnitudes from their row's mean
/// magnitude, summed over layers. Weights near 0, whose signs waver, are pulled away from it.</summary>
internal static class WeightRegularizer
{
    /// <summary>The loss; the mean magnitudes are constants to its gradient.</summary>
    internal static TorchSharp.torch.Tensor Loss(IEnumerable<LatentWeight> weights) =>
        weights.Select(w =>
        {
            TorchSharp.torch.Tensor size = w.Argument().abs();
            return (size - size.mean([1], keepdim: true).detach()).abs().mean();
        }).Aggregate((a, b) => a.add(b, One));
}
