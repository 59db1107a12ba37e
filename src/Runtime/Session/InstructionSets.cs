using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeVit.Runtime;

/// <summary>The instruction sets that kernels use, as this process may use them: what the processor has, less what the runtime's settings
/// (<c>DOTNET_Enable*</c>) switch off. A program that was compiled ahead of time uses those of AVX that its emitted code has.</summary>
internal static class InstructionSets
{
    /// <summary>Whether this process may use them, by name.</summary>
    public static IReadOnlyDictionary<string, bool> All { get; } = new Dictionary<string, bool>(StringComparer.Ordinal)
    {
        ["Ssse3"] = Ssse3.IsSupported,
        ["Sse42"] = Sse42.IsSupported,
        ["Popcnt"] = Popcnt.IsSupported,
        ["Avx"] = Avx.IsSupported || ProcessorFeatures.HasAvx2,
        ["Avx2"] = Avx2.IsSupported || ProcessorFeatures.HasAvx2,
        ["Fma"] = Fma.IsSupported || ProcessorFeatures.HasAvx2,
        ["Bmi2"] = Bmi2.IsSupported,
        ["Gfni"] = Gfni.IsSupported,
        ["AvxVnni"] = AvxVnni.IsSupported,
        ["Avx512F"] = Avx512F.IsSupported || ProcessorFeatures.HasAvx512Popcnt,
        ["Avx512BW"] = Avx512BW.IsSupported || ProcessorFeatures.HasAvx512Popcnt,
        ["Avx512Vbmi"] = Avx512Vbmi.IsSupported || ProcessorFeatures.HasAvx512Popcnt,
        ["Avx10v1"] = Avx10v1.IsSupported,
        ["AdvSimd"] = AdvSimd.Arm64.IsSupported,
        ["Dp"] = Dp.IsSupported,
    };
}
