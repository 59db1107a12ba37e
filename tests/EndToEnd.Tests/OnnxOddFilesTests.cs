using System.Text;
using EdgeVit.Export.Onnx;
using EdgeVit.Export.Onnx.Wire;
using Google.Protobuf;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>ONNX files that open and run, and would teach in silence what nobody meant.</summary>
public sealed class OnnxOddFilesTests
{
    public static TheoryData<string> Refused => [.. s_refused.Keys];

    private static readonly Dictionary<string, (ColourOnnx Model, string Says)> s_refused = new()
    {
        ["more images at a time than an array holds"] = (new ColourOnnx { Input = [int.MaxValue, 3, 8, 8] }, "its input 'pixels' float32 [2147483647, 3, 8, 8] has more than 536,870,912 numbers at a time"),
        ["no image at a time"] = (new ColourOnnx { Input = [0, 3, 8, 8] }, "'pixels' float32 [0, 3, 8, 8] has a size of 0 and takes no images"),
        ["dropout as in training"] = (Ending((g, x) => g.Named("Dropout", "scores", [x, g.Scalar("ratio", 0.5f), g.Scalar("training", true)])), "its output 'scores' is another each time that it sees the same image"),
        ["noise"] = (Ending((g, x) => g.Named("Add", "scores", [x, g.Node("RandomNormalLike", [x])])), "Export it for inference, in PyTorch after model.eval()"),
        ["classes first"] = (Ending((g, x) => g.Named("Transpose", "scores", [x]), batch: 5), "its output 'scores' is [4, 5] for 5 images, expected a row for each: [5, C]"),
        ["the first image alone"] = (Ending((g, x) => g.Named("Slice", "scores", [x, g.Constant("from", (long[])[0], 1), g.Constant("to", (long[])[1], 1)]), batch: 5), "its output 'scores' is [1, 4] for 5 images"),
        ["an end of line in a name"] = (Ending((g, x) => g.Named("ReduceSum", "sco\nres", [x])), @"'sco\nres' (float32, 1 for an image)"),
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void WhatWouldTeachNonsenseIsRefused(string what)
    {
        (ColourOnnx model, string says) = s_refused[what];
        OnnxModelException e = OnnxClassifierTests.Fails(model.Bytes());
        Assert.True(e.IsUsage);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.Contains("colours.onnx", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void ProbabilitiesInPerCentAreTakenAsSuch()
    {
        ColourOnnx model = Ending((g, x) => g.Named("Mul", "p", [g.Node("Softmax", [x], ("axis", -1)), g.Scalar("hundred", 100f)]));
        using OnnxClassifier classifier = OnnxClassifierTests.Open(model.Bytes());
        float[] images = ColourOnnx.Images(5, pixels: false);
        float[] found = classifier.Logits(images);
        foreach ((float[] logits, float[] row) in model.Expected(images).Chunk(4).Zip(found.Chunk(4)))
        {
            float sum = MathF.Log(logits.Sum(MathF.Exp));
            Assert.All(logits.Zip(row), p => Assert.Equal(p.First - sum, p.Second, 1e-3f));
        }

        Assert.Equal(OnnxScores.Percent, classifier.Scores);
        Assert.Contains("its output 'p' is probabilities in per cent (their sum is 100); their logarithm is taken", classifier.Notes);
    }

    /// <summary>A softmax times 255 in whole bytes is no row of logits: the order is kept, and distances are those of probabilities.</summary>
    [Fact]
    public void ProbabilitiesInBytesAreTakenAsSuch()
    {
        var model = new ColourOnnx
        {
            Input = [-1, 3, 8, 8],
            Outputs = (g, x) => g.Output(
                g.Named("Cast", "bytes", [g.Node("Round", [g.Node("Mul", [g.Node("Softmax", [x], ("axis", -1)), g.Scalar("full", 255f)])])], ("to", (long)OnnxType.UInt8)),
                OnnxType.UInt8, -1, ColourOnnx.Classes),
        };
        using OnnxClassifier classifier = OnnxClassifierTests.Open(model.Bytes());
        Assert.Equal(OnnxScores.Bytes, classifier.Scores);
        Assert.Contains("its output 'bytes' is probabilities in 255ths (whole numbers, their sum is 255); their logarithm is taken", classifier.Notes);
        float[] images = ColourOnnx.Images(5, pixels: false);
        foreach ((float[] logits, float[] row) in model.Expected(images).Chunk(4).Zip(classifier.Logits(images).Chunk(4)))
        {
            float sum = logits.Sum(MathF.Exp);
            Assert.All(logits.Zip(row), p => Assert.InRange(MathF.Exp(p.Second), Math.Max(0.499f, (255 * MathF.Exp(p.First) / sum) - 0.51f) / 255, Math.Max(0.501f, (255 * MathF.Exp(p.First) / sum) + 0.51f) / 255));
        }
    }

    [Theory]
    [InlineData(4294967304, "has a size of 4294967304")]
    [InlineData(8589934592, "has a size of 8589934592")]
    [InlineData(-7, "has a size of -7")]
    public void SizesBeyond32BitsAreNamedAsTheyAre(long size, string says)
    {
        ColourOnnx model = new() { Change = m => m.Graph.Input[0].Type.TensorType.Shape.Dim[2] = new TensorShapeProto.Types.Dimension { DimValue = size } };
        OnnxModelException e = OnnxClassifierTests.Fails(model.Bytes());
        Assert.True(e.IsUsage);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.Contains("colours.onnx: its input '", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnswersThatDoNotDependOnTheImageAreTold()
    {
        using OnnxClassifier classifier = OnnxClassifierTests.Open(Ending((g, x) => g.Named("Mul", "scores", [x, g.Scalar("zero", 0f)])).Bytes());
        Assert.Contains("its output 'scores' is the same for every image of noise", Assert.Single(classifier.Notes), StringComparison.Ordinal);
        using OnnxClassifier sound = OnnxClassifierTests.Open(new ColourOnnx().Bytes());
        Assert.Empty(sound.Notes);
    }

    /// <summary>What the file says of a constant in another file: its place, first byte and length.</summary>
    [Theory]
    [InlineData("/etc/passwd", "0", "48", "lies in the file '/etc/passwd', outside the folder of the model")]
    [InlineData("../w.data", "0", "48", "lies in the file '../w.data', outside the folder of the model")]
    [InlineData("w\n.data", "0", "48", @"lies in the file 'w\n.data', which is not beside it")]
    [InlineData("w.data", "9223372036854775000", "9223372036854775000", "is bytes 9223372036854775000 to 18446744073709550000 of 'w.data', which has 112")]
    [InlineData("w.data", "many", "48", "has 'many' as offset")]
    [InlineData("w.data", "0", "-1", "has '-1' as length")]
    [InlineData("w.data", "0", "40", "'w' [3, 4] is 48 bytes, and the file says that 40 of 'w.data' are it")]
    [InlineData("w.data", "100", "", "is bytes 100 to 148 of 'w.data', which has 112")]
    [InlineData("w.data", "0", "48", "is a pointer of Git LFS, not the file itself")]
    public void AConstantInAnotherFileIsCheckedBeforeItIsRead(string location, string offset, string length, string says)
    {
        using var folder = new TestFolder();
        byte[] pointer = Encoding.ASCII.GetBytes($"version https://git-lfs.github.com/spec/v1\noid sha256:{new string('0', 54)}\nsize 9");
        folder.File("model/w.data", pointer[..112]);
        folder.File("w.data", pointer);
        string path = folder.File("model/colours.onnx", new ColourOnnx
        {
            Change = m =>
            {
                TensorProto w = m.Graph.Initializer.Single(t => t.Name == "w");
                w.RawData = ByteString.Empty;
                w.MergeFrom((byte[])[.. Entry("location", location), .. Entry("offset", offset), .. Entry("length", length), 14 << 3, 1]);
            },
        }.Bytes());
        string message = Assert.Throws<OnnxModelException>(() => OnnxFile.Read(path)).Message;
        Assert.StartsWith($"{path}: its tensor 'w' ", message, StringComparison.Ordinal);
        Assert.Contains(says, message, StringComparison.Ordinal);

        static byte[] Entry(string key, string value)
        {
            byte[] entry = new StringStringEntryProto { Key = key, Value = value }.ToByteArray();
            return [(13 << 3) | 2, (byte)entry.Length, .. entry];
        }
    }

    private static ColourOnnx Ending(Func<OnnxGraph, string, string> end, int batch = -1) => new()
    {
        Input = [batch, 3, 8, 8],
        Outputs = (g, x) => g.Output(end(g, x), OnnxType.Float, -1, ColourOnnx.Classes),
    };
}
