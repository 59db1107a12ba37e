using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime;

/// <summary>The kernels of one instruction set.</summary>
/// <param name="Bits">Binary products.</param>
/// <param name="Rows">Float work on rows.</param>
/// <param name="Attention">Binary attention.</param>
/// <param name="Compiled">True where steps get code of their own wherever they can.</param>
internal sealed record KernelSet(BitKernel Bits, RowKernel Rows, AttentionKernel Attention, bool Compiled = false)
{
    internal static KernelSet Of(KernelChoice choice) => choice switch
    {
        KernelChoice.Avx512Popcnt => Of(KernelChoice.Avx512) with { Compiled = true },
        KernelChoice.Avx512 => new(new Avx512BitKernel(), new VectorRowKernel<Lanes512, Vector512<float>>(), new Avx512AttentionKernel()),
        KernelChoice.Avx2 => new(new Avx2BitKernel(), new VectorRowKernel<Lanes256, Vector256<float>>(), new Avx2AttentionKernel()),
        KernelChoice.Neon => new(new NeonBitKernel(), new VectorRowKernel<Lanes128, Vector128<float>>(), new NeonAttentionKernel()),
        KernelChoice.NeonDot => new(new NeonDotBitKernel(), new VectorRowKernel<Lanes128, Vector128<float>>(), new NeonAttentionKernel()),
        KernelChoice.Vector128 => new(new Vector128BitKernel(), new VectorRowKernel<Lanes128, Vector128<float>>(), new ScalarAttentionKernel()),
        _ => new(new ScalarBitKernel(), new VectorRowKernel<Lanes1, float>(), new ScalarAttentionKernel()),
    };
}
