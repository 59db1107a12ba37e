using EdgeVit.Quantize;

namespace EdgeVit.Cli.Training;

/// <summary>How training images vary and what is left out of the student, as typed; null where not typed.</summary>
internal sealed record RegularizationArguments(
    double? Crop, int? Operations, double? Magnitude, int? Repeats, double? DropPath, double? Dropout, double? Average)
{
    /// <summary>The options with what was typed.</summary>
    public ConvertOptions Onto(ConvertOptions options) => options with
    {
        Crop = Crop ?? options.Crop,
        RandAugment = Operations ?? options.RandAugment,
        RandMagnitude = Magnitude ?? options.RandMagnitude,
        Repeats = Repeats ?? options.Repeats,
        Regularization = new Regularization(DropPath ?? 0, Dropout ?? 0) { Average = Average ?? 0 },
    };
}
