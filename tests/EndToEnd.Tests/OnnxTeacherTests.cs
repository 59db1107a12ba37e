#if TRAINING
using EdgeVit.Export;
using EdgeVit.Export.Onnx;
using EdgeVit.Quantize;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>A conversion with an ONNX teacher of an unusual form, in this process.</summary>
public sealed class OnnxTeacherTests
{
    [Fact]
    public void WhatWasFoundOutAboutTheTeacherIsSaid()
    {
        using var folder = new TestFolder();
        string teacher = folder.File("colours.onnx", new ColourOnnx
        {
            Input = [5, 8, 8, 3],
            ChannelsLast = true,
            Type = OnnxType.UInt8,
            Outputs = (g, x) =>
            {
                g.Output("features", OnnxType.Float, 5, 3);
                string logits = g.Node("Mul", [x, g.Scalar("scale", 0.01f)]);
                g.Output(g.Named("Softmax", "p", [logits], ("axis", 1)), OnnxType.Float, 5, 4);
                g.Output(g.Named("Neg", "other", [logits]), OnnxType.Float, 5, 4);
            },
        }.Bytes());
        File.WriteAllText(folder["tiny.json"], ConfigJson.Write(new BinaryViTConfig("tiny", ImageSize: 8, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 1)], Classes: 4)));
        ConvertOptions options = new()
        {
            Data = folder.Images("photos", 30, "ant", "bee", "cow", "dog"),
            Out = folder["run"],
            Student = folder["tiny.json"],
            Teacher = teacher,
            TeacherOutput = "p",
            Epochs = 0.1,
            BatchSize = 16,
            ParityImages = 1,
            Device = "cpu",
        };
        var told = new Told();
        Assert.True(Converter.Convert(options, told).Parity.Passed);
        foreach (string note in (string[])["its output 'p' is probabilities", "its input is uint8: pixels of 0 to 255", "it takes 5 images at a time"])
        {
            Assert.Single(told.Texts, t => t.Contains(note, StringComparison.Ordinal));
        }

        Assert.DoesNotContain(told.Texts, t => t.Contains("normalised", StringComparison.Ordinal));
        Assert.Contains("\"teacher.output\": \"p\"", File.ReadAllText(folder["run/config.json"]), StringComparison.Ordinal);

        // Without the name the one that is no softmax is taken, which is said.
        told.Texts.Clear();
        Assert.True(Converter.Convert(options with { TeacherOutput = null, Overwrite = true }, told).Parity.Passed);
        Assert.Single(told.Texts, t => t.Contains("of its outputs 'other' is taken (--teacher-output names another: 'features' (float32, 3 for an image), 'p'", StringComparison.Ordinal));

        Fails(options with { TeacherOutput = "features", TeacherHead = false }, "has 3 numbers for an image, the data 4 (ant, bee, cow, dog)");
        Fails(options with { TeacherOutput = "q" }, "--teacher-output is 'q', and its outputs are 'features'");
        Fails(options with { TeacherOutput = "p", Teacher = "convnet" }, "--teacher-output p: no teacher is an ONNX file");

        // A student of larger images: the teacher sees them resized.
        told.Texts.Clear();
        Assert.True(Converter.Convert(options with { ImageSize = 16, Overwrite = true }, told).Parity.Passed);
        Assert.Single(told.Texts, t => t.Contains("takes images of 8x8 pixels: it sees the student's of 16x16, resized", StringComparison.Ordinal));

        // Without labels nobody says how many classes there are.
        ConvertOptions unlabelled = options with { Data = Path.Combine(options.Data, "ant"), TeacherOutput = null, Out = folder["second"] };
        Fails(unlabelled, "several of its outputs may be the classes");
    }

    /// <summary>One step in bfloat16 with this teacher once gave a certificate that failed and named no value.</summary>
    [Fact]
    public void TheTeacherOfTheUnnamedFailureGivesAProof()
    {
        string teacher = Path.Combine(Repository.Root, "..", "shared", "field", "onnx", "11-teacher-of-the-parity-failure.onnx");
        Assert.SkipUnless(File.Exists(teacher), "no shared/field/onnx on this machine");
        using var folder = new TestFolder();
        ConvertOptions options = new()
        {
            Data = "shapes",
            Out = folder["run"],
            Teacher = teacher,
            ShapesTrain = 256,
            ShapesTest = 32,
            Epochs = 1,
            BatchSize = 128,
            Precision = ConvertOptions.BFloat16,
            Seed = 1,
            Device = "cpu",
        };
        Assert.True(Converter.Convert(options, new SilentProgress()).Parity.Passed);
    }

    /// <summary>Classes that are others than the data's, or features: a head on the frozen network teaches, its accuracy is told and kept, and a run that goes on
    /// reads it again.</summary>
    [Theory]
    [InlineData("features", "'features'")]
    [InlineData(null, "none of the data's classes is among its 4 (red, green, blue, grey); a head is trained on features 'features'")]
    public void AHeadIsTrainedWhereTheClassesAreOthers(string? output, string said)
    {
        using var folder = new TestFolder();
        string teacher = folder.File("colours.onnx", new ColourOnnx
        {
            Change = m => m.MetadataProps.Add(new EdgeVit.Export.Onnx.Wire.StringStringEntryProto { Key = "names", Value = "{0: 'red', 1: 'green', 2: \"blue\", 3: 'grey'}" }),
        }.Bytes());
        File.WriteAllText(folder["tiny.json"], ConfigJson.Write(new BinaryViTConfig("tiny", ImageSize: 8, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 1)], Classes: 4)));
        ConvertOptions options = new()
        {
            Data = folder.Images("photos", 30, "ant", "bee", "cow"),
            Out = folder["run"],
            Student = folder["tiny.json"],
            Teacher = teacher,
            TeacherOutput = output,
            Epochs = 1,
            BatchSize = 16,
            ParityImages = 1,
            Device = "cpu",
        };
        var told = new Told();
        ConvertResult result = Converter.Convert(options, told);
        TeacherHeadFacts head = Assert.Single(result.TeacherHeads);
        Assert.Equal(3, head.Features);
        Assert.Equal(result.TrainImages, head.Images);
        Assert.InRange(head.HeldOutTop1, 0, 100);
        Assert.Single(told.Texts, t => t.Contains(said, StringComparison.Ordinal));
        Assert.Contains("\"teacherHeads\"", File.ReadAllText(folder["run/result.json"]), StringComparison.Ordinal);
        Assert.Contains("teacher's head", File.ReadAllText(folder["run/card.md"]), StringComparison.Ordinal);

        told.Texts.Clear();
        ConvertResult again = Converter.Convert(options with { Resume = true }, told);
        Assert.Equal(head, Assert.Single(again.TeacherHeads));
        Assert.Contains(told.Texts, t => t.Contains("(read again)", StringComparison.Ordinal));
        Assert.Equal(result.Sha256, again.Sha256);

        // Names that are the data's, in another order and among others, need no head.
        ConvertResult named = Converter.Convert(options with { TeacherOutput = null, TeacherLabels = ["dog", "Cow", "bee", "ant"], Overwrite = true }, told);
        Assert.Empty(named.TeacherHeads);
        Assert.Contains(told.Texts, t => t.Contains("found among its 4 by their names", StringComparison.Ordinal));

        told.Texts.Clear();
        Converter.Convert(options with { TeacherOutput = null, TeacherLabels = ["dog", "Cow", "fly", "ant"], Overwrite = true }, told);
        Assert.Contains(told.Texts, t => t.Contains("2 of the data's 3 classes are among its 4 (ant, cow), not bee", StringComparison.Ordinal));
    }

    /// <summary>Pictures without labels are answered by the teacher and learnt from.</summary>
    [Fact]
    public void PicturesWithoutLabelsAreLearntFrom()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["tiny.json"], ConfigJson.Write(new BinaryViTConfig("tiny", ImageSize: 8, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 1)], Classes: 4)));
        string more = Path.Combine(folder.Images("more", 25, "any"), "any");
        ConvertOptions options = new()
        {
            Data = folder.Images("photos", 30, "ant", "bee"),
            Out = folder["run"],
            Student = folder["tiny.json"],
            Teacher = "resnet",
            TeacherEpochs = 0.1,
            Unlabelled = more,
            Epochs = 2,
            BatchSize = 8,
            ParityImages = 1,
            Device = "cpu",
        };
        var told = new Told();
        ConvertResult result = Converter.Convert(options, told);
        Assert.Equal(25, result.UnlabelledImages);
        Assert.Contains(told.Texts, t => t.StartsWith("the teacher's decisions on 25 pictures without labels: ", StringComparison.Ordinal));
        string config = File.ReadAllText(folder["run/config.json"]);
        Assert.Contains($"\"student.steps\": \"{2 * ((result.TrainImages + 25) / 8)}\"", config, StringComparison.Ordinal);
        Assert.Contains("\"data.unlabelled\": \"25\"", config, StringComparison.Ordinal);
        Fails(options with { Teacher = "none" }, "teach nothing without a teacher");
        Fails(options with { Data = more, Teacher = "resnet" }, "have no labels either");
    }

    private static void Fails(ConvertOptions options, string message)
    {
        var error = Assert.Throws<ConvertException>(() => Converter.Convert(options with { Overwrite = true }, new SilentProgress()));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(ConvertException.Usage, error.ExitCode);
    }

    private sealed class Told : IConvertProgress
    {
        public List<string> Texts { get; } = [];

        public void Report(ConvertEvent value)
        {
            if (value is Note { Text: var note })
            {
                Texts.Add(note);
            }
            else if (value is Warned { Text: var warned })
            {
                Texts.Add(warned);
            }
        }
    }
}
#endif
