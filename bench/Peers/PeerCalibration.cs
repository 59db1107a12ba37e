using EdgeVit.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.Bench;

/// <summary>Runs a network's float graph on images and looks at every value.</summary>
/// <param name="Ranges">Of the image and of every node's result, by name.</param>
/// <param name="Shapes">Of the results, in the order of the nodes, with the batch.</param>
internal sealed record PeerCalibration(IReadOnlyDictionary<string, ValueRange> Ranges, IReadOnlyList<long[]> Shapes)
{
    /// <summary>Looks at random images.</summary>
    /// <param name="graph">In floats; it is written out here.</param>
    /// <param name="images">How many images.</param>
    public static PeerCalibration Of(PeerGraph graph, int images = 2) =>
        Of(graph, Enumerable.Range(1, images).Select(seed => SelfTest.Input((ulong)seed, [3, graph.Network.Side, graph.Network.Side])));

    /// <summary>Looks at these images, <c>[3, Side, Side]</c> each.</summary>
    public static PeerCalibration Of(PeerGraph graph, IEnumerable<float[]> images)
    {
        using var session = new InferenceSession(graph.ToBytes(everyValue: true));
        using var run = new RunOptions();
        string[] outputs = [.. graph.Nodes.Select(n => n.Result)];
        var ranges = new Dictionary<string, ValueRange>(StringComparer.Ordinal);
        long[][] shapes = new long[outputs.Length][];
        foreach (float[] pixels in images)
        {
            ranges["image"] = ranges.GetValueOrDefault("image").With(pixels);
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(pixels, [1, 3, graph.Network.Side, graph.Network.Side]);
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
