using EdgeVit.Quantize;

namespace EdgeVit.Cli.Training;

/// <summary>The options of <c>convert</c> as typed; null where not typed, so that the library's defaults hold.</summary>
internal sealed record ConvertSettings
{
    public required string Data { get; init; }

    public required string Out { get; init; }

    /// <summary>As <see cref="ConvertOptions.Typed"/>.</summary>
    public IReadOnlyDictionary<string, string>? Typed { get; init; }

    public required string Student { get; init; }

    public bool? FloatDownsampling { get; init; }

    public EdgeVit.Export.BranchKind? Branches { get; init; }

    public bool? ClassHead { get; init; }

    public bool? ShiftedPatches { get; init; }

    public int? Stem { get; init; }

    public int? AttentionLevels { get; init; }

    public bool? Locality { get; init; }

    public required string Teacher { get; init; }

    public string? TeachersTeacher { get; init; }

    public required string Device { get; init; }

    public required string Precision { get; init; }

    public required string AugmentOn { get; init; }

    public string? Init { get; init; }

    public TimeSpan? Budget { get; init; }

    public TimeSpan? StopAfter { get; init; }

    public bool Plan { get; init; }

    public double? Epochs { get; init; }

    public double? TeacherEpochs { get; init; }

    public string? Pretrain { get; init; }

    public double? PretrainEpochs { get; init; }

    public int? BatchSize { get; init; }

    public double? LearningRate { get; init; }

    public int? ImageSize { get; init; }

    public double? Temperature { get; init; }

    public double? TeacherWeight { get; init; }

    public string? TeacherOutput { get; init; }

    public IReadOnlyList<string>? TeacherLabels { get; init; }

    public bool? TeacherHead { get; init; }

    public int? TeacherViews { get; init; }

    public IReadOnlyList<float>? TeacherMean { get; init; }

    public IReadOnlyList<float>? TeacherStd { get; init; }

    public double? FeatureWeight { get; init; }

    public bool HardDistillation { get; init; }

    public double? LabelSmoothing { get; init; }

    public double? Mixup { get; init; }

    public double? CutMix { get; init; }

    public double? Erase { get; init; }

    public bool? Flip { get; init; }

    public int? Pad { get; init; }

    public BinarizationArguments? Binarization { get; init; }

    public RegularizationArguments? Regularization { get; init; }

    public int? Accumulate { get; init; }

    public long? Memory { get; init; }

    public TimeSpan? CheckpointEvery { get; init; }

    public int? Threads { get; init; }

    public ulong? Seed { get; init; }

    public bool Resume { get; init; }

    public bool Overwrite { get; init; }

    public bool SkipBad { get; init; }

    public string? Split { get; init; }

    public string? Unlabelled { get; init; }

    public string? LabelsCsv { get; init; }

    public EdgeVit.Export.FloatPolicy Floats { get; init; }

    public int? ShapesTrain { get; init; }

    public int? ShapesTest { get; init; }

    public int? ParityImages { get; init; }

    /// <summary>Refuses options of a teacher that do nothing for the one that is named.</summary>
    /// <exception cref="UserException">There is one.</exception>
    public void RequireEffect()
    {
        string[] teachers = [.. TeacherList.Split(Teacher), .. TeacherList.Split(TeachersTeacher ?? "")];
        bool trains = TeacherTable.TrainedOf(Teacher) is not null;
        (string Option, bool IsVain, string Why)[] options =
        [
            ("--teacher-mean", TeacherMean is not null && !teachers.Any(ModelFile.IsOnnx), "says how an ONNX teacher's pixels are normalised"),
            ("--teacher-std", TeacherStd is not null && !teachers.Any(ModelFile.IsOnnx), "says how an ONNX teacher's pixels are normalised"),
            ("--teacher-labels", TeacherLabels is not null && !teachers.Any(ModelFile.Takes), "names the classes of an ONNX teacher or an .evit model"),
            ("--teacher-head", TeacherHead == true && teachers.All(static t => TeacherTable.Find(t) is not null), "is trained on a teacher from a file"),
            ("--teacher-epochs", TeacherEpochs is not null && !trains, "is how long a teacher is trained here"),
            ("--label-smoothing", LabelSmoothing > 0 && !trains && Teacher != TeacherList.None, "is for who learns from labels alone"),
        ];
        if (Array.Find(options, static o => o.IsVain) is { Option: { } option, Why: { } why })
        {
            throw new UserException($"{option} {why}, which --teacher {Teacher} does not need; leave out {option}.", ExitCode.Usage);
        }
    }

    /// <summary>As the library takes them.</summary>
    public ConvertOptions ToOptions() => Training(Images(Teaching(new ConvertOptions
    {
        Data = Data,
        Out = Out,
        Typed = Typed,
        Student = Student,
        FloatDownsampling = FloatDownsampling,
        Branches = Branches,
        ClassHead = ClassHead,
        ShiftedPatches = ShiftedPatches,
        Stem = Stem,
        AttentionLevels = AttentionLevels,
        Locality = Locality,
        Init = Init,
        ImageSize = ImageSize,
        Floats = Floats,
    })));

    /// <summary>Who teaches, and how.</summary>
    private ConvertOptions Teaching(ConvertOptions options) => options with
    {
        Teacher = Teacher,
        TeachersTeacher = TeachersTeacher,
        TeacherEpochs = TeacherEpochs,
        Pretrain = Pretrain,
        PretrainEpochs = PretrainEpochs,
        Temperature = Temperature ?? options.Temperature,
        TeacherOutput = TeacherOutput,
        TeacherLabels = TeacherLabels,
        TeacherHead = TeacherHead,
        TeacherViews = TeacherViews ?? options.TeacherViews,
        TeacherMean = TeacherMean,
        TeacherStd = TeacherStd,
        TeacherWeight = TeacherWeight ?? options.TeacherWeight,
        FeatureWeight = FeatureWeight ?? options.FeatureWeight,
        HardDistillation = HardDistillation,
        LabelSmoothing = LabelSmoothing ?? options.LabelSmoothing,
    };

    /// <summary>Which images there are, and how they vary.</summary>
    private ConvertOptions Images(ConvertOptions options) => (Regularization?.Onto(options) ?? options) with
    {
        Mixup = Mixup ?? options.Mixup,
        CutMix = CutMix ?? options.CutMix,
        Erase = Erase ?? options.Erase,
        Flip = Flip,
        Pad = Pad,
        AugmentOn = AugmentOn,
        SkipBad = SkipBad,
        Split = Split,
        Unlabelled = Unlabelled,
        LabelsCsv = LabelsCsv,
        ShapesTrain = ShapesTrain ?? options.ShapesTrain,
        ShapesTest = ShapesTest ?? options.ShapesTest,
        ParityImages = ParityImages ?? options.ParityImages,
    };

    /// <summary>How long and on what is trained.</summary>
    private ConvertOptions Training(ConvertOptions options) => options with
    {
        Budget = Budget,
        StopAfter = StopAfter,
        Epochs = Epochs,
        BatchSize = BatchSize,
        LearningRate = LearningRate,
        Binarization = Binarization?.ToSettings() ?? options.Binarization,
        Accumulate = Accumulate ?? options.Accumulate,
        Memory = Memory,
        CheckpointEvery = CheckpointEvery ?? options.CheckpointEvery,
        Device = Device,
        Precision = Precision,
        Threads = Threads,
        Seed = Seed ?? options.Seed,
        Resume = Resume,
        Overwrite = Overwrite,
    };
}
