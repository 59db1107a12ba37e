namespace EdgeVit.Runtime;

/// <summary>The float operations that row kernels are written in, for one vector width. Every member is exact or rounds once, so that all
/// widths compute the same bits.</summary>
/// <typeparam name="TVector">A vector of floats, or one float.</typeparam>
internal unsafe interface ILanes<TVector>
    where TVector : struct
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Count { get; }

    /// <summary>Tokens that an epilogue takes together: 4, or 1 of single floats.</summary>
    static abstract int Tokens { get; }

    static abstract TVector Load(float* source);

    static abstract void Store(float* target, TVector x);

    static abstract TVector Broadcast(float x);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    /// <summary>a * b + c, rounded once.</summary>
    static abstract TVector Fma(TVector a, TVector b, TVector c);

    /// <summary>min(x, 0); of zeros and NaN either operand, which no sum of it with x shows.</summary>
    /// <param name="x">Numbers.</param>
    /// <param name="zero">Zeros.</param>
    static abstract TVector Negative(TVector x, TVector zero);

    /// <summary>Bit i is set where lane i of x is at least that of the threshold; NaN gives 0.</summary>
    static abstract ulong MaskAtLeast(TVector x, TVector threshold);

    /// <summary>Two vectors of signed 16-bit integers as floats.</summary>
    /// <param name="source">The first of them.</param>
    static abstract (TVector X0, TVector X1) Counts(short* source);

    /// <summary>The same of every token.</summary>
    /// <param name="source">The first token's.</param>
    /// <param name="step">Bytes from token to token.</param>
    /// <param name="x0">The first vectors.</param>
    /// <param name="x1">The second ones.</param>
    static abstract void Counts(short* source, nint step, out Column<TVector> x0, out Column<TVector> x1);

    /// <summary>A transposition within each part of four floats: vector j of the result holds float j of every group of four of a, b, c
    /// and d. In which order the groups lie is the width's own.</summary>
    static abstract (TVector V0, TVector V1, TVector V2, TVector V3) Quarters(TVector a, TVector b, TVector c, TVector d);

    /// <summary>From two vectors in the order of <see cref="Quarters"/>: the even groups of both, and the odd groups of both.</summary>
    static abstract (TVector Even, TVector Odd) Pairs(TVector a, TVector b);

    /// <summary>Stores one result for each group of <see cref="Quarters"/>: half a vector for a and b, and half for c and d.</summary>
    static abstract void StoreFours(float* ab, float* cd, TVector x);

    /// <summary>Stores one result for each pair of groups of <see cref="Pairs"/>: a quarter of a vector for a and b of the first vector's
    /// <see cref="Quarters"/>, one for its c and d, and two for the second's.</summary>
    static abstract void StoreEights(float* ab1, float* cd1, float* ab2, float* cd2, TVector x);

    /// <summary>Stores the sign bits of two vectors; those of less than a byte are added to the byte that the first of them begins.</summary>
    /// <param name="at">The byte of the first bit.</param>
    /// <param name="first">Its place in the byte.</param>
    /// <param name="mask">The bits.</param>
    static abstract void StoreMask(byte* at, int first, ulong mask);

    /// <summary>Stores the signs of two columns for a slot.</summary>
    static abstract void StoreSigns(Slot* s, nint c, Column<TVector> x0, Column<TVector> x1);

    /// <summary>Stores the means of four or eight adjacent channels of two columns for a slot.</summary>
    static abstract void StoreMeans(Slot* s, nint c, Column<TVector> x0, Column<TVector> x1);
}
