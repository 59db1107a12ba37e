using System.Globalization;
using EdgeVit.Export;

namespace EdgeVit.Quantize;

/// <summary>Everything that decides the outcome of a run, as text by key: written to <c>config.json</c>, kept in checkpoints, compared on resume.</summary>
internal static class Configuration
{
    internal static IReadOnlyDictionary<string, string> Describe(ConvertOptions options, BinaryViTConfig network, Recipe recipe, ImageData data)
    {
        static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
        SortedDictionary<string, string> keys = new(StringComparer.Ordinal)
        {
            ["data"] = $"{data.Name} ({data.Kind})",
            ["data.images"] = Text(data.Split.Train.Count),
            ["data.validation"] = Text(data.Split.Held.Count),
            ["augment.pad"] = Text(recipe.Augmentation.Pad),
            ["augment.flip"] = recipe.Augmentation.Flip ? "true" : "false",
            ["student"] = network.Name,
            ["student.image"] = Text(network.ImageSize),
            ["student.classes"] = Text(network.Classes),
            ["teacher"] = options.Teacher,
            ["teacher.width"] = Text(recipe.TeacherWidth),
            ["distill.temperature"] = Text(options.Temperature),
            ["distill.weight"] = Text(options.TeacherWeight),
            ["seed"] = Text(options.Seed),
        };
        foreach ((string stage, TrainSettings settings) in new[] { ("teacher", recipe.Teacher), ("student", recipe.Student) })
        {
            keys[$"{stage}.steps"] = Text(settings.Steps);
            keys[$"{stage}.batch"] = Text(settings.BatchSize);
            keys[$"{stage}.learningRate"] = Text(settings.LearningRate);
            keys[$"{stage}.warmup"] = Text(settings.Warmup);
            keys[$"{stage}.weightDecay"] = Text(settings.WeightDecay);
            keys[$"{stage}.gradientNorm"] = Text(settings.GradientNorm);
            keys[$"{stage}.clipRate"] = Text(settings.ClipRate);
        }
        return keys;
    }
}
