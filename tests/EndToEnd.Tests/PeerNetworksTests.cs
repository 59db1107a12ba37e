using EdgeVit.Bench;
using EdgeVit.Export.Onnx.Wire;
using EdgeVit.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The mobile networks of the comparison are those of their papers, and their 8-bit form runs in integers.</summary>
public sealed class PeerNetworksTests
{
    private const int Side = 224;

    private static readonly Dictionary<string, Lazy<PeerCalibration>> s_calibrations =
        PeerNetwork.All.ToDictionary(n => n.Name, n => new Lazy<PeerCalibration>(() => PeerCalibration.Of(PeerGraph.Float(n), images: 1)));

    // Folded parameters, convolutions, shortcuts and gates of the exported originals.
    public static TheoryData<string, long, int, int, int> Networks => new()
    {
        { "MobileNetV3-Small", 2_536_800, 53, 6, 9 },
        { "MobileNetV3-Large", 5_470_832, 63, 10, 8 },
        { "MobileNetV4-Conv-S", 3_761_480, 46, 10, 0 },
        { "EfficientNet-Lite0", 4_631_000, 49, 9, 0 },
        { "ShuffleNetV2 1.0x", 2_270_514, 56, 0, 0 },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void TheyHaveThePublishedParametersAndNodes(string name, long folded, int convolutions, int shortcuts, int gates)
    {
        PeerNetwork network = PeerNetwork.All.Single(n => n.Name == name);
        PeerGraph graph = PeerGraph.Float(network);
        Assert.Equal(network.Parameters, graph.Parameters + graph.NormedChannels);
        Assert.Equal(folded, graph.Parameters);
        Assert.Equal(convolutions, graph.Nodes.Count(n => n.Op == "Conv"));
        Assert.Equal(shortcuts, graph.Nodes.Count(n => n.Op == "Add"));
        Assert.Equal(gates, graph.Nodes.Count(n => n.Op == "HardSigmoid"));
        Assert.StartsWith("https://", network.Source, StringComparison.Ordinal);
        Assert.InRange(network.Top1!.Value, 60, 80);
        PeerCalibration calibration = s_calibrations[name].Value;
        Assert.All(graph.Nodes.Zip(calibration.Shapes), pair => Assert.Equal([1, .. pair.First.Shape], pair.Second));
        Assert.Equal([1, 1000], calibration.Shapes[^1]);
        // Values that vanish or grow without bound would be timed as denormals or infinities.
        Assert.All(graph.Nodes, n => Assert.InRange(Magnitude(calibration.Ranges[n.Result]), 1e-3f, 1e4f));
    }

    [Theory]
    [InlineData("MobileNetV3-Small", "mobilenetv3-small")]
    [InlineData("MobileNetV3-Large", "mobilenetv3-large")]
    [InlineData("MobileNetV4-Conv-S", "mobilenetv4-conv-s")]
    [InlineData("EfficientNet-Lite0", "efficientnet-lite0")]
    [InlineData("ShuffleNetV2 1.0x", "shufflenetv2-x1")]
    public void NodeForNodeTheyAreTheListedGraphs(string name, string listing)
    {
        string folder = SharedFolder.RequiredReference("peers");
        PeerGraph graph = PeerGraph.Float(PeerNetwork.All.Single(n => n.Name == name));
        PeerNode[] nodes = [.. graph.Nodes.Where(n => n.Op is not ("Split" or "Flatten"))];
        (string Op, string Shape, string Weight)[] listed = [.. File.ReadLines(Path.Combine(folder, $"{listing}.tsv")).Skip(1).Select(Row).Where(IsComputed)];
        Assert.Equal(listed.Length, nodes.Length);
        long parameters = 0;
        foreach (((string op, string shape, string weight), PeerNode node) in listed.Zip(nodes))
        {
            // A mean over height and width has two names.
            Assert.Equal(op == "ReduceMean" ? "GlobalAveragePool" : op, node.Op);
            long[] sizes = Sizes(weight);
            Assert.Equal(sizes, node.Weight);
            parameters += sizes.Length == 0 ? 0 : sizes.Aggregate(1L, (a, b) => a * b) + sizes[0];
            // Behind slices the listings' shapes are not known.
            if (shape != "[]")
            {
                long[] found = [1, .. node.Shape];
                Assert.Equal(Sizes(shape), op == "ReduceMean" ? found[..Sizes(shape).Length] : found);
            }
        }
        Assert.Equal(parameters, graph.Parameters);
    }

    [Theory]
    [InlineData("MobileNetV3-Small")]
    [InlineData("ShuffleNetV2 1.0x")]
    [InlineData("EfficientNet-Lite0")]
    public void In8BitsEveryProductIsOneOfIntegersAndLogitsAreNear(string name)
    {
        PeerNetwork network = PeerNetwork.All.Single(n => n.Name == name);
        PeerGraph graph = PeerGraph.Float(network);
        byte[] integers = PeerGraph.Integers(network, s_calibrations[name].Value.Ranges).ToBytes();
        string optimised = Path.Combine(Directory.CreateTempSubdirectory("edgevit-peer-").FullName, "optimised.onnx");
        try
        {
            float[] exact = Logits(graph.ToBytes(), null), near = Logits(integers, optimised);
            Assert.InRange(Correlation(exact, near), 0.9, 1);
            Assert.NotEqual(exact, near);
            GraphProto run = ModelProto.Parser.ParseFrom(File.ReadAllBytes(optimised)).Graph;
            Assert.DoesNotContain(run.Node, n => n.OpType is "Conv" or "FusedConv" or "Gemm" or "MatMul");
            Assert.Equal(graph.Nodes.Count(n => n.Op == "Conv"), run.Node.Count(n => n.OpType == "QLinearConv"));
            Assert.Single(run.Node, n => n.OpType == "QGemm");
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(optimised)!, recursive: true);
        }
        Assert.InRange(integers.Length / (double)graph.Parameters, 1.0, 1.4);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 6)]
    [InlineData(-3, -1)]
    [InlineData(2, 5)]
    [InlineData(-0.25, 1000)]
    public void BytesHoldARangeAndZeroExactly(float low, float high)
    {
        var range = new ValueRange(low, high);
        foreach (float value in (float[])[low, high, 0])
        {
            float found = (Math.Clamp(MathF.Round(value / range.Step) + range.Zero, 0, 255) - range.Zero) * range.Step;
            Assert.InRange(found, value - (0.51f * range.Step), value + (0.51f * range.Step));
            Assert.True(value != 0 || found == 0);
        }
        Assert.Equal(new ValueRange(Math.Min(low, -1), Math.Max(high, 7)), range.With([7, -1]));
    }

    private static float Magnitude(ValueRange range) => Math.Max(range.High, -range.Low);

    private static (string Op, string Shape, string Weight) Row(string line)
    {
        string[] cells = line.Split('\t');
        return (cells[0], cells[1], cells[2].Split("] [")[0].Trim('[', ']'));
    }

    // The arithmetic of slices is constant, and Flatten moves nothing.
    private static bool IsComputed((string Op, string Shape, string Weight) row) =>
        row.Op is not ("Shape" or "Gather" or "Div" or "Slice" or "Flatten") && row.Shape != "[1]";

    private static long[] Sizes(string text) =>
        [.. text.Trim('[', ']').Split(", ", StringSplitOptions.RemoveEmptyEntries).Select(s => long.Parse(s, System.Globalization.CultureInfo.InvariantCulture))];

    private static float[] Logits(byte[] graph, string? optimised)
    {
        using Microsoft.ML.OnnxRuntime.SessionOptions options = OnnxContestants.Options();
        if (optimised is not null)
        {
            options.OptimizedModelFilePath = optimised;
            options.LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR;
        }

        using var session = new InferenceSession(graph, options);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(SelfTest.Input(1, [3, Side, Side]), [1, 3, Side, Side]);
        using var run = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, ["image"], [input], ["logits"]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static double Correlation(float[] a, float[] b)
    {
        double meanA = a.Average(), meanB = b.Average();
        double Sum(Func<int, double> of) => Enumerable.Range(0, a.Length).Sum(of);
        return Sum(i => (a[i] - meanA) * (b[i] - meanB)) / Math.Sqrt(Sum(i => (a[i] - meanA) * (a[i] - meanA)) * Sum(i => (b[i] - meanB) * (b[i] - meanB)));
    }
}
