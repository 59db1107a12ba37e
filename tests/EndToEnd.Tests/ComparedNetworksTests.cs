using EdgeVit.Bench;
using EdgeVit.Export;
using EdgeVit.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The networks that ONNX Runtime is timed on compute what they claim to.</summary>
public sealed class ComparedNetworksTests(SmallModel small) : IClassFixture<SmallModel>
{
    private static readonly DeitSize s_size = new("DeiT-test", 128) { Depth = 2, Image = 48, Classes = 7 };

    [Theory]
    [InlineData(nameof(DeitPrecision.Float), 1e-4)]
    [InlineData(nameof(DeitPrecision.Dynamic8), 0.05)]
    [InlineData(nameof(DeitPrecision.Static8), 0.05)]
    public void BothFormsOfAttentionAgree(string name, double tolerance)
    {
        DeitPrecision precision = Enum.Parse<DeitPrecision>(name);
        float[] image = SelfTest.Input(1, [3, s_size.Image, s_size.Image]);
        float[] plain = Run(DeitNetwork.Write(s_size, precision, fusedAttention: false), image, s_size.Image, "logits")[0];
        float[] fused = Run(DeitNetwork.Write(s_size, precision, fusedAttention: true), image, s_size.Image, "logits")[0];
        Assert.Equal(s_size.Classes, plain.Length);
        Assert.True(plain.Max() - plain.Min() > 0.1, "logits differ from each other");
        Assert.All(plain.Zip(fused), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }

    [Fact]
    public void EveryNodeOfTheFloatTwinIsTheNetworkSOwn()
    {
        LoweredModel model = Lowering.Lower(small.Config, RandomNetwork.Tensors(small.Config, seed: 3));
        var reference = new GraphInterpreter(model.Graph, model.Tensors);
        GraphNode[] nodes = [.. model.Graph.Nodes.SkipLast(1)];
        float[] image = SelfTest.Input(2, model.Graph.InputShape);
        float[][] found = Run(FloatTwin.Write(model, signs: false, [.. nodes.Select(n => n.Output)]), image, 32, [.. nodes.Select(n => n.Output)]);
        var values = new Dictionary<string, Value> { [model.Graph.InputName] = Value.Image(image, 3, 32, 32) };
        for (int i = 0; i < nodes.Length; i++)
        {
            ValueShape shape = reference.Shapes[nodes[i].Output];
            values[nodes[i].Output] = Value.Tokens(found[i], shape.Channels, shape.Height, shape.Width);
            if (nodes[i].Op is Op.ShiftSign or Op.BinaryLinear or Op.BinaryConv or Op.BinaryAttention)
            {
                continue;
            }

            Assert.All(reference.Evaluate(nodes[i], values).Floats.Zip(found[i]), pair => Assert.Equal(pair.First, pair.Second, 1e-3 * Math.Max(1, Math.Abs(pair.First))));
        }
    }

    [Fact]
    public void WithSignsItIsTheSameFunction()
    {
        LoweredModel model = Lowering.Lower(small.Config, RandomNetwork.Tensors(small.Config, seed: 3));
        byte[] graph = FloatTwin.Write(model, signs: true);
        using EvitModel evit = EvitModel.Open(small.Path);
        using Session session = evit.CreateSession();
        float[] logits = new float[evit.Classes];
        int same = 0;
        for (ulong seed = 0; seed < 20; seed++)
        {
            float[] image = SelfTest.Input(seed, model.Graph.InputShape);
            session.RunNchw(image, logits);
            float[] found = Run(graph, image, 32, "logits")[0];
            same += logits.Zip(found).All(pair => Math.Abs(pair.First - pair.Second) < 1e-3) ? 1 : 0;
        }
        // Rounding may decide a sign now and then.
        Assert.InRange(same, 18, 20);
    }

    private static float[][] Run(byte[] graph, float[] image, int side, params string[] outputs)
    {
        using var session = new InferenceSession(graph);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(image, [1, 3, side, side]);
        using var run = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, ["image"], [input], outputs);
        return [.. results.Select(r => r.GetTensorDataAsSpan<float>().ToArray())];
    }
}
