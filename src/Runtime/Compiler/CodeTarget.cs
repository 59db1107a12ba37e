namespace EdgeVit.Runtime;

/// <summary>What machine code is made for.</summary>
internal enum CodeTarget
{
    /// <summary>AVX2 with FMA.</summary>
    Avx2,

    /// <summary>AVX-512 (F, BW, DQ, VBMI) with VPOPCNTDQ, which counts the bits of sixteen 32-bit words at once and for which .NET has no
    /// intrinsic.</summary>
    Avx512Popcnt,
}

/// <summary>Properties of <see cref="CodeTarget"/>.</summary>
internal static class CodeTargets
{
    /// <summary>What a machine lacks, to follow the name of a kernel set.</summary>
    internal const string NoInstructions = "needs an instruction set that this machine lacks";

    private const string Forbidden = "makes machine code when a model is opened, and this system forbids processes to run code that they made";

    /// <summary>Why this machine does not run such code or the process may not make it; null where both are right.</summary>
    internal static string? Lack(this CodeTarget target) => !target.HasInstructions() ? NoInstructions : ExecutableMemory.IsAllowed ? null : Forbidden;

    private static bool HasInstructions(this CodeTarget target) => target == CodeTarget.Avx2
        ? ProcessorFeatures.HasAvx2
        : ProcessorFeatures.HasAvx512Popcnt;
}
