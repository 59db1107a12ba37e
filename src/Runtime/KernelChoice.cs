namespace EdgeVit.Runtime;

/// <summary>The kernel sets. All give the same bits; they differ in speed only.</summary>
public enum KernelChoice
{
    /// <summary>Plain loops; runs everywhere.</summary>
    Scalar,

    /// <summary>128-bit vectors: NEON on ARM, SSE on x64.</summary>
    Vector128,

    /// <summary>AVX2 with FMA, where the process may not make machine code.</summary>
    Avx2Tables,

    /// <summary>AVX2 with FMA, by machine code made for the model.</summary>
    Avx2,

    /// <summary>AVX-512 (F, BW) with byte permutes (VBMI).</summary>
    Avx512Vbmi,

    /// <summary>AVX-512 with VPOPCNTDQ, by machine code made for the model.</summary>
    Avx512Popcnt,

    /// <summary>NEON (AdvSimd): CNT, pairwise widening additions.</summary>
    Neon,

    /// <summary>NEON, binary products by look-ups: of activations in two registers (TBL), of many tokens in tables of weights.</summary>
    NeonTables,
}
