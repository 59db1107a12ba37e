using System.Globalization;
using EdgeVit.Export;
using EdgeVit.Runtime;

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
            [ConfigurationKeys.Mean] = Numbers(data.Source.Preprocess.Mean),
            [ConfigurationKeys.Std] = Numbers(data.Source.Preprocess.Std),
            ["augment.pad"] = Text(recipe.Augmentation.Pad),
            ["augment.flip"] = recipe.Augmentation.Flip ? "true" : "false",
            ["student"] = network.Name,
            ["student.image"] = Text(network.ImageSize),
            ["student.classes"] = Text(network.Classes),
            ["teacher"] = options.Teacher,
            ["teacher.width"] = Text(recipe.TeacherWidth),
            ["distill.temperature"] = Text(options.Temperature),
            ["distill.weight"] = Text(options.TeacherWeight),
            ["precision"] = options.Precision,
            ["seed"] = Text(options.Seed),
        };
        foreach ((string name, double value) in new[]
        {
            ("distill.features", options.FeatureWeight), ("distill.hard", options.HardDistillation ? 1.0 : 0), ("labels.smoothing", options.LabelSmoothing), ("augment.mixup", options.Mixup),
            ("augment.cutmix", options.CutMix), ("augment.erase", options.Erase), ("augment.crop", options.Crop), ("augment.operations", options.RandAugment),
            ("augment.magnitude", options.RandAugment == 0 ? 0 : options.RandMagnitude), ("augment.repeats", options.Repeats == 1 ? 0 : options.Repeats), ("teacher.views", options.TeacherViews),
            ("data.unlabelled", data.Split.Unlabelled.Count),
            ("student.dropPath", options.Regularization.Depth), ("student.dropout", options.Regularization.Features), ("student.ema", options.Regularization.Average),
        })
        {
            if (value != 0)
            {
                keys[name] = Text(value);
            }
        }
        foreach ((string key, string value) in options.Binarization.Describe())
        {
            keys[key] = value;
        }

        if (options.Accumulate > 1)
        {
            keys["student.accumulate"] = Text(options.Accumulate);
        }

        if (StudentLayout.IsOwn(options))
        {
            keys[ConfigurationKeys.Layout] = ConfigJson.Write(network).ReplaceLineEndings("");
        }

        foreach ((string name, string? value) in Texts(options))
        {
            if (value is not null)
            {
                keys[name] = value;
            }
        }

        if (options.Init is { } init)
        {
            keys["student.init"] = FileHash(init);
        }

        foreach ((string phase, TrainSettings settings) in Trainings(recipe))
        {
            keys[$"{phase}.steps"] = Text(settings.Steps);
            keys[$"{phase}.batch"] = Text(settings.BatchSize);
            keys[$"{phase}.learningRate"] = Text(settings.LearningRate);
            keys[$"{phase}.warmup"] = Text(settings.Warmup);
            keys[$"{phase}.weightDecay"] = Text(settings.WeightDecay);
            keys[$"{phase}.gradientNorm"] = Text(settings.GradientNorm);
            keys[$"{phase}.clipRate"] = Text(settings.ClipRate);
            if (settings.Optimizer != OptimizerKind.AdamW)
            {
                keys[$"{phase}.optimizer"] = string.Create(CultureInfo.InvariantCulture, $"{settings.Optimizer} momentum {settings.Momentum} biasRate {settings.BiasRate}");
            }
        }
        return keys;
    }

    private static (string Phase, TrainSettings Settings)[] Trainings(Recipe recipe) =>
        [.. recipe.Pretraining is { } before ? [("pretraining", before)] : ((string, TrainSettings)[])[], ("teacher", recipe.Teacher), ("student", recipe.Student)];

    private static (string Name, string? Value)[] Texts(ConvertOptions options) =>
    [
        ("data.labels", options.LabelsCsv),
        ("teacher.teacher", options.TeachersTeacher),
        ("teacher.output", options.TeacherOutput),
        ("teacher.head", options.TeacherHead switch { true => "true", false => "false", null => null }),
        ("teacher.labels", options.TeacherLabels is { } labels ? string.Join('|', labels) : null),
    ];

    private static string FileHash(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            return FileDigest.Sha256(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConvertException($"--init {path}: {FileFault.Of(e, path)}.", e, ConvertException.Usage);
        }
    }

    /// <summary>Numbers as they stand in a configuration; null where there is none or they are none.</summary>
    internal static float[]? Floats(string? text)
    {
        string[] parts = text?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        var values = new float[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (!float.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out values[i]))
            {
                return null;
            }
        }
        return values.Length == 0 ? null : values;
    }

    /// <summary>Numbers as a configuration holds them.</summary>
    internal static string Numbers(IEnumerable<float> values) => string.Join(' ', values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)));
}
