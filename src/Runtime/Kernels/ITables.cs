namespace EdgeVit.Runtime;

/// <summary>Counting differing bits by table: a few activation bits a choose a table T with T[w] = popcount(a ^ w); the weights stand as
/// numbers of as many bits, the outputs of a vector side by side, and index it. One shuffle and one addition of bytes count
/// <see cref="Lanes"/> x <see cref="Bits"/> products, and nothing is summed horizontally.</summary>
/// <typeparam name="TVector">A vector of bytes.</typeparam>
internal unsafe interface ITables<TVector>
    where TVector : struct
{
    /// <summary>Outputs of a vector.</summary>
    static abstract int Lanes { get; }

    /// <summary>Bits of a look-up.</summary>
    static abstract int Bits { get; }

    /// <summary>True where the sums of eight tokens and two vectors of weights fit the registers.</summary>
    static abstract bool ManyRegisters { get; }

    static abstract TVector Load(byte* source);

    /// <summary>The table of an expanded activation.</summary>
    /// <param name="tables">All tables, <c>[2^Bits][2^Bits]</c>.</param>
    /// <param name="activation">As <see cref="Expand"/> writes it.</param>
    static abstract TVector Table(byte* tables, byte activation);

    static abstract TVector Look(TVector table, TVector weights);

    static abstract TVector Add(TVector a, TVector b);

    /// <summary>Stores a vector of byte sums as 16-bit counts, or adds it to them.</summary>
    static abstract void Widen(TVector sum, ushort* counts, bool add);

    /// <summary>See <see cref="BitKernel.Expand"/>: one byte for each group of bits.</summary>
    static abstract void Expand(ulong* row, int inputs, byte* expanded);

    /// <summary>Packs the weights of one vector, <c>[steps][Lanes]</c>.</summary>
    /// <param name="rows">Canonical rows.</param>
    /// <param name="words">Words of a row.</param>
    /// <param name="count">Rows that there are; those behind count as zeros.</param>
    /// <param name="steps">Groups of bits.</param>
    /// <param name="packed">Receives the numbers.</param>
    static abstract void Pack(ulong* rows, int words, int count, int steps, byte* packed);
}
