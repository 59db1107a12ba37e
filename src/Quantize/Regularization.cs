using System.Globalization;

namespace EdgeVit.Quantize;

/// <summary>What is left out of a student at random in training.</summary>
/// <param name="Depth">Probability that an image skips the last layer's sub-layers (stochastic depth, Huang et al. 2016); it grows from 0 at the first layer.</param>
/// <param name="Features">Probability that a feature does not reach the classifier (dropout).</param>
internal sealed record Regularization(double Depth, double Features)
{
    public static Regularization None { get; } = new(0, 0);

    /// <summary>Decay of the mean of the float parameters that is kept beside them, 0 for none: latent weights of signs have no useful mean.</summary>
    public double Average { get; init; }

    /// <summary>Adds what is out of range to <paramref name="faults"/>.</summary>
    internal void Check(List<string> faults)
    {
        void In(string name, double value, double most)
        {
            if (!(value >= 0 && value <= most))
            {
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"--{name} is {value}, expected 0 to {most}"));
            }
        }

        In("drop-path", Depth, 0.9);
        In("dropout", Features, 0.9);
        In("ema", Average, 0.999999);
    }
}
