using System.Runtime.Intrinsics.X86;

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
    private static readonly bool s_countsBits = X86Base.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 14)) != 0;

    /// <summary>True where this machine runs such code and the process may make it.</summary>
    internal static bool IsSupported(this CodeTarget target) => ExecutableMemory.IsAllowed && target.HasInstructions();

    /// <summary>True where this machine runs such code.</summary>
    internal static bool HasInstructions(this CodeTarget target) => target == CodeTarget.Avx2
        ? Avx2.IsSupported && Fma.IsSupported
        : Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512Vbmi.IsSupported && s_countsBits;

    /// <summary>Floats of a vector.</summary>
    internal static int Lanes(this CodeTarget target) => target == CodeTarget.Avx2 ? Avx2Registers.Lanes : 16;
}
