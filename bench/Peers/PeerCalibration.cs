using EdgeVit.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.Bench;

/// <summary>Runs a network's float graph on random images and looks at every value.</summary>
/// <param name="Ranges">Of the image and of every node's result, by name.</param>
/// <param name="Shapes">Of the results, in the order of the nodes, with the batch.</param>
internal sealed record PeerCalibration(IReadOnlyDictionary<string, ValueRange> Ranges, IReadOnlyList<long[]> Shapes)
{
    /// <summary>Looks.</summary>
    /// <param name="graph">In floats; it is written out here.</param>
    /// <param name="images">How many images.</param>
    public static PeerCalibration Of(PeerGraph graph, int images = 2)
    {
        using var session = new InferenceSession(graph.ToBytes(everyValue: true));
        using var run = new RunOptions();
        string[] outputs = [.. graph.Nodes.Select(n => n.Result)];
        var ranges = new Dictionary<string, ValueRange>(StringComparer.Ordinal);
        long[][] shapes = new long[outputs.Length][];
        for (int image = 0; image < images; image++)
        {
            float[] pixels = SelfTest.Input((ulong)image + 1, [3, PeerNetwork.Side, PeerNetwork.Side]);
            ranges["image"] = ranges.GetValueOrDefault("image").With(pixels);
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(pixels, [1, 3, PeerNetwork.Side, PeerNetwork.Side]);
            using IDisposableReadOnlyCollection<OrtValue> values = session.Run(run, ["image"], [input], outputs);
            for (int i = 0; i < outputs.Length; i++)
            {
                ranges[outputs[i]] = ranges.GetValueOrDefault(outputs[i]).With(values[i].GetTensorDataAsSpan<float>());
                shapes[i] = values[i].GetTensorTypeAndShape().Shape;
            }
        }
        return new PeerCalibration(ranges, shapes);
    }
}
