namespace EdgeVit.Runtime;

/// <summary>Which register holds what in products by table look-ups; the others are those of <see cref="Registers"/>.</summary>
internal static class Avx2Registers
{
    /// <summary>Base of the tables in a product; in an epilogue the bytes from the block's first sum to those of its channels.</summary>
    internal const Gpr Tables = Gpr.R8;
}
