namespace EdgeVit.Quantize;

/// <summary>How a network binarizes at a step.</summary>
/// <param name="FloatWeights">Whether weights are floats, less their row's mean.</param>
/// <param name="FrozenSigns">Whether latent weights stay as they are.</param>
/// <param name="Regularizer">Weight of the regulariser; 0 where it rests.</param>
internal readonly record struct BinarizationMode(Surrogate Surrogate, bool FloatWeights = false, bool FrozenSigns = false, double Regularizer = 0)
{
    /// <summary>Everything binary, nothing special.</summary>
    internal static BinarizationMode Usual => default;

    /// <summary>What holds at a step. The last one has binary weights, however few there are: what it leaves is packed.</summary>
    /// <param name="step">Counted from 0.</param>
    internal static BinarizationMode At(BinarizationSettings settings, long step, long steps)
    {
        double done = (double)step / steps;
        return new BinarizationMode(
            Surrogate.At(settings.Gradient, steps > 1 ? (double)step / (steps - 1) : 1), done < settings.FloatWeights && step < steps - 1, done >= 1 - settings.FreezeSigns,
            settings.Regularizer > 0 && done >= 1 - settings.RegularizerShare ? settings.Regularizer : 0);
    }
}
