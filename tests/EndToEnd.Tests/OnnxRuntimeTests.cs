#if ONNXRUNTIME
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>ONNX Runtime is there and computes, wherever setup.sh got it from.</summary>
public sealed class OnnxRuntimeTests
{
    [Fact]
    public void The_native_library_is_new_enough() =>
        Assert.True(Version.Parse(OrtEnv.Instance().GetVersionString()) >= new Version(1, 25), OrtEnv.Instance().GetVersionString());

    [Fact]
    public void A_hand_made_graph_adds()
    {
        using var options = new Microsoft.ML.OnnxRuntime.SessionOptions { IntraOpNumThreads = 1 };
        using var session = new InferenceSession(AddGraph(), options);
        float[] values = [1, 2, 3];
        using OrtValue x = OrtValue.CreateTensorValueFromMemory(values, [3]);
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(new RunOptions(), ["x"], [x], ["y"]);
        Assert.Equal([2f, 4f, 6f], outputs[0].GetTensorDataAsSpan<float>().ToArray());
    }

    /// <summary>y = x + x over three floats, as protobuf by hand: fields are (number &lt;&lt; 3 | wire type), length, bytes.</summary>
    private static byte[] AddGraph()
    {
        static byte[] Message(int field, byte[] body) => [(byte)((field << 3) | 2), (byte)body.Length, .. body];
        static byte[] Text(int field, string text) => Message(field, System.Text.Encoding.ASCII.GetBytes(text));
        static byte[] Number(int field, byte value) => [(byte)(field << 3), value];
        byte[] Value(string name)
        {
            byte[] shape = Message(1, Number(1, 3));
            byte[] tensor = [.. Number(1, 1), .. Message(2, shape)];
            return [.. Text(1, name), .. Message(2, Message(1, tensor))];
        }

        byte[] node = [.. Text(1, "x"), .. Text(1, "x"), .. Text(2, "y"), .. Text(4, "Add")];
        byte[] graph = [.. Message(1, node), .. Text(2, "g"), .. Message(11, Value("x")), .. Message(12, Value("y"))];
        return [.. Number(1, 8), .. Message(7, graph), .. Message(8, Number(2, 13))];
    }
}
#endif
