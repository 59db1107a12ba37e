using EdgeVit.Quantize;

namespace EdgeVit.Cli.Training;

/// <summary>How weights and activations become bits, as typed; null where not typed.</summary>
internal sealed record BinarizationArguments(
    string? Gradient, double? FloatWeights, string? ClipStart, string? ClipPer, double? Regularizer, double? RegularizerShare, double? FreezeSigns, int? NormBatches)
{
    /// <summary>As the library takes them.</summary>
    /// <exception cref="ConvertException">A name or form is unknown.</exception>
    public BinarizationSettings ToSettings()
    {
        var usual = new BinarizationSettings();
        return usual with
        {
            Gradient = Gradient is null ? usual.Gradient : BinarizationSettings.ParseGradient(Gradient),
            FloatWeights = FloatWeights ?? usual.FloatWeights,
            Clip = ClipStart is null ? usual.Clip : Quantize.ClipStart.Parse(ClipStart),
            ClipPerLayer = ClipPer switch
            {
                null or "head" => false,
                "layer" => true,
                _ => throw new ConvertException($"--clip-per is '{ClipPer}', expected head or layer.", ConvertException.Usage),
            },
            Regularizer = Regularizer ?? usual.Regularizer,
            RegularizerShare = RegularizerShare ?? usual.RegularizerShare,
            FreezeSigns = FreezeSigns ?? usual.FreezeSigns,
            NormBatches = NormBatches ?? usual.NormBatches,
        };
    }
}
