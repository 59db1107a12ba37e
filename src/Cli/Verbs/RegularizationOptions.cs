using System.CommandLine;

namespace EdgeVit.Cli;

/// <summary>The options of <c>convert</c> that vary training images strongly or leave parts of the student out.</summary>
internal sealed class RegularizationOptions
{
    private readonly Option<double?> _crop = new("--random-crop") { Description = "Show random parts of training images at full size: their least share of the area, e.g. 0.08 for photographs." };
    private readonly Option<int?> _operations = new("--rand-augment") { Description = "RandAugment: operations in a row on a training image, e.g. 2." };
    private readonly Option<double?> _magnitude = new("--rand-magnitude") { Description = "Their strength, 0 to 30. [default: 9]" };
    private readonly Option<int?> _repeats = new("--repeats") { Description = "Repeated augmentation: how often an image is in a batch, each time with another variation." };
    private readonly Option<double?> _dropPath = new("--drop-path") { Description = "Stochastic depth: probability that an image skips the last layer, growing from 0 at the first." };
    private readonly Option<double?> _dropout = new("--dropout") { Description = "Probability that a feature does not reach the student's classifier." };
    private readonly Option<double?> _ema = new("--ema") { Description = "Keep an exponential mean of the student's floats with this decay, e.g. 0.999; it is packed where it is better." };

    public IEnumerable<Option> All => [_crop, _operations, _magnitude, _repeats, _dropPath, _dropout, _ema];

#if TRAINING
    public Training.RegularizationArguments Read(ParseResult arguments) => new(
        arguments.GetValue(_crop), arguments.GetValue(_operations), arguments.GetValue(_magnitude), arguments.GetValue(_repeats), arguments.GetValue(_dropPath),
        arguments.GetValue(_dropout), arguments.GetValue(_ema));
#endif
}
