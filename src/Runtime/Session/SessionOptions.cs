namespace EdgeVit.Runtime;

/// <summary>How a session runs.</summary>
public sealed record SessionOptions
{
    /// <summary>The most threads that a session takes.</summary>
    public const int MaxThreads = 64;

    /// <summary>The kernel sets that this machine runs, best first.</summary>
    public static IReadOnlyList<KernelChoice> AvailableKernels => KernelSets.Available;

    /// <summary>Threads that share the work of one image, the caller's included; 1 to 64. The logits do not depend on it.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>The kernel set; null takes <c>EDGEVIT_KERNEL</c> where it is set, else the best of this machine. The logits do not depend
    /// on it.</summary>
    public KernelChoice? Kernel { get; init; }
}
