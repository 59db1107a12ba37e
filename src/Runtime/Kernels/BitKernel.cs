namespace EdgeVit.Runtime;

/// <summary>Counts differing bits between rows of activations and rows of weights: the matrix product of signs is <c>K - 2 * count</c>. A
/// kernel has its own layout of weights, made once at load, and its own layout of activations, made for each tile of
/// <see cref="TileTokens"/> tokens.</summary>
internal abstract unsafe class BitKernel
{
    /// <summary>Tokens that <see cref="Count"/> takes together.</summary>
    internal const int TileTokens = 8;

    /// <summary>Bytes that one expanded row takes, the same for all rows so that it is a constant in the inner loop: at most one for each
    /// input. Not a multiple of 4096, which would put the same column of all rows into one cache set; half of that spreads rows of up to
    /// 2048 bytes over the sets.</summary>
    internal const int RowStride = GraphValidator.MaxInputs + 2048;

    /// <summary>Bytes of scratch for the expanded rows of a tile.</summary>
    internal const int TileBytes = TileTokens * RowStride;

    /// <summary>The kernel for products with a number of outputs: another one where this one would not pay.</summary>
    internal virtual BitKernel For(int outputs) => this;

    /// <summary>Bytes of packed weights.</summary>
    internal abstract long PackedBytes(int outputs, int inputs);

    /// <summary>Packs weights for this kernel.</summary>
    /// <param name="words">Canonical rows, <c>[outputs][ceil(inputs / 64)]</c>.</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="inputs">Bits of a row.</param>
    /// <param name="packed"><see cref="PackedBytes"/> bytes; what belongs to outputs that are padding may be left as it is.</param>
    internal abstract void Pack(ulong* words, int outputs, int inputs, byte* packed);

    /// <summary>Packs weights into memory of their own.</summary>
    /// <param name="words">Canonical rows, <c>[outputs][ceil(inputs / 64)]</c>.</param>
    /// <param name="outputs">Rows.</param>
    /// <param name="inputs">Bits of a row.</param>
    /// <param name="allocate">Gives zeroed memory of a number of bytes that lives as long as the plan.</param>
    internal byte* Pack(ReadOnlySpan<ulong> words, int outputs, int inputs, Func<long, nint> allocate)
    {
        byte* packed = (byte*)allocate(PackedBytes(outputs, inputs));
        fixed (ulong* rows = words)
        {
            Pack(rows, outputs, inputs, packed);
        }

        return packed;
    }

    /// <summary>Brings one row of activations into the kernel's form.</summary>
    /// <param name="row">Words, padding bits 0; up to 64 bytes behind the row may be read.</param>
    /// <param name="inputs">Bits of the row.</param>
    /// <param name="expanded"><see cref="RowStride"/> bytes.</param>
    internal abstract void Expand(ulong* row, int inputs, byte* expanded);

    /// <summary>counts[t][o] = number of differing bits, for all outputs.</summary>
    /// <param name="expanded">Rows at <see cref="RowStride"/>; rows behind <paramref name="tokens"/> may hold anything.</param>
    /// <param name="weights">Packed.</param>
    /// <param name="counts"><c>[TileTokens][padded outputs]</c>; rows behind <paramref name="tokens"/> may be written.</param>
    /// <param name="outputs">Outputs, padded to a multiple of 64.</param>
    /// <param name="inputs">Bits of a row.</param>
    /// <param name="tokens">1 to <see cref="TileTokens"/>.</param>
    internal abstract void Count(byte* expanded, byte* weights, ushort* counts, int outputs, int inputs, int tokens);
}
