using EdgeVit.Cli;
using EdgeVit.Export;
using EdgeVit.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.Bench;

/// <summary>ONNX Runtime's: one thread, batch 1, every optimisation on. Of forms that compute the same, the fastest on this machine
/// competes.</summary>
internal static class OnnxContestants
{
    public const string Engine = "ONNX Runtime";
    public const string FloatTwinName = "BinaryViT-small, float twin";
    public const string SignsName = "BinaryViT-small, signs as floats";

    private const int TrialRuns = 8;

    /// <summary>Version of the native library.</summary>
    public static string Version => OrtEnv.Instance().GetVersionString();

    /// <summary>All of them, loaded one after the other, with their files: what a user would pick instead, then what shows where the time
    /// goes.</summary>
    /// <param name="binary">The network whose float twin competes.</param>
    public static IEnumerable<(Contestant Contestant, byte[] File)> All(LoweredModel binary)
    {
        foreach (PeerNetwork network in PeerNetwork.All)
        {
            yield return Of(network.Contestant(integers: false), PeerGraph.Float(network).ToBytes(), network.Side);
            IReadOnlyDictionary<string, ValueRange> ranges = PeerCalibration.Of(PeerGraph.Float(network)).Ranges;
            yield return Of(network.Contestant(integers: true), PeerGraph.Integers(network, ranges).ToBytes(), network.Side);
        }
        foreach (DeitSize size in (DeitSize[])[DeitSize.Tiny, DeitSize.Small])
        {
            yield return Deit(size, integers: false);
            yield return Deit(size, integers: true);
        }
        yield return Of(FloatTwinName, FloatTwin.Write(binary, signs: false), 224);
        yield return Of(SignsName, FloatTwin.Write(binary, signs: true), 224);
    }

    /// <summary>Name of a contestant.</summary>
    public static string DeitName(DeitSize size, bool integers) => $"{size.Name} {(integers ? "int8" : "fp32")}";

    /// <summary>How a graph is run here and in a process of its own: one thread, all optimisations.</summary>
    public static Microsoft.ML.OnnxRuntime.SessionOptions Options() => new()
    {
        IntraOpNumThreads = 1,
        InterOpNumThreads = 1,
        ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
        GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
    };

    private static (Contestant, byte[]) Deit(DeitSize size, bool integers)
    {
        DeitPrecision[] precisions = integers ? [DeitPrecision.Dynamic8, DeitPrecision.Static8] : [DeitPrecision.Float];
        (Contestant Contestant, byte[] File)? best = null;
        double bestMs = double.MaxValue;
        foreach (DeitPrecision precision in precisions)
        {
            foreach (bool fused in (bool[])[true, false])
            {
                (Contestant Contestant, byte[] File) candidate = Of(DeitName(size, integers), DeitNetwork.Write(size, precision, fused), size.Image);
                double ms = InterleavedRounds.Best(candidate.Contestant, TrialRuns);
                if (ms < bestMs)
                {
                    best?.Contestant.Dispose();
                    (best, bestMs) = (candidate, ms);
                }
                else
                {
                    candidate.Contestant.Dispose();
                }
            }
        }
        return best!.Value;
    }

    /// <summary>A graph in a session of its own.</summary>
    /// <exception cref="InvalidOperationException">Its logits are not finite: it would be timed on numbers that slow processors down.</exception>
    internal static (Contestant Contestant, byte[] File) Of(string name, byte[] graph, int side)
    {
        using Microsoft.ML.OnnxRuntime.SessionOptions options = Options();
        var session = new InferenceSession(graph, options);
        OrtValue image = OrtValue.CreateTensorValueFromMemory(SelfTest.Input(1, [3, side, side]), [1, 3, side, side]);
        var run = new RunOptions();
        string[] inputs = ["image"], outputs = ["logits"];
        OrtValue[] images = [image];
        using (IDisposableReadOnlyCollection<OrtValue> first = session.Run(run, inputs, images, outputs))
        {
            foreach (float logit in first[0].GetTensorDataAsSpan<float>())
            {
                if (!float.IsFinite(logit))
                {
                    throw new InvalidOperationException($"{name}: logits are not finite");
                }
            }
        }
        return (new Contestant(name, Engine, 1, () => session.Run(run, inputs, images, outputs).Dispose())
        {
            Release = () =>
            {
                session.Dispose();
                image.Dispose();
                run.Dispose();
            },
        }, graph);
    }
}
