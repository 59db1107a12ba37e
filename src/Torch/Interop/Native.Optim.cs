using System.Runtime.InteropServices;

namespace TorchSharp.Interop;

// Optimizer steps.
internal static unsafe partial class Native
{
    [LibraryImport(Library)]
    internal static partial int ev_adam_step(nint* @params, nint* expAvg, nint* expAvgSq, nint* maxSq, long* steps, long count, double lr,
        double beta1, double beta2, double eps, double decay, int decoupled, int maximize);

    [LibraryImport(Library)]
    internal static partial int ev_sgd_step(nint* @params, nint* buffers, nint* fresh, long count, double lr, double momentum,
        double dampening, double decay, int nesterov, int maximize);
}
