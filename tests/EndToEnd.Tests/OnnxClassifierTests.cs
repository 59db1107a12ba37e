using EdgeVit.Export.Onnx;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>ONNX classifiers of every form that people have: each gives the logits that can be followed by hand.</summary>
public sealed class OnnxClassifierTests
{
    private static readonly string[] s_classes = ["ant", "bee", "cow", "dog"];

    /// <summary>How images go in.</summary>
    public static TheoryData<string> Forms => [.. s_forms.Keys];

    private static readonly Dictionary<string, (ColourOnnx Model, string? Note)> s_forms = new()
    {
        ["any number of images"] = (new ColourOnnx(), null),
        ["one image"] = (new ColourOnnx { Input = [1, 3, 8, 8] }, null),
        ["five images"] = (new ColourOnnx { Input = [5, 3, 8, 8] }, "it takes 5 images at a time"),
        ["all sizes free"] = (new ColourOnnx { Input = [-1, -1, -1, -1] }, null),
        ["all sizes free but the batch"] = (new ColourOnnx { Input = [2, -1, -1, -1] }, "it takes 2 images at a time"),
        ["free height and width"] = (new ColourOnnx { Input = [-1, 3, -1, -1] }, null),
        ["no shape"] = (new ColourOnnx { Change = m => m.Graph.Input[0].Type.TensorType.Shape = null }, null),
        ["no batch"] = (new ColourOnnx { Input = [3, 8, 8] }, null),
        ["no batch, channels last"] = (new ColourOnnx { Input = [8, 8, 3], ChannelsLast = true }, null),
        ["channels last"] = (new ColourOnnx { Input = [-1, 8, 8, 3], ChannelsLast = true }, null),
        ["channels last, all sizes free"] = (new ColourOnnx { Input = [-1, -1, -1, -1], ChannelsLast = true }, null),
        ["grey"] = (new ColourOnnx { Input = [-1, 1, 8, 8], Channels = 1 }, "it takes grey images"),
        ["grey, channels last"] = (new ColourOnnx { Input = [1, 8, 8, 1], Channels = 1, ChannelsLast = true }, "it takes grey images"),
        ["grey, all sizes free"] = (new ColourOnnx { Input = [-1, -1, -1, -1], Channels = 1 }, "it takes grey images"),
        ["grey, no channels"] = (new ColourOnnx { Input = [-1, 8, 8], Channels = 1 }, "it takes grey images"),
        ["five grey, no channels"] = (new ColourOnnx { Input = [5, 8, 8], Channels = 1 }, "it takes 5 images at a time"),
        ["flat"] = (new ColourOnnx { Input = [-1, 192] }, "all red, then all green"),
        ["flat, one image"] = (new ColourOnnx { Input = [1, 192] }, "all red, then all green"),
        ["flat, length free"] = (new ColourOnnx { Input = [-1, -1] }, "all red, then all green"),
        ["flat grey"] = (new ColourOnnx { Input = [-1, 64], Channels = 1 }, "it takes grey images"),
        ["a newer IR"] = (new ColourOnnx { Change = m => m.IrVersion = 99 }, "it says that it is of IR version 99"),
        ["uint8"] = (new ColourOnnx { Type = OnnxType.UInt8 }, "pixels of 0 to 255"),
        ["uint8, channels last"] = (new ColourOnnx { Type = OnnxType.UInt8, Input = [3, 8, 8, 3], ChannelsLast = true }, "pixels of 0 to 255"),
        ["int64"] = (new ColourOnnx { Type = OnnxType.Int64 }, "pixels of 0 to 255"),
        ["int32"] = (new ColourOnnx { Type = OnnxType.Int32, Input = [-1, -1, -1, -1] }, "pixels of 0 to 255"),
        ["uint16"] = (new ColourOnnx { Type = OnnxType.UInt16 }, "pixels of 0 to 255"),
        ["float16"] = (new ColourOnnx { Type = OnnxType.Float16 }, null),
        ["bfloat16"] = (new ColourOnnx { Type = OnnxType.BFloat16 }, null),
        ["float64"] = (new ColourOnnx { Type = OnnxType.Double }, null),
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void ImagesGoInAsTheModelTakesThem(string form)
    {
        (ColourOnnx model, string? note) = s_forms[form];
        using OnnxClassifier classifier = Open(model.Bytes());
        Assert.Equal(model.Type is OnnxType.UInt8 or OnnxType.Int64 or OnnxType.Int32 or OnnxType.UInt16, classifier.TakesPixels);
        foreach (int count in (int[])[1, 7, 65])
        {
            float[] images = ColourOnnx.Images(count, classifier.TakesPixels);
            AssertNear(model.Expected(images), classifier.Logits(images), model.Type switch { OnnxType.BFloat16 => 0.02f, OnnxType.Float16 => 2e-3f, _ => 1e-4f });
        }

        Assert.Equal(note is null ? 0 : 1, classifier.Notes.Count(n => note is null || n.Contains(note, StringComparison.Ordinal)));
    }

    /// <summary>What comes out.</summary>
    public static TheoryData<string> Endings => [.. s_endings.Keys];

    private static readonly Dictionary<string, (Action<OnnxGraph, string> Outputs, string? Note)> s_endings = new()
    {
        ["[n, C, 1, 1]"] = ((g, x) => g.Output(g.Named("Reshape", "scores", [x, g.Constant("s", (long[])[-1, 4, 1, 1], 4)]), OnnxType.Float, -1, 4, 1, 1), null),
        ["[n, 1, C]"] = ((g, x) => g.Output(g.Named("Unsqueeze", "scores", [x, g.Constant("s", (long[])[1], 1)]), OnnxType.Float, -1, 1, 4), null),
        ["no sizes"] = ((g, x) => g.Output(g.Named("Identity", "scores", [x]), OnnxType.Float, -1, -1), null),
        ["softmax"] = ((g, x) => g.Output(g.Named("Softmax", "p", [x], ("axis", -1)), OnnxType.Float, -1, 4), "its output 'p' is probabilities (a softmax computes them)"),
        ["softmax, reshaped"] = ((g, x) => g.Output(g.Named("Squeeze", "p", [g.Node("Unsqueeze", [g.Node("Softmax", [x], ("axis", 1)), g.Constant("s", (long[])[2], 1)]), "s"]), OnnxType.Float, -1, 4), "a softmax computes them"),
        ["softmax by hand"] = ((g, x) =>
        {
            string exp = g.Node("Exp", [x]);
            g.Output(g.Named("Div", "p", [exp, g.Node("ReduceSum", [exp, g.Constant("a", (long[])[1], 1)], ("keepdims", 1))]), OnnxType.Float, -1, 4);
        }, "their sum is one"),
        ["softmax in 16 bits"] = ((g, x) => g.Output(g.Named("Cast", "p", [g.Node("Softmax", [x], ("axis", -1))], ("to", (long)OnnxType.Float16)), OnnxType.Float16, -1, 4), "a softmax computes them"),
        ["log-softmax"] = ((g, x) => g.Output(g.Named("LogSoftmax", "scores", [x], ("axis", -1)), OnnxType.Float, -1, 4), null),
        ["sigmoid"] = ((g, x) => g.Output(g.Named("Sigmoid", "p", [x]), OnnxType.Float, -1, 4), "log(p / (1 - p))"),
        ["float64"] = ((g, x) => g.Output(g.Named("Cast", "scores", [x], ("to", (long)OnnxType.Double)), OnnxType.Double, -1, 4), null),
        ["float16"] = ((g, x) => g.Output(g.Named("Cast", "scores", [x], ("to", (long)OnnxType.Float16)), OnnxType.Float16, -1, 4), null),
        ["bfloat16"] = ((g, x) => g.Output(g.Named("Cast", "scores", [x], ("to", (long)OnnxType.BFloat16)), OnnxType.BFloat16, -1, 4), null),
        ["features first"] = ((g, x) => Two(g, "features", 3, g.Named("Identity", "z", [x]), 4), "of its outputs 'z' is taken (--teacher-output names another: 'features' (float32, 3 for an image))"),
        ["features last"] = ((g, x) => Two(g, g.Named("Identity", "z", [x]), 4, "features", 3), "of its outputs 'z' is taken"),
        ["called logits, second"] = ((g, x) => Two(g, g.Node("Mul", [x, x]), 4, g.Named("Identity", "logits", [x]), 4), "of its outputs 'logits' is taken"),
        ["probabilities and logits"] = ((g, x) => Two(g, g.Node("Softmax", [x], ("axis", 1)), 4, g.Named("Identity", "z", [x]), 4), "of its outputs 'z' is taken"),
        ["label as text and scores"] = ((g, x) =>
        {
            string label = g.Node("ArgMax", [x], ("axis", 1), ("keepdims", 0));
            g.Output(g.Named("Cast", "label", [label], ("to", (long)OnnxType.String)), OnnxType.String, -1);
            g.Output(g.Named("Identity", "z", [x]), OnnxType.Float, -1, 4);
        }, "of its outputs 'z' is taken"),
        ["a decision for each class of the batch"] = ((g, x) =>
        {
            g.Output(g.Named("ArgMax", "decision", [x], ("axis", 1), ("keepdims", 1)), OnnxType.Int64, -1, 1);
            g.Output(g.Named("Identity", "z", [x]), OnnxType.Float, -1, 4);
        }, "of its outputs 'z' is taken"),
        ["one row whatever the batch"] = ((g, x) => g.Output(g.Named("ReduceSum", "scores", [x, g.Constant("a", (long[])[0], 1)], ("keepdims", 1)), OnnxType.Float, 1, 4), "it gets one at a time"),
        ["a mean over the batch is taken off"] = ((g, x) => g.Output(g.Named("Add", "scores", [x, g.Node("Mul", [
            g.Node("Sub", [x, g.Node("ReduceMean", [x], ("axes", (long[])[0]), ("keepdims", 1))]), g.Scalar("ten", 10f)])]), OnnxType.Float, -1, 4), "it gets one at a time"),
    };

    [Theory]
    [MemberData(nameof(Endings))]
    public void LogitsComeOutOfWhatTheModelGives(string ending)
    {
        (Action<OnnxGraph, string> outputs, string? note) = s_endings[ending];
        var model = new ColourOnnx { Outputs = outputs };
        using OnnxClassifier classifier = Open(model.Bytes());
        float[] images = ColourOnnx.Images(9, pixels: false);
        float[] expected = model.Expected(images), found = classifier.Logits(images);
        bool upToAConstant = ending.Contains("softmax", StringComparison.Ordinal);
        AssertNear(upToAConstant ? LogSoftmax(expected) : expected, upToAConstant ? LogSoftmax(found) : found, ending.Contains("bfloat", StringComparison.Ordinal) ? 2e-2f : ending.Contains("16", StringComparison.Ordinal) ? 5e-3f : 2e-4f);
        Assert.Equal(note is null ? 0 : 1, classifier.Notes.Count(n => note is null || n.Contains(note, StringComparison.Ordinal)));
    }

    /// <summary>Of a softmax in 8 bits over many classes little of the sum is left; it is one all the same.</summary>
    [Theory]
    [InlineData("Softmax", 1000, 0.3f, nameof(OnnxScores.Probabilities))]
    [InlineData("QLinearSoftmax", 1000, 0.6f, nameof(OnnxScores.Probabilities))]
    [InlineData("Softmax", 4, 1.05f, nameof(OnnxScores.Probabilities))]
    [InlineData("Softmax", 1, 1, nameof(OnnxScores.Logits))]
    [InlineData("", 1000, 0.6f, nameof(OnnxScores.Logits))]
    [InlineData("", 1000, 1, nameof(OnnxScores.Probabilities))]
    [InlineData("", 4, 256, nameof(OnnxScores.Bytes))]
    [InlineData("", 1000, 244, nameof(OnnxScores.Bytes))]
    [InlineData("", 4, 248, nameof(OnnxScores.Logits))]
    [InlineData("", 4, 254.5f, nameof(OnnxScores.Logits))]
    [InlineData("Sigmoid", 1000, 0.6f, nameof(OnnxScores.Sigmoids))]
    public void ScoresAreRecognisedByTheirOperatorAndTheirSums(string ending, int width, float sum, string expected)
    {
        float[] rows = new float[3 * width];
        for (int i = 0; i < 3; i++)
        {
            (rows[i * width], rows[(i * width) + width - 1]) = (sum / 4, width > 1 ? sum * 3 / 4 : sum);
        }

        Assert.Equal(expected, $"{OnnxScoresForm.Of(rows, width, ending)}");
        rows[^1] = -0.1f;
        Assert.Equal(OnnxScores.Logits, OnnxScoresForm.Of(rows, width, ending));
    }

    [Fact]
    public void ASoftmaxBehindQuantisationIsSeen()
    {
        var model = new ColourOnnx
        {
            Outputs = (g, x) =>
            {
                string scale = g.Scalar("step", 0.3f);
                g.Output(g.Named("DequantizeLinear", "p", [g.Node("QuantizeLinear", [g.Node("Softmax", [x], ("axis", -1)), scale]), scale]), OnnxType.Float, -1, 4);
            },
        };
        using OnnxClassifier classifier = Open(model.Bytes());
        Assert.Equal(OnnxScores.Probabilities, classifier.Scores);
        Assert.Contains(classifier.Notes, n => n.Contains("a softmax computes them", StringComparison.Ordinal));
    }

    /// <summary>Logits in whole numbers, as quantised models give them.</summary>
    [Fact]
    public void LogitsMayBeWholeNumbers()
    {
        var model = new ColourOnnx { Type = OnnxType.UInt8, Outputs = (g, x) => g.Output(g.Named("Cast", "scores", [x], ("to", (long)OnnxType.Int64)), OnnxType.Int64, -1, 4) };
        using OnnxClassifier classifier = Open(model.Bytes());
        float[] images = ColourOnnx.Images(5, pixels: true);
        Assert.Equal(model.Expected(images).Select(MathF.Truncate), classifier.Logits(images));
    }

    [Fact]
    public void AnOutputThatIsNamedIsTaken()
    {
        byte[] two = new ColourOnnx { Outputs = (g, x) => Two(g, g.Named("Identity", "logits", [x]), 4, g.Named("Neg", "others", [x]), 4) }.Bytes();
        using OnnxClassifier classifier = Open(two, "others");
        float[] images = ColourOnnx.Images(3, pixels: false);
        AssertNear([.. new ColourOnnx().Expected(images).Select(v => -v)], classifier.Logits(images), 1e-4f);
        Assert.Empty(classifier.Notes);
        Assert.Contains("--teacher-output is 'nothing', and its outputs are 'logits' (float32, 4 for an image), 'others'", Fails(two, "nothing").Message, StringComparison.Ordinal);
        byte[] features = new ColourOnnx { Outputs = (g, x) => Two(g, "features", 3, g.Named("Identity", "z", [x]), 4) }.Bytes();
        OnnxModelException wrong = Fails(features, "features");
        Assert.True(wrong.IsUsage);
        Assert.Contains("'features' float32 [n, 3] has 3 numbers for an image, the data 4 (ant, bee, cow, dog)", wrong.Message, StringComparison.Ordinal);
    }

    /// <summary>Where nobody says how many classes there are, one that is called logits is taken, and else the user is asked.</summary>
    [Fact]
    public void WithoutClassesSeveralOutputsAreNotGuessed()
    {
        using var folder = new TestFolder();
        string path = folder.File("two.onnx", new ColourOnnx { Outputs = (g, x) => Two(g, "features", 3, g.Named("Identity", "z", [x]), 4) }.Bytes());
        var wishes = new OnnxClassifierWishes(8, 8, null);
        Assert.Contains("several of its outputs may be the classes: 'features' (float32, 3 for an image), 'z' (float32, 4 for an image)",
            Assert.Throws<OnnxModelException>(() => OnnxClassifier.Open(path, wishes)).Message, StringComparison.Ordinal);
        using OnnxClassifier named = OnnxClassifier.Open(path, wishes with { Output = "z" });
        Assert.Equal(4, named.Width);
        folder.File("two.onnx", new ColourOnnx { Outputs = (g, x) => Two(g, "features", 3, g.Named("Identity", "Logits", [x]), 4) }.Bytes());
        using OnnxClassifier called = OnnxClassifier.Open(path, wishes);
        Assert.Equal("Logits", called.Output);
    }

    private static void Two(OnnxGraph graph, string first, int firstWidth, string second, int secondWidth)
    {
        graph.Output(first, OnnxType.Float, -1, firstWidth);
        graph.Output(second, OnnxType.Float, -1, secondWidth);
    }

    internal static OnnxClassifier Open(byte[] bytes, string? output = null)
    {
        using var folder = new TestFolder();
        return OnnxClassifier.Open(folder.File("colours.onnx", bytes), new OnnxClassifierWishes(8, 8, s_classes, output));
    }

    internal static OnnxModelException Fails(byte[] bytes, string? output = null) => Assert.Throws<OnnxModelException>(() => Open(bytes, output));

    private static float[] LogSoftmax(float[] logits) => [.. logits.Chunk(4).SelectMany(row => row.Select(v => v - MathF.Log(row.Sum(MathF.Exp))))];

    private static void AssertNear(float[] expected, float[] found, float tolerance)
    {
        float scale = Math.Max(1, expected.Max(Math.Abs));
        Assert.Equal(expected.Length, found.Length);
        Assert.All(expected.Zip(found), p => Assert.Equal(p.First, p.Second, tolerance * scale));
    }
}
