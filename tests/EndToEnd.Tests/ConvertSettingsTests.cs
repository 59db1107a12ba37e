#if TRAINING
using System.CommandLine;
using System.Globalization;
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
        using var folder = new TestFolder();
        string names = folder.File("names.txt", "ant\nbee\n"u8.ToArray());
        ConvertOptions found = Read(
            "--unlabelled", "more", "--teacher-labels", names, "--teacher-head", "true", "--teacher-views", "5", "--student", "binaryvit-32", "--float-downsampling", "--branches", "shift", "--head", "class-attention", "--shifted-patches", "--stem", "24",
            "--attention-levels", "3", "--locality", "--teacher", "vit", "--teachers-teacher", "a.onnx", "--pretrain", "mae", "--pretrain-epochs", "7", "--init", "start.pth", "--budget", "9m",
            "--stop-after", "1h30m", "--epochs", "3.5", "--teacher-epochs", "2.5", "--batch", "48", "--lr", "0.125", "--image-size", "96",
            "--temperature", "3", "--teacher-output", "scores", "--teacher-mean", "0.1,0.2,0.3", "--teacher-std", "0.4,0.5,0.6", "--teacher-weight", "0.7", "--feature-weight", "11",
            "--hard-distillation", "--label-smoothing", "0.15", "--mixup", "0.25", "--cutmix", "0.35", "--erase", "0.45", "--flip", "false", "--pad", "6",
            "--random-crop", "0.08", "--rand-augment", "2", "--rand-magnitude", "12", "--repeats", "4", "--drop-path", "0.05", "--dropout", "0.06", "--ema", "0.99",
            "--activation-gradient", "annealed", "--float-weights", "0.3", "--clip-start", "0.005", "--clip-per", "layer", "--weight-regularizer", "0.5",
            "--regularizer-share", "0.2", "--freeze-signs", "0.1", "--norm-batches", "77", "--accumulate", "8", "--memory", "2.5G", "--checkpoint-every", "5m",
            "--device", "cpu", "--precision", "bfloat16", "--augment-on", "device", "--threads", "1", "--seed", "99", "--resume", "--overwrite", "--skip-bad", "--split", "train=a,test=b", "--labels-csv", "labels.csv",
            "--floats", "f32", "--shapes-train", "111", "--shapes-test", "112", "--parity-images", "14");
        Assert.Equal(["ant", "bee"], found.TeacherLabels!);
        Assert.Equal([0.1f, 0.2f, 0.3f], found.TeacherMean!);
        Assert.Equal([0.4f, 0.5f, 0.6f], found.TeacherStd!);
        var expected = new ConvertOptions
        {
            Data = "photos",
            Out = "run",
            Typed = found.Typed,
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
            Pretrain = "mae",
            PretrainEpochs = 7,
            Init = "start.pth",
            Budget = TimeSpan.FromMinutes(9),
            StopAfter = TimeSpan.FromMinutes(90),
            Epochs = 3.5,
            TeacherEpochs = 2.5,
            BatchSize = 48,
            LearningRate = 0.125,
            ImageSize = 96,
            Temperature = 3,
            Unlabelled = "more",
            TeacherLabels = found.TeacherLabels,
            TeacherHead = true,
            TeacherViews = 5,
            TeacherOutput = "scores",
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
            Memory = 2_500_000_000,
            CheckpointEvery = TimeSpan.FromMinutes(5),
            Device = "cpu",
            Precision = "bfloat16",
            AugmentOn = "device",
            Threads = 1,
            Seed = 99,
            Resume = true,
            Overwrite = true,
            SkipBad = true,
            Split = "train=a,test=b",
            LabelsCsv = "labels.csv",
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
    [InlineData("--memory", "2,5G")]
    [InlineData("--teacher-mean", "1,2")]
    [InlineData("--teacher-std", "1,0,1")]
    public void WordsThatMeanNothingAreRefused(string option, string value)
    {
        ParseResult parsed = new ConvertVerb().Parse(["--data", "photos", "--out", "run", option, value]);
        Assert.StartsWith($"{option} is '{value}', expected", Assert.Single(parsed.Errors).Message, StringComparison.Ordinal);
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

    /// <summary>The bounds stand beside the options, so that the help shows them without what trains, and in the library for those who call it.</summary>
    [Fact]
    public void TheLibraryTakesWhatTheOptionsTakeUpToTheirBounds()
    {
        Option[] numbers = [.. new ConvertVerb().Options.Where(o => OptionTests.Bounds(o) is not null)];
        Assert.True(numbers.Length > 30);
        Assert.All(numbers, option =>
        {
            (decimal least, decimal most) = OptionTests.Bounds(option)!.Value;
            foreach (decimal edge in new[] { least, most })
            {
                ConvertOptions options = Read(option.Name, edge.ToString(CultureInfo.InvariantCulture));
                Assert.Same(options, options.Validate());
                Assert.NotNull(options.Typed);
            }
        });
    }

    /// <summary>What a plan prints has no options that have no place beside each other.</summary>
    [Theory]
    [InlineData("--seed", "4")]
    [InlineData("--teacher", "none")]
    [InlineData("--hard-distillation")]
    [InlineData("--labels-csv", "table.csv", "--unlabelled", "more", "--teacher", "net.onnx", "--teacher-labels=")]
    public void TheRecipeOfAPlanIsTaken(params string[] typed)
    {
        using var folder = new TestFolder();
        string[] words = [.. typed.Select(w => w.EndsWith('=') ? $"{w}{folder.File("names.txt", "a\nb\n"u8.ToArray())}" : w)];
        Cli.Training.ConvertSettings settings = Settings(words);
        string layout = ConfigJson.Write(StudentLayout.Of(settings.ToOptions()));
        var plan = new ConvertPlan("net", layout, 1, 1, 1, 100, settings.Teacher == "resnet" ? new PhasePlan(10, 5, 1, 20) : null, new PhasePlan(10, 5, 1, 20), 1) { LearningRate = 0.001 };
        var verb = new ConvertVerb();
        File.WriteAllText(folder["r"], new Cli.Training.PlannedRecipe(settings, plan).Text(verb.Groups));
        (ParseResult again, string? refusal) = CommandTree.Parse(["convert", "--recipe", folder["r"], "--out", "run"], [verb]);
        Assert.Null(refusal);
        Assert.All(verb.Combinations, c => Assert.Null(c.Fault(again)));
        verb.Settings(again).RequireEffect();
    }

    /// <summary>The recipes of this repository are taken, and a plan prints each of their options as it stands.</summary>
    [Fact]
    public void TheRecipesHereAreTakenAndPrintedByAPlan()
    {
        string[] recipes = Directory.GetFiles(Path.Combine(Repository.Root, "recipes"), "*.recipe");
        Assert.NotEmpty(recipes);
        Assert.All(recipes, recipe =>
        {
            var verb = new ConvertVerb();
            (ParseResult parsed, string? refusal) = CommandTree.Parse(["convert", "--recipe", recipe, "--out", "run"], [verb]);
            Assert.Null(refusal);
            Assert.All(verb.Combinations, c => Assert.Null(c.Fault(parsed)));
            Cli.Training.ConvertSettings settings = verb.Settings(parsed);
            ConvertOptions options = settings.ToOptions();
            Assert.Same(options, options.Validate());
            var plan = new ConvertPlan("net", ConfigJson.Write(StudentLayout.Of(options)), 1, 1, 1, 100, null, new PhasePlan(10, 5, 1, 20), 1);
            string[] printed = new Cli.Training.PlannedRecipe(settings, plan).Text(verb.Groups).ReplaceLineEndings("\n").Split('\n');
            Assert.All(File.ReadAllLines(recipe).Where(line => line.Length > 0 && line[0] != '#'), line => Assert.Contains(line, printed));
        });
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
