using System.CommandLine;

namespace EdgeVit.Cli;

/// <summary>The options of <c>convert</c> that vary training images strongly or leave parts of the student out.</summary>
internal sealed class RegularizationOptions
{
    private readonly RealOption _crop = new("--random-crop", 0, 1) { Description = "Show random parts of training images at full size: their least share of the area, e.g. 0.08 for photographs." };
    private readonly WholeOption<int?> _operations = new("--rand-augment", 0, 10) { Description = "RandAugment: operations in a row on a training image, e.g. 2." };
    private readonly RealOption _magnitude = new("--rand-magnitude", 0, 30) { Description = "Their strength. [default: 9]" };
    private readonly WholeOption<int?> _repeats = new("--repeats", 1, 16) { Description = "Repeated augmentation: how often an image is in a batch, each time with another variation." };
    private readonly RealOption _dropPath = new("--drop-path", 0, 0.9) { Description = "Stochastic depth: probability that an image skips the last layer, growing from 0 at the first." };
    private readonly RealOption _dropout = new("--dropout", 0, 0.9) { Description = "Probability that a feature does not reach the student's classifier." };
    private readonly RealOption _ema = new("--ema", 0, 0.999999) { Description = "Keep an exponential mean of the student's floats with this decay, e.g. 0.999; it is packed where it is better." };

    public IEnumerable<Combination> Combinations => [Combination.Needs(_magnitude, "is the strength of RandAugment", _operations)];

    /// <summary>How images vary.</summary>
    public IEnumerable<Option> Variation => [_crop, _operations, _magnitude, _repeats];

    /// <summary>What is left out of the student, or averaged.</summary>
    public IEnumerable<Option> Omission => [_dropPath, _dropout, _ema];

#if TRAINING
    public Training.RegularizationArguments Read(ParseResult arguments) => new(
        arguments.GetValue(_crop), arguments.GetValue(_operations), arguments.GetValue(_magnitude), arguments.GetValue(_repeats), arguments.GetValue(_dropPath),
        arguments.GetValue(_dropout), arguments.GetValue(_ema));
#endif
}
