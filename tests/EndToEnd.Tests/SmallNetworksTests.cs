#if TRAINING
using EdgeVit.Bench;
using EdgeVit.Quantize;
using EdgeVit.Runtime;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Float networks that are trained here, as graphs of ONNX Runtime: what a student is compared with on small images.</summary>
public sealed class SmallNetworksTests : IDisposable
{
    private readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("edgevit-small-").FullName, "best.safetensors");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_file)!, recursive: true);

    /// <summary>78,666: weights and biases, and four numbers of each norm, as MLPerf Tiny's reference counts them.</summary>
    [Fact]
    public void ResNet8HasThePublishedParameters()
    {
        PeerNetwork network = SmallNetworks.ResNet8(classes: 10);
        PeerGraph graph = PeerGraph.Float(network);
        Assert.Equal(network.Parameters, graph.Parameters + (4 * graph.NormedChannels));
        Assert.Equal(9, graph.Nodes.Count(n => n.Op == "Conv"));
        Assert.Equal(12_501_632, graph.MultiplyAdds);
        Assert.Equal([8, 8], graph.Nodes.Last(n => n.Op == "Relu").Shape[1..]);
    }

    [Theory]
    [InlineData(false, 32, 10)]
    [InlineData(false, 17, 3)]
    [InlineData(true, 32, 10)]
    [InlineData(true, 28, 4)]
    public void AGraphHasTheLogitsOfItsCheckpoint(bool whitened, int side, int classes)
    {
        torch.random.manual_seed(side);
        using nn.Module<Tensor, Tensor> model = whitened ? new ConvNet(classes, width: 16, side) : ResNet.Eight(classes);
        using DisposeScope scope = torch.NewDisposeScope();
        using (torch.no_grad())
        {
            // Every tensor another than that of a fresh network, so that none can be left out.
            foreach ((string name, Tensor value) in model.state_dict().Where(t => t.Value.is_floating_point()))
            {
                value.copy_(name.EndsWith("running_var", StringComparison.Ordinal) ? torch.rand_like(value) + 0.5f : value + (torch.randn_like(value) * 0.05f));
            }
        }

        model.eval();
        Quantize.Checkpoint.Save(_file, model, null, TrainState.Start, new Dictionary<string, string>(StringComparer.Ordinal));
        float[] image = SelfTest.Input(1, [3, side, side]);
        float[] expected = ModelTensors.ToArray(model.call(torch.tensor(image).view(1, 3, side, side)));

        (PeerNetwork network, Func<IPeerWeights> weights) = SmallNetworks.Of(_file, side);
        PeerGraph graph = PeerGraph.Float(network, weights());
        float[] found = Logits(graph.ToBytes(), image, side), integers = Logits(Integers(network, weights, image), image, side);
        float most = expected.Max(MathF.Abs);
        Assert.All(expected.Zip(found), pair => Assert.InRange(pair.Second, pair.First - (1e-4f * most), pair.First + (1e-4f * most)));
        Assert.All(expected.Zip(integers), pair => Assert.InRange(pair.Second, pair.First - (0.15f * most), pair.First + (0.15f * most)));
        Assert.NotEqual(found, integers);
    }

    [Fact]
    public void ACheckpointOfAnotherNetworkIsRefused()
    {
        using (var other = new ResNet(classes: 4, width: 16))
        {
            Quantize.Checkpoint.Save(_file, other, null, TrainState.Start, new Dictionary<string, string>(StringComparer.Ordinal));
        }

        Assert.Contains(_file, Assert.Throws<InvalidDataException>(() => SmallNetworks.Of(_file, 32)).Message, StringComparison.Ordinal);
        var wrong = new TrainedWeights([new FoldedWeights("conv", [8, 3, 3, 3], new float[216], new float[8])]);
        Assert.Contains("[16, 3, 3, 3]", Assert.Throws<InvalidDataException>(() => PeerGraph.Float(SmallNetworks.ResNet8(10), wrong)).Message, StringComparison.Ordinal);
    }

    private static byte[] Integers(PeerNetwork network, Func<IPeerWeights> weights, float[] image) =>
        PeerGraph.Integers(network, PeerCalibration.Of(PeerGraph.Float(network, weights()), [image]).Ranges, weights()).ToBytes();

    private static float[] Logits(byte[] graph, float[] image, int side)
    {
        using Microsoft.ML.OnnxRuntime.SessionOptions options = OnnxContestants.Options();
        using var session = new InferenceSession(graph, options);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(image, [1, 3, side, side]);
        using var run = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> results = session.Run(run, ["image"], [input], ["logits"]);
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
#endif
