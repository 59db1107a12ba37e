using EdgeVit.Export;

namespace EdgeVit.Quantize.Tests;

/// <summary>What is trained with where the user says nothing, and that what the user says arrives.</summary>
public class RecipeTests
{
    private static BinaryViTConfig Network { get; } = new(
        "recipe", ImageSize: 64, PatchSize: 4, [new StageConfig(Depth: 1, Width: 32, FfnWidth: 64, Heads: 1, Reduction: 1)], Classes: 10);

    [Fact]
    public void FewImagesWithoutOptions()
    {
        var recipe = Recipe.For(Options(), Network, labelled: 10_000, kind: "image folder");
        var student = new TrainSettings
        {
            // 156 whole batches of 64 in a pass, 22 passes.
            Steps = 3432,
            BatchSize = 64,
            LearningRate = 0.005,
            Warmup = 0.03,
            Evaluations = 10,
            Seed = 2,
            // Decay would drag latent weights to where their signs flip.
            WeightDecay = 0,
            Optimizer = OptimizerKind.AdamW,
            GradientNorm = 5,
            ClipRate = 0.1,
            // Attention of 64x64 pixels takes 16 times what it takes of 32x32, where 256 images are evaluated at a time.
            EvaluationBatch = 16,
            Accumulate = 1,
            MixedPrecision = false,
            Binarization = new BinarizationSettings { NormBatches = 100 },
            Regularization = new Regularization(0, 0),
        };
        Assert.Equal(student, recipe.Student);
        Assert.Equal(new Augmentation(Pad: 4, Flip: true, Erase: 0), recipe.Augmentation);

        // The teacher: a residual network, 4 passes.
        var teacher = new TrainSettings { Steps = 624, BatchSize = 64, LearningRate = 0.003, Warmup = 0.1, WeightDecay = 0.05, Evaluations = 4, EvaluationBatch = 16, Seed = 1 };
        Assert.Equal(teacher, recipe.Teacher);
    }

    [Theory]
    [InlineData("image folder", 20_000, 64, 312 * 22)]
    [InlineData("image folder", 20_001, 128, 156 * 15)]
    [InlineData("shapes", 40, 40, 22)]
    [InlineData("shapes", 9_500, 64, 148 * 11)]
    public void TheNumberOfImagesDecidesBatchAndSteps(string kind, int images, int batch, long steps)
    {
        var recipe = Recipe.For(Options(), Network, images, kind);
        Assert.Equal((batch, steps), (recipe.Student.BatchSize, recipe.Student.Steps));
    }

    [Theory]
    [InlineData("convnet", 0.1875, 0.2, 0.00133, 64, 1000, 624)]
    [InlineData("vit", 0.001, 0.1, 0.05, 1, 5, 4680)]
    [InlineData("twin", 0.003, 0.1, 0.05, 1, 5, 2340)]
    public void EveryKindOfTeacherHasItsOwnSettings(string kind, double rate, double warmup, double decay, double biasRate, double norm, long steps)
    {
        TrainSettings teacher = Recipe.For(Options() with { Teacher = kind }, Network, 10_000, "shapes").Teacher;
        Assert.Equal((rate, warmup, decay, biasRate, norm), (teacher.LearningRate, teacher.Warmup, teacher.WeightDecay, teacher.BiasRate, teacher.GradientNorm));
        Assert.Equal(steps, teacher.Steps);
        Assert.Equal(kind == "convnet" ? OptimizerKind.Nesterov : OptimizerKind.AdamW, teacher.Optimizer);
        Assert.Equal(0.85, teacher.Momentum);
    }

    [Theory]
    [InlineData("IDX", null, false)]
    [InlineData("IDX", true, true)]
    [InlineData("CIFAR", null, true)]
    [InlineData("shapes", null, true)]
    [InlineData("image folder", null, true)]
    [InlineData("image folder", false, false)]
    public void DigitsAreNotMirroredUnlessAskedFor(string kind, bool? asked, bool mirrored) =>
        Assert.Equal(mirrored, Recipe.For(Options() with { Flip = asked }, Network, 100, kind).Augmentation.Flip);

