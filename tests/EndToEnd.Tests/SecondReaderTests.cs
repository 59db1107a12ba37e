using EdgeVit.Export;
using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;
using OpenCvSharp;
using OpenCvSharp.Dnn;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Exported graphs in OpenCV, which shares nothing with ONNX Runtime: its reader refuses what is not plain, and its logits are ours.</summary>
public sealed class SecondReaderTests
{
    /// <summary>Logits may differ by this, times max(1, the largest): sums of floats in another order.</summary>
    private const double Tolerance = 1e-4;

    /// <summary>Why OpenCV is not there; null where it is.</summary>
    private static string? Missing { get; } = Find();

    [Theory]
    [MemberData(nameof(ExportTests.Students), MemberType = typeof(ExportTests))]
    internal void OpenCvGivesTheRuntimesLogits(string what, BinaryViTConfig config)
    {
        foreach (int opset in (int[])[OnnxGraph.LeastOpset, OnnxGraph.DefaultOpset])
        {
            Compare(ExportTests.Random(config), opset, what);
        }
    }

    /// <summary>The models of this repository.</summary>
    [Theory]
    [InlineData("shapes")]
    [InlineData("cifar10")]
    public void OpenCvRunsTrainedModels(string model) => Compare(EvitFile.Read(Path.Combine(Repository.Root, "models", $"{model}.evit")), OnnxGraph.DefaultOpset, model);

    private static void Compare(EvitFile file, int opset, string what)
    {
        Assert.SkipWhen(Missing is not null, $"OpenCV: {Missing}");
        using var folder = new TestFolder();
        using Net net = Net.ReadNetFromONNX(folder.File("model.onnx", OnnxExport.Write(file, opset)))!;
        using EvitModel model = EvitModel.Load(file);
        using Session session = model.CreateSession();
        foreach (int count in (int[])[1, 2])
        {
            float[] images = [.. Enumerable.Range(0, count).SelectMany(i => SelfTest.Input((ulong)(40 + i), file.Graph.InputShape))];
            var expected = new float[count * model.Classes];
            session.RunNchw(images, expected);
            using Mat blob = Mat.FromPixelData([count, .. file.Graph.InputShape], MatType.CV_32F, images);
            net.SetInput(blob, OnnxExport.InputName);
            using Mat logits = net.Forward(OnnxExport.OutputName);
            Assert.True(logits.GetArray(out float[] found));
            Assert.Equal(expected.Length, found.Length);
            double scale = Math.Max(1, expected.Max(Math.Abs));
            Assert.All(expected.Zip(found), p => Assert.True(Math.Abs(p.First - p.Second) <= Tolerance * scale, $"{what}, operator set {opset}, {count} images: {p.First} and {p.Second}"));
        }
    }

    private static string? Find()
    {
        try
        {
            return Cv2.GetVersionString() is { Length: > 0 } ? null : "it says no version";
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException or EntryPointNotFoundException)
        {
            return $"its library is not here ({e.GetType().Name}: {e.Message.Split('\n')[0]})";
        }
    }
}
