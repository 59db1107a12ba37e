using EdgeVit.Cli;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>EdgeVit's own: each network with each kernel set of this machine.</summary>
internal static class EdgeVitContestants
{
    /// <summary>Name of a contestant.</summary>
    public static string Name(string network, KernelChoice kernel, int threads) => $"{network} {KernelSets.Name(kernel)}{(threads == 1 ? "" : $" x{threads}")}";

    /// <summary>One network with one kernel set.</summary>
    public static Contestant Of(EvitModel model, KernelChoice kernel, int threads)
    {
        Session session = model.CreateSession(new SessionOptions { Kernel = kernel, Threads = threads });
        float[] input = SelfTest.Input(1, model.InputShape);
        float[] logits = new float[model.Classes];
        return new Contestant(Name(model.File.Graph.Name, kernel, threads), "EdgeVit", threads, () => session.RunNchw(input, logits)) { Release = session.Dispose };
    }
}
