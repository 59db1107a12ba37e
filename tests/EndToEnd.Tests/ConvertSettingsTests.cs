#if TRAINING
using System.CommandLine;
using EdgeVit.Cli;
using EdgeVit.Export;
using EdgeVit.Quantize;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>From the command line of <c>convert</c> to the options of the library.</summary>
public sealed class ConvertSettingsTests
{
    private static readonly ConvertOptions s_plain = new() { Data = "photos", Out = "run" };

    [Fact]
    public void WhatIsNotTypedIsTheLibrarysDefault() => Assert.Equal(s_plain, Read());

    /// <summary>Every option away from its default, and what it must become.</summary>
    [Fact]
    public void EveryOptionThatIsTypedArrives()
    {
        ConvertOptions found = Read(
            "--student", "binaryvit-32", "--float-downsampling", "--branches", "shift", "--head", "class-attention", "--shifted-patches", "--stem", "24",
            "--attention-levels", "3", "--locality", "--teacher", "vit", "--teachers-teacher", "a.onnx", "--init", "start.pth", "--budget", "9m",
            "--stop-after", "1h30m", "--epochs", "3.5", "--teacher-epochs", "2.5", "--batch", "48", "--lr", "0.125", "--image-size", "96",
            "--temperature", "3", "--teacher-mean", "0.1,0.2,0.3", "--teacher-std", "0.4,0.5,0.6", "--teacher-weight", "0.7", "--feature-weight", "11",
            "--hard-distillation", "--label-smoothing", "0.15", "--mixup", "0.25", "--cutmix", "0.35", "--erase", "0.45", "--flip", "false", "--pad", "6",
            "--random-crop", "0.08", "--rand-augment", "2", "--rand-magnitude", "12", "--repeats", "4", "--drop-path", "0.05", "--dropout", "0.06", "--ema", "0.99",
            "--activation-gradient", "annealed", "--float-weights", "0.3", "--clip-start", "0.005", "--clip-per", "layer", "--weight-regularizer", "0.5",
            "--regularizer-share", "0.2", "--freeze-signs", "0.1", "--norm-batches", "77", "--accumulate", "8", "--checkpoint-every", "5m",
            "--device", "cpu", "--precision", "bfloat16", "--augment-on", "device", "--threads", "13", "--seed", "99", "--resume", "--overwrite", "--skip-bad", "--split", "train=a,test=b",
            "--floats", "f32", "--shapes-train", "111", "--shapes-test", "112", "--parity-images", "14");
        Assert.Equal([0.1f, 0.2f, 0.3f], found.TeacherMean!);
        Assert.Equal([0.4f, 0.5f, 0.6f], found.TeacherStd!);
        var expected = new ConvertOptions
        {
            Data = "photos",
            Out = "run",
            Student = "binaryvit-32",
            FloatDownsampling = true,
            Branches = BranchKind.Shift,
            ClassHead = true,
            ShiftedPatches = true,
            Stem = 24,
            AttentionLevels = 3,
            Locality = true,
            Teacher = "vit",
            TeachersTeacher = "a.onnx",
            Init = "start.pth",
            Budget = TimeSpan.FromMinutes(9),
            StopAfter = TimeSpan.FromMinutes(90),
            Epochs = 3.5,
            TeacherEpochs = 2.5,
            BatchSize = 48,
            LearningRate = 0.125,
            ImageSize = 96,
            Temperature = 3,
            TeacherMean = found.TeacherMean,
            TeacherStd = found.TeacherStd,
            TeacherWeight = 0.7,
            FeatureWeight = 11,
            HardDistillation = true,
            LabelSmoothing = 0.15,
            Mixup = 0.25,
            CutMix = 0.35,
            Erase = 0.45,
            Flip = false,
            Pad = 6,
            Crop = 0.08,
            RandAugment = 2,
            RandMagnitude = 12,
            Repeats = 4,
            Regularization = new Regularization(0.05, 0.06) { Average = 0.99 },
            Binarization = new BinarizationSettings
            {
                Gradient = ActivationGradient.Annealed,
                FloatWeights = 0.3,
                Clip = new ClipStart(0.005, false),
                ClipPerLayer = true,
                Regularizer = 0.5,
                RegularizerShare = 0.2,
                FreezeSigns = 0.1,
                NormBatches = 77,
            },
            Accumulate = 8,
            CheckpointEvery = TimeSpan.FromMinutes(5),
            Device = "cpu",
            Precision = "bfloat16",
            AugmentOn = "device",
            Threads = 13,
            Seed = 99,
            Resume = true,
            Overwrite = true,
            SkipBad = true,
            Split = "train=a,test=b",
            Floats = FloatPolicy.F32,
            ShapesTrain = 111,
            ShapesTest = 112,
            ParityImages = 14,
        };
        Assert.Equal(expected, found);

        // None was left at its default, so that a new option has to be added here.
        Assert.All(typeof(ConvertOptions).GetProperties().Where(p => p.Name is not (nameof(ConvertOptions.Data) or nameof(ConvertOptions.Out))),
            p => Assert.NotEqual(p.GetValue(s_plain), p.GetValue(expected)));
        Assert.All(typeof(BinarizationSettings).GetProperties(), p => Assert.NotEqual(p.GetValue(s_plain.Binarization), p.GetValue(expected.Binarization)));
    }

    [Fact]
    public void APlanIsAskedForApart()
    {
        Assert.False(Settings().Plan);
        Assert.True(Settings("--plan").Plan);
        Assert.Equal(s_plain, Settings("--plan").ToOptions());
    }

    [Theory]
    [InlineData("--branches", "tree")]
    [InlineData("--head", "tail")]
    [InlineData("--floats", "f8")]
    [InlineData("--teacher-mean", "1,2")]
    [InlineData("--teacher-std", "1,0,1")]
    public void WordsThatMeanNothingAreRefused(string option, string value)
    {
        UserException error = Assert.Throws<UserException>(() => Settings(option, value));
        Assert.Equal(2, error.ExitCode);
        Assert.StartsWith($"{option} is '{value}', expected", error.Message, StringComparison.Ordinal);
    }

    /// <summary>The help cannot read the table of teachers without loading what trains, and the page is written by hand.</summary>
    [Fact]
    public void HelpAndDocumentationNameTheTeachersOfTheTable()
    {
        string help = new ConvertVerb().Options.Single(o => o.Name == "--teacher").Description!;
        string[] named = help.Split(" (trained here)")[0].Split([", ", " or "], StringSplitOptions.None);
        string[] table = [.. TeacherTable.Rows.Select(r => r.Name)];
        Assert.Equal(table, named);
        string section = Repository.Read("docs", "convert.md").Split("\n## Teacher\n")[1].Split("\n## ")[0];
        Assert.All(table, name => Assert.Contains($"`{name}`", section, StringComparison.Ordinal));
    }

    private static ConvertOptions Read(params string[] arguments) => Settings(arguments).ToOptions();

    private static Cli.Training.ConvertSettings Settings(params string[] arguments)
    {
        var verb = new ConvertVerb();
        ParseResult parsed = verb.Parse(["--data", "photos", "--out", "run", .. arguments]);
        Assert.Empty(parsed.Errors);
        return verb.Settings(parsed);
    }
}
#endif
