using System.Globalization;
using EdgeVit.Export;
using EdgeVit.Quantize;

namespace EdgeVit.Cli.Training;

/// <summary>The options of a conversion as typed, or as network and data decide them, for a file that repeats it.</summary>
internal sealed class PlannedRecipe
{
    /// <summary>What is of one run or machine.</summary>
    private static readonly HashSet<string> s_ofTheRun = ["out", "recipe", "plan", "resume", "overwrite", "stop-after", "budget", "threads", "memory"];

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _ofTheStudent = new(StringComparer.Ordinal);

    public PlannedRecipe(ConvertSettings settings, ConvertPlan plan)
    {
        ConvertOptions o = settings.ToOptions();
        BinaryViTConfig layout = ConfigJson.Read(plan.Layout);
        BinarizationSettings bits = o.Binarization;
        Set("data", settings.Data);
        Set("student", o.Student);
        Set("teacher", o.Teacher);
        Set("image-size", layout.ImageSize);
        Remark("float-downsampling", layout.Down == DownKind.Float ? "true" : "false");
        Remark("branches", layout.Branches.ToString().ToLowerInvariant());
        Remark("head", layout.ClassAttention > 0 ? "class-attention" : "mean");
        Remark("shifted-patches", layout.ShiftedPatches ? "true" : "false");
        Remark("stem", $"{layout.StemWidth}");
        Remark("attention-levels", $"{layout.AttentionLevels}");
        Remark("locality", layout.Locality ? "true" : "false");
        Set("epochs", (double)plan.Student.Steps / plan.Student.StepsPerEpoch);
        Set("batch", plan.Student.BatchSize);
        Set("lr", plan.LearningRate);
        Set("flip", plan.Flip);
        Set("pad", plan.Pad);
        if (o.Teacher != TeacherList.None)
        {
            SetTeaching(o);
        }

        Set("label-smoothing", o.LabelSmoothing);
        Set("mixup", o.Mixup);
        Set("cutmix", o.CutMix);
        Set("erase", o.Erase);
        Set("random-crop", o.Crop);
        Set("rand-augment", o.RandAugment);
        Set("rand-magnitude", o.RandMagnitude);
        Set("repeats", o.Repeats);
        Set("drop-path", o.Regularization.Depth);
        Set("dropout", o.Regularization.Features);
        Set("ema", o.Regularization.Average);
        Set("activation-gradient", bits.Gradient.ToString().ToLowerInvariant());
        Set("float-weights", bits.FloatWeights);
        Set("clip-start", bits.Clip.ToString());
        Set("clip-per", bits.ClipPerLayer ? "layer" : "head");
        Set("weight-regularizer", bits.Regularizer);
        Set("regularizer-share", bits.RegularizerShare);
        Set("freeze-signs", bits.FreezeSigns);
        Set("norm-batches", bits.NormBatches);
        Set("accumulate", o.Accumulate);
        Set("device", o.Device);
        Set("precision", o.Precision);
        Set("augment-on", o.AugmentOn);
        Set("seed", o.Seed);
        Set("skip-bad", o.SkipBad);
        Set("floats", o.Floats switch { FloatPolicy.F32 => "f32", FloatPolicy.F16 => "f16", _ => "auto" });
        Set("parity-images", o.ParityImages);
        Set("checkpoint-every", string.Create(CultureInfo.InvariantCulture, $"{o.CheckpointEvery.TotalSeconds}s"));
        if (plan.Teacher is { } teacher)
        {
            Set("teacher-epochs", (double)teacher.Steps / teacher.StepsPerEpoch);
        }

        if (plan.Pretraining is { } pretraining)
        {
            Set("pretrain", o.Pretrain!);
            Set("pretrain-epochs", (double)pretraining.Steps / pretraining.StepsPerEpoch);
        }

        if (settings.Data == Imaging.DatasetFolder.Shapes)
        {
            Set("shapes-train", o.ShapesTrain);
            Set("shapes-test", o.ShapesTest);
        }

        foreach ((string name, string value) in settings.Typed ?? new Dictionary<string, string>())
        {
            _values[name] = value;
        }
    }

    /// <summary>Every option of a training and its value; null for what is not there.</summary>
    public IEnumerable<(string Group, string Name, string? Value)> Values(IReadOnlyList<OptionGroup> groups) =>
        from g in groups
        from option in g.Options
        let name = option.Name.TrimStart('-')
        where !s_ofTheRun.Contains(name)
        select (g.Title, name, _values.GetValueOrDefault(name));

    /// <summary>The file.</summary>
    public string Text(IReadOnlyList<OptionGroup> groups)
    {
        List<string> lines = [];
        foreach (IGrouping<string, (string Group, string Name, string? Value)> group in Values(groups).GroupBy(static v => v.Group))
        {
            lines.Add($"# {group.Key}");
            lines.AddRange(group.Select(v => v.Value is null ? $"# {v.Name} = {_ofTheStudent.GetValueOrDefault(v.Name)}".TrimEnd() : $"{v.Name} = {v.Value}"));
        }

        return string.Join(Environment.NewLine, lines);
    }

    private void SetTeaching(ConvertOptions o)
    {
        Set("teacher-views", o.TeacherViews);
        Set("teacher-weight", o.TeacherWeight);
        Set("feature-weight", o.FeatureWeight);
        Set("hard-distillation", o.HardDistillation);
        if (!o.HardDistillation)
        {
            Set("temperature", o.Temperature);
        }
    }

    /// <summary>What the student's layout decides, unless it is typed.</summary>
    private void Remark(string name, string value) => _ofTheStudent[name] = value;

    private void Set(string name, bool value) => _values[name] = value ? "true" : "false";

    private void Set(string name, string value) => _values[name] = value;

    private void Set(string name, IFormattable value) => _values[name] = value.ToString(null, CultureInfo.InvariantCulture);
}
