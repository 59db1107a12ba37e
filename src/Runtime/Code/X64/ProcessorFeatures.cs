using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>What the processor and the system allow emitted code to use. A program that was compiled ahead of time has no intrinsics beyond those that
/// it was compiled with, and may still emit code for what the processor has.</summary>
internal static unsafe class ProcessorFeatures
{
    private const int OsSavesState = 1 << 27;

    // XMM and YMM; for AVX-512 also mask registers, the upper halves of ZMM 0 to 15, ZMM 16 to 31.
    private const ulong AvxState = 0b110;
    private const ulong Avx512State = 0b1110_0110;

    // Of leaf 1: FMA, AVX. Of leaf 7: AVX2 and the parts of AVX-512.
    private const int FmaAndAvx = (1 << 12) | (1 << 28);
    private const int Avx2Bit = 1 << 5;
    private const int F = 1 << 16;
    private const int DQ = 1 << 17;
    private const int BW = 1 << 30;
    private const int Vbmi = 1 << 1;
    private const int VPopcntDQ = 1 << 14;

    /// <summary>AVX2 and FMA, with a system that saves their registers. .NET's own switches count where it compiles while it runs.</summary>
    internal static bool HasAvx2 { get; } = RuntimeFeature.IsDynamicCodeCompiled || (Avx2.IsSupported && Fma.IsSupported)
        ? Avx2.IsSupported && Fma.IsSupported
        : X86Base.IsSupported && HasAvx2ByProcessor();

    /// <summary>AVX-512 F, BW, DQ, VBMI and VPOPCNTDQ, with a system that saves their registers. .NET's own switches count where it compiles
    /// while it runs.</summary>
    internal static bool HasAvx512Popcnt { get; } = X86Base.IsSupported && (X86Base.CpuId(7, 0).Ecx & VPopcntDQ) != 0
        && (RuntimeFeature.IsDynamicCodeCompiled
            ? Avx512F.IsSupported && Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512Vbmi.IsSupported
            : HasAvx2 && HasAvx512ByProcessor());

    private static bool HasAvx2ByProcessor() =>
        (X86Base.CpuId(1, 0).Ecx & FmaAndAvx) == FmaAndAvx && (X86Base.CpuId(7, 0).Ebx & Avx2Bit) != 0 && Saves(AvxState);

    private static bool HasAvx512ByProcessor()
    {
        (_, int ebx, int ecx, _) = X86Base.CpuId(7, 0);
        return (ebx & (F | DQ | BW)) == (F | DQ | BW) && (ecx & Vbmi) != 0 && Saves(Avx512State);
    }

    private static bool Saves(ulong state) =>
        (X86Base.CpuId(1, 0).Ecx & OsSavesState) != 0 && ExecutableMemory.IsAllowed && (SavedState() & state) == state;

    /// <summary>XCR0, which no intrinsic reads.</summary>
    private static ulong SavedState()
    {
        // xor ecx, ecx; xgetbv; shl rdx, 32; or rax, rdx; ret
        using var code = ExecutableMemory.Of([0x31, 0xC9, 0x0F, 0x01, 0xD0, 0x48, 0xC1, 0xE2, 0x20, 0x48, 0x09, 0xD0, 0xC3]);
        return ((delegate* unmanaged<ulong>)code.Pointer)();
    }
}