    [Fact]
    public void WhatTheUserSaysArrives()
    {
        var binarization = new BinarizationSettings { Gradient = ActivationGradient.Annealed, FloatWeights = 0.2, FreezeSigns = 0.3, NormBatches = 7 };
        var regularization = new Regularization(0.1, 0.2) { Average = 0.9 };
        ConvertOptions options = Options() with
        {
            BatchSize = 20,
            Epochs = 3,
            TeacherEpochs = 2,
            LearningRate = 0.25,
            Accumulate = 4,
            Seed = 41,
            Pad = 9,
            Flip = false,
            Erase = 0.5,
            Mixup = 0.3,
            CutMix = 0.6,
            RandAugment = 2,
            RandMagnitude = 11,
            Repeats = 3,
            Binarization = binarization,
            Regularization = regularization,
            Precision = ConvertOptions.BFloat16,
        };
        var recipe = Recipe.For(options, Network, 100, "shapes");
        var student = new TrainSettings
        {
            Steps = 15,
            BatchSize = 20,
            LearningRate = 0.25,
            Warmup = 0.03,
            Evaluations = 10,
            EvaluationBatch = 16,
            Accumulate = 4,
            MixedPrecision = true,
            Seed = 42,
            Binarization = binarization,
            Regularization = regularization,
        };
        Assert.Equal(student, recipe.Student);
        Assert.Equal((2L, 64, 41UL, true), (recipe.Teacher.Steps, recipe.Teacher.BatchSize, recipe.Teacher.Seed, recipe.Teacher.MixedPrecision));
        var augmentation = new Augmentation(9, false, 0.5) { Mixing = new Mixing(0.3, 0.6), Operations = new RandAugment(2, 11), Repeats = 3 };
        Assert.Equal(augmentation, recipe.Augmentation);

        // Random crops take the place of shifts.
        Assert.Equal(new Augmentation(0, true) { Crop = 0.4 }, Recipe.For(Options() with { Crop = 0.4 }, Network, 100, "shapes").Augmentation);
        Assert.Equal(5, Recipe.For(Options() with { Crop = 0.4, Pad = 5 }, Network, 100, "shapes").Augmentation.Pad);
    }

    [Fact]
    public void TheRateRisesAndFallsAlongHalfACosine()
    {
        LearningRate rate = new TrainSettings { Steps = 1000, LearningRate = 0.5, Warmup = 0.1 }.Schedule;
        Assert.Equal(0.005, rate.At(0), 1e-12);
        Assert.Equal(0.5, rate.At(99), 1e-12);
        Assert.Equal(0.5, rate.At(100), 1e-12);
        Assert.Equal(0.25, rate.At(550), 1e-12);
        Assert.Equal(0.5 * (1 - Math.Sqrt(0.5)) / 2, rate.At(775), 1e-12);
        Assert.Equal(0.5e-4, rate.At(1000), 1e-12);
        // However long the run, no more than 200 steps warm up.
        Assert.Equal(0.5 / 200, new TrainSettings { Steps = 100_000, LearningRate = 0.5, Warmup = 0.1 }.Schedule.At(0), 1e-12);
    }

    [Fact]
    public void AStudentIsTaughtAsTheOptionsSay()
    {
        using var student = new BinaryViT(Network);
        var teacher = new ModuleTeacher("twin", student);
        ConvertOptions options = Options() with { Temperature = 3, TeacherWeight = 0.6, HardDistillation = true, FeatureWeight = 7, LabelSmoothing = 0.2 };
        Assert.Equal(new DistillTask(student, teacher, 3, 0.6, Hard: true) { FeatureWeight = 7 }, StudentPhase.Task(student, teacher, options));
        Assert.Equal(new ClassifyTask(student, 0.2), StudentPhase.Task(student, null, options));
        Assert.Equal(new DistillTask(student, teacher, 2, 0.9, Hard: false) { FeatureWeight = 0 }, StudentPhase.Task(student, teacher, Options()));
    }

    private static ConvertOptions Options() => new() { Data = "shapes", Out = "run" };
}
