using System.Runtime.Intrinsics;

namespace EdgeVit.Runtime;

/// <summary>The kernels of one instruction set.</summary>
/// <param name="Bits">Binary products.</param>
/// <param name="Rows">Float work on rows.</param>
/// <param name="Attention">Binary attention by rows.</param>
/// <param name="Tables">Binary attention by products of tiles, where the set has it.</param>
/// <param name="Compiled">What steps get code of their own for, wherever they can; null for nothing.</param>
internal sealed record KernelSet(BitKernel Bits, RowKernel Rows, AttentionKernel Attention, TableAttention? Tables = null, CodeTarget? Compiled = null)
{
    internal static KernelSet Of(KernelChoice choice) => choice switch
    {
        KernelChoice.Avx512Popcnt => Of(KernelSets.IsSupported(KernelChoice.Avx512Vbmi) ? KernelChoice.Avx512Vbmi : KernelChoice.Avx512) with { Compiled = CodeTarget.Avx512Popcnt },
        KernelChoice.Avx512Vbmi => new(
            new TableBitKernel<SixBitTables512, Vector512<byte>>(), new VectorRowKernel<Lanes512, Vector512<float>>(), new ScalarAttentionKernel(), new Avx512VbmiAttention()),
        KernelChoice.Avx512 => new(
            new TableBitKernel<NibbleTables512, Vector512<byte>>(), new VectorRowKernel<Lanes512, Vector512<float>>(), new ScalarAttentionKernel(), new Avx512Attention()),
        KernelChoice.Avx2 => Of(KernelChoice.Avx2Tables) with { Compiled = CodeTarget.Avx2 },
        KernelChoice.Avx2Tables => new(
            new TableBitKernel<NibbleTables256, Vector256<byte>>(), new VectorRowKernel<Lanes256, Vector256<float>>(), new ScalarAttentionKernel(), new Avx2Attention()),
        KernelChoice.Neon => new(new NeonBitKernel(), new NeonRowKernel(), new NeonAttentionKernel()),
        KernelChoice.NeonDot => new(new NeonDotBitKernel(), new NeonRowKernel(), new NeonAttentionKernel()),
        KernelChoice.Vector128 => new(new Vector128BitKernel(), new VectorRowKernel<Lanes128, Vector128<float>>(), new ScalarAttentionKernel()),
        _ => new(new ScalarBitKernel(), new VectorRowKernel<Lanes1, float>(), new ScalarAttentionKernel()),
    };
}
