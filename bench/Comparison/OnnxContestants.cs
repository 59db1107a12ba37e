using EdgeVit.Cli;
using EdgeVit.Export;
using EdgeVit.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace EdgeVit.Bench;

/// <summary>ONNX Runtime's: one thread, batch 1, every optimisation on. Of forms that compute the same, the fastest on this machine
/// competes.</summary>
internal static class OnnxContestants
{
    public const string FloatTwinName = "BinaryViT-small, float twin";
    public const string SignsName = "BinaryViT-small, signs as floats";

    private const int TrialRuns = 8;

    /// <summary>Version of the native library.</summary>
    public static string Version => OrtEnv.Instance().GetVersionString();

    /// <summary>All of them, loaded.</summary>
    /// <param name="binary">The network whose float twin competes.</param>
    public static IReadOnlyList<Contestant> All(LoweredModel binary) =>
    [
        Of(FloatTwinName, FloatTwin.Write(binary, signs: false), 224),
        Of(SignsName, FloatTwin.Write(binary, signs: true), 224),
        .. new[] { DeitSize.Small, DeitSize.Tiny }.SelectMany(size => new[] { Deit(size, integers: false), Deit(size, integers: true) }),
    ];

    /// <summary>Name of a contestant.</summary>
    public static string DeitName(DeitSize size, bool integers) => $"{size.Name} {(integers ? "int8" : "fp32")}";

    private static Contestant Deit(DeitSize size, bool integers)
    {
        DeitPrecision[] precisions = integers ? [DeitPrecision.Dynamic8, DeitPrecision.Static8] : [DeitPrecision.Float];
        Contestant? best = null;
        double bestMs = double.MaxValue;
        foreach (DeitPrecision precision in precisions)
        {
            foreach (bool fused in (bool[])[true, false])
            {
                Contestant candidate = Of(DeitName(size, integers), DeitNetwork.Write(size, precision, fused), size.Image);
                double ms = InterleavedRounds.Best(candidate, TrialRuns);
                (Contestant? loser, best, bestMs) = ms < bestMs ? (best, candidate, ms) : (candidate, best, bestMs);
                loser?.Dispose();
            }
        }
        return best!;
    }

    /// <summary>A graph in a session of its own.</summary>
    /// <exception cref="InvalidOperationException">Its logits are not finite: it would be timed on numbers that slow processors down.</exception>
    private static Contestant Of(string name, byte[] graph, int side)
    {
        using var options = new Microsoft.ML.OnnxRuntime.SessionOptions
        {
            IntraOpNumThreads = 1,
            InterOpNumThreads = 1,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
        };
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
        return new Contestant(name, "ONNX Runtime", 1, () => session.Run(run, inputs, images, outputs).Dispose())
        {
            Release = () =>
            {
                session.Dispose();
                image.Dispose();
                run.Dispose();
            },
        };
    }
}
