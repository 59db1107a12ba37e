using EdgeVit.Export.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>ONNX Runtime is there and computes, wherever setup.sh got it from.</summary>
public sealed class OnnxRuntimeTests
{
    [Fact]
    public void TheNativeLibraryIsNewEnough() =>
        Assert.True(Version.Parse(OrtEnv.Instance().GetVersionString()) >= new Version(1, 25), OrtEnv.Instance().GetVersionString());

    [Fact]
    public void AGraphOfOurOwnRunsOnIt()
    {
        var graph = new OnnxGraph("add");
        string input = graph.Input("x", OnnxType.Float, 3);
        graph.Output(graph.Named("Add", "y", [input, input]), OnnxType.Float, 3);

        using var options = new Microsoft.ML.OnnxRuntime.SessionOptions { IntraOpNumThreads = 1 };
        using var session = new InferenceSession(graph.ToBytes(), options);
        float[] values = [1, 2, 3];
        using OrtValue x = OrtValue.CreateTensorValueFromMemory(values, [3]);
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(new RunOptions(), ["x"], [x], ["y"]);
        Assert.Equal([2f, 4f, 6f], outputs[0].GetTensorDataAsSpan<float>().ToArray());
    }
}
