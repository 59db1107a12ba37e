using System.Text;
using EdgeVit.Export.Onnx;
using EdgeVit.Export.Onnx.Wire;
using Google.Protobuf;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>ONNX files that cannot serve: the message names the file, what of it, and what to do, and never repeats ONNX Runtime's.</summary>
public sealed class OnnxFailureTests
{
    private static readonly string[] s_foreign = ["[ErrorCode", "onnxruntime/", "Exception", ".cc:", "bug", "   at "];

    public static TheoryData<string, byte[], string> OtherFiles => new()
    {
        { "nothing", [], "is empty" },
        { "an LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"u8.ToArray(), "git lfs pull" },
        { "a web page", "<!DOCTYPE html><html><body>404</body></html>"u8.ToArray(), "is a web page" },
        { "JSON", "{\"error\": \"Entry not found\"}"u8.ToArray(), "is JSON" },
        { "a text", "Invalid username or password."u8.ToArray(), "is a text" },
        { "a checkpoint", "PK\u0003\u0004archive/data.pkl"u8.ToArray(), "torch.onnx.export" },
        { "an older checkpoint", [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46], "is a pickle" },
        { "Keras", [0x89, (byte)'H', (byte)'D', (byte)'F', 13, 10, 0x1A, 10], "is an HDF5 file" },
        { "TensorFlow Lite", "\x1C\0\0\0TFL3\x14\0\x20\0"u8.ToArray(), "is a TensorFlow Lite model" },
        { "ONNX Runtime's own", "\x18\0\0\0ORTM\0\0\0\0"u8.ToArray(), "own format (.ort)" },
        { "safetensors", [16, 0, 0, 0, 0, 0, 0, 0, .. "{\"a\":{}}        "u8.ToArray()], "is a safetensors file" },
        { "gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0], "is a gzip archive" },
        { "zeros", new byte[100], "is a file of zeros" },
        { "noise", [1, 2, 3, 4, 5], "is no ONNX model" },
        { "no graph", [8, 8], "has no graph" },
    };

    [Theory]
    [MemberData(nameof(OtherFiles))]
    public void AFileOfAnotherKindIsCalledWhatItIs(string what, byte[] bytes, string says)
    {
        string message = Message(bytes);
        Assert.True(message.Contains(says, StringComparison.Ordinal), $"{what}: {message}");
        Assert.Contains("colours.onnx", message, StringComparison.Ordinal);
    }

    [Fact]
    public void FilesThatAreNotThereAreNamed()
    {
        using var folder = new TestFolder();
        Assert.Contains("no such file", Assert.Throws<OnnxModelException>(() => OnnxFile.Read(folder["none.onnx"])).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<OnnxModelException>(() => OnnxFile.Read(folder["none/none.onnx"])).Message, StringComparison.Ordinal);
        Assert.Contains("is a folder", Assert.Throws<OnnxModelException>(() => OnnxFile.Read(folder.Root)).Message, StringComparison.Ordinal);
    }

    /// <summary>A file that ends too early, at every place.</summary>
    [Fact]
    public void AFileThatIsCutOffIsRefused()
    {
        byte[] whole = new ColourOnnx().Bytes();
        // Behind the graph only the versions of the operator sets are left.
        int graph = whole.Length - 40;
        for (int length = 1; length < graph; length++)
        {
            Assert.Matches("cut off|no ONNX model|is a text|is empty", Message(whole[..length]));
        }

        Assert.Contains("is cut off or damaged: its parts do not end where its", Message(whole[..(whole.Length / 2)]), StringComparison.Ordinal);
    }

    /// <summary>A bit that fell over: what opens still gives numbers, what does not is refused in words.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void ADamagedFileIsRefusedInWordsOrWorks(int seed)
    {
        var random = new Random(seed);
        byte[] sound = new ColourOnnx().Bytes();
        for (int n = 0; n < 100; n++)
        {
            byte[] damaged = [.. sound];
            int at = random.Next(damaged.Length);
            damaged[at] ^= (byte)(1 << random.Next(8));
            try
            {
                using OnnxClassifier classifier = OnnxClassifierTests.Open(damaged);
                Assert.Equal(8, classifier.Logits(ColourOnnx.Images(2, classifier.TakesPixels)).Length);
            }
            catch (OnnxModelException e)
            {
                AssertOwnWords(e.Message);
            }
        }
    }

    public static TheoryData<string> Models => [.. s_models.Keys];

    private static readonly Dictionary<string, (ColourOnnx Model, string[] Says)> s_models = new()
    {
        ["a newer IR and more that is newer"] = (new ColourOnnx { Change = m => (m.IrVersion, m.OpsetImport[0].Version) = (99, 99) }, ["is of IR version 99, this ONNX Runtime", "knows up to", "model.ir_version ="]),
        ["a newer operator set under its long name"] = (new ColourOnnx { Change = m => (m.OpsetImport[0].Domain, m.OpsetImport[0].Version) = ("ai.onnx", 99) }, ["is of operator set 99, newer than this ONNX Runtime", "opset_version=17"]),
        ["a newer set of another domain"] = (new ColourOnnx { Change = m => m.OpsetImport.Add(new OperatorSetIdProto { Domain = "ai.onnx.ml", Version = 99 }) }, ["asks for version 99 of the operators of ai.onnx.ml, this ONNX Runtime", "knows up to"]),
        ["no operator set"] = (new ColourOnnx { Change = m => m.OpsetImport.Clear() }, ["names no operator set, expected one from 1 on", "opset_version=17"]),
        ["operator set -1"] = (new ColourOnnx { Change = m => m.OpsetImport[0].Version = -1 }, ["is of operator set -1, expected one from 1 on"]),
        ["a newer operator set"] = (new ColourOnnx { Change = m => m.OpsetImport[0].Version = 99 }, ["is of operator set 99, this ONNX Runtime", "opset_version=17"]),
        ["an unknown operator"] = (new ColourOnnx { Change = m => m.Graph.Node[0].OpType = "ReduceMagic" }, ["ReduceMagic", "does not know"]),
        ["an operator of somebody's own"] = (new ColourOnnx
        {
            Change = m =>
            {
                m.Graph.Node[0].Domain = "my.ops";
                m.OpsetImport.Add(new OperatorSetIdProto { Domain = "my.ops", Version = 1 });
            },
        }, ["my.ops", "standard operators"]),
        ["a value that nothing computes"] = (new ColourOnnx { Change = m => m.Graph.Node[1].Input[0] = "nothing" }, ["refuses it", "onnx.checker"]),
        ["sizes that do not fit"] = (new ColourOnnx { Input = [-1, 3, -1, -1], Outputs = (g, x) => g.Output(g.Named("Reshape", "scores", [g.Node("Flatten", ["pixels"]), g.Constant("s", (long[])[-1, 5], 2)]), OnnxType.Float, -1, 5) },
            ["fails on an input 'pixels' of [1, 3, 8, 8]", "at its node 'scores' (Reshape)", "--image-size"]),
        ["other images"] = (new ColourOnnx { Input = [-1, 3, 16, 24] }, ["takes images of 24x16 pixels, the student gets 8x8"]),
        ["other images, channels last"] = (new ColourOnnx { Input = [-1, 16, 16, 3], ChannelsLast = true }, ["takes images of 16x16 pixels"]),
        ["a vector"] = (Shaped(-1, 190), ["'pixels' float32 [n, 190]", "expected pictures [n, 3, H, W] or [n, H, W, 3]"]),
        ["four channels"] = (Shaped(-1, 4, 8, 8), ["'pixels' float32 [n, 4, 8, 8]", "expected pictures"]),
        ["truth values"] = (new ColourOnnx { Type = OnnxType.Bool }, ["'pixels' bool [n, 3, 8, 8]", "fp32"]),
        ["signed bytes"] = (new ColourOnnx { Type = OnnxType.Int8 }, ["'pixels' int8 [n, 3, 8, 8]", "fp32"]),
        ["two inputs"] = (new ColourOnnx
        {
            Change = m =>
            {
                ValueInfoProto second = m.Graph.Input[0].Clone();
                second.Name = "mask";
                m.Graph.Input.Add(second);
                m.Graph.Node[1].Input[1] = m.Graph.Node[1].Input[1];
            },
        }, ["has 2 inputs ('pixels' float32 [n, 3, 8, 8], 'mask' float32 [n, 3, 8, 8]), expected one"]),
        ["fewer classes"] = (new ColourOnnx { Outputs = (g, x) => g.Output("features", OnnxType.Float, -1, 3) }, ["it has 3 classes, the data 4 (ant, bee, cow, dog). Take a teacher of the same classes"]),
        ["a decision"] = (new ColourOnnx { Outputs = (g, x) => g.Output(g.Named("ArgMax", "decision", [x], ("axis", 1), ("keepdims", 0)), OnnxType.Int64, -1) }, ["'decision' (int64, 1 for an image)", "Export it with its logits"]),
        ["a text"] = (new ColourOnnx { Outputs = (g, x) => g.Output(g.Named("Cast", "label", [x], ("to", (long)OnnxType.String)), OnnxType.String, -1, 4) }, ["none of its outputs is a tensor of numbers: 'label' string [n, 4]"]),
        ["maps of sklearn"] = (ZipMap(), ["none of its outputs is a tensor of numbers: 'maps' (a sequence, not a tensor)", "options={'zipmap': False}"]),
        ["an empty output"] = (new ColourOnnx
        {
            Outputs = (g, x) => g.Output(g.Named("Slice", "scores", [x, g.Constant("from", (long[])[0], 1), g.Constant("to", (long[])[0], 1), g.Constant("axes", (long[])[0], 1)]), OnnxType.Float, -1, 4),
        }, ["its output 'scores' float32 [n, 4] is empty"]),
        ["a number for each pixel"] = (new ColourOnnx { Outputs = (g, x) => g.Output(g.Named("Relu", "scores", ["pixels"]), OnnxType.Float, -1, 3, 8, 8) }, ["'scores' float32 [n, 3, 8, 8] has 192 numbers for an image, the data 4 (ant, bee, cow, dog)"]),
        ["no numbers"] = (new ColourOnnx { Outputs = (g, x) => g.Output(g.Named("Log", "scores", [g.Node("Sub", [x, g.Scalar("far", 1e6f)])]), OnnxType.Float, -1, 4) }, ["its output 'scores' is NaN for class 0", "fp32"]),
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void AModelThatCannotServeIsExplained(string what)
    {
        (ColourOnnx model, string[] says) = s_models[what];
        string message = Message(model.Bytes());
        Assert.All(says, s => Assert.Contains(s, message, StringComparison.Ordinal));
        Assert.Contains("colours.onnx", message, StringComparison.Ordinal);
    }

    /// <summary>Constants in files beside it, as exporters of large models write them.</summary>
    [Fact]
    public void MissingAndShortDataFilesAreNamed()
    {
        using var folder = new TestFolder();
        byte[] weights = [];
        string path = folder.File("colours.onnx", new ColourOnnx
        {
            Change = m =>
            {
                TensorProto w = m.Graph.Initializer.Single(t => t.Name == "w");
                weights = w.RawData.ToByteArray();
                w.RawData = ByteString.Empty;
                byte[] external = [.. Entry("location", "colours.onnx.data"), .. Entry("offset", "16"), .. Entry("length", "48"), 14 << 3, 1];
                w.MergeFrom(external);
            },
        }.Bytes());
        Assert.Contains("its tensor 'w' lies in the file 'colours.onnx.data', which is not beside it. Copy that file", Open().Message, StringComparison.Ordinal);
        folder.File("colours.onnx.data", new byte[40]);
        Assert.Contains("'w' is bytes 16 to 64 of 'colours.onnx.data', which has 40", Open().Message, StringComparison.Ordinal);
        folder.File("colours.onnx.data", [.. new byte[16], .. weights]);
        using OnnxClassifier classifier = OnnxClassifier.Open(path, new OnnxClassifierWishes(8, 8, ["a", "b", "c", "d"]));
        float[] images = ColourOnnx.Images(1, pixels: false);
        Assert.Equal(new ColourOnnx().Expected(images), classifier.Logits(images), (a, b) => Math.Abs(a - b) < 1e-4);

        OnnxModelException Open() => Assert.Throws<OnnxModelException>(() => OnnxFile.Read(path));
        static byte[] Entry(string key, string value)
        {
            byte[] entry = new StringStringEntryProto { Key = key, Value = value }.ToByteArray();
            return [(13 << 3) | 2, (byte)entry.Length, .. entry];
        }
    }

    /// <summary>The files that people sent in.</summary>
    [Theory]
    [InlineData("02-optimum-all-dims-free.onnx", null)]
    [InlineData("03-features-first-logits-second.onnx", "of its outputs '18' is taken")]
    [InlineData("04-logits-n-c-1-1.onnx", null)]
    [InlineData("06-softmax-at-the-end.onnx", "is probabilities (a softmax computes them)")]
    [InlineData("11-teacher-of-the-parity-failure.onnx", null)]
    public void FilesThatPeopleSentInServe(string file, string? note)
    {
        string path = Path.Combine(Repository.Root, "..", "shared", "field", "onnx", file);
        Assert.SkipUnless(File.Exists(path), "no shared/field/onnx on this machine");
        using OnnxClassifier classifier = OnnxClassifier.Open(path, new OnnxClassifierWishes(32, 32, [.. Enumerable.Range(0, 10).Select(i => $"{i}")]));
        Assert.Equal(30, classifier.Logits(new float[3 * 3 * 32 * 32]).Length);
        Assert.Equal(note is null ? 0 : 1, classifier.Notes.Count(n => note is null || n.Contains(note, StringComparison.Ordinal)));
    }

    private static ColourOnnx ZipMap() => new()
    {
        Outputs = (g, x) => g.Output(g.Named("Identity", "maps", [x]), OnnxType.Float, -1, 4),
        Change = m =>
        {
            NodeProto zip = m.Graph.Node[^1];
            (zip.OpType, zip.Domain) = ("ZipMap", "ai.onnx.ml");
            var labels = new AttributeProto { Name = "classlabels_int64s", Type = AttributeProto.Types.AttributeType.Ints };
            labels.Ints.Add([0, 1, 2, 3]);
            zip.Attribute.Add(labels);
            var number = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)OnnxType.Float, Shape = new TensorShapeProto() } };
            var map = new TypeProto { MapType = new TypeProto.Types.Map { KeyType = (int)OnnxType.Int64, ValueType = number } };
            m.Graph.Output[0].Type = new TypeProto { SequenceType = new TypeProto.Types.Sequence { ElemType = map } };
        },
    };

    /// <summary>A model whose input has any sizes, and is its output.</summary>
    private static ColourOnnx Shaped(params long[] shape) => new()
    {
        Input = [shape[0], 3, 8, 8],
        Change = m =>
        {
            var graph = new OnnxGraph("shaped");
            graph.Output(graph.Named("Identity", "scores", [graph.Input("pixels", OnnxType.Float, shape)]), OnnxType.Float, shape);
            m.Graph = ModelProto.Parser.ParseFrom(graph.ToBytes()).Graph;
        },
    };

    private static string Message(byte[] bytes)
    {
        string message = OnnxClassifierTests.Fails(bytes).Message;
        AssertOwnWords(message);
        return message;
    }

    private static void AssertOwnWords(string message)
    {
        Assert.All(s_foreign, f => Assert.DoesNotContain(f, message, StringComparison.Ordinal));
        Assert.True(message.Length < 700 && Encoding.UTF8.GetByteCount(message) < 800 && !message.Contains('\n'), message);
        Assert.EndsWith(".", message.TrimEnd().Replace("git lfs pull", ".", StringComparison.Ordinal).Replace("torch.onnx.export", ".", StringComparison.Ordinal).Replace("tflite", ".", StringComparison.Ordinal).Replace("tf2onnx.convert", ".", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
