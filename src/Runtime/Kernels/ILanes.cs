namespace EdgeVit.Runtime;

/// <summary>The float operations that row kernels are written in, for one vector width. Every member is exact or rounds once, so that all
/// widths compute the same bits.</summary>
/// <typeparam name="TVector">A vector of floats, or one float.</typeparam>
internal unsafe interface ILanes<TVector>
    where TVector : struct
{
    /// <summary>Floats in a vector.</summary>
    static abstract int Count { get; }

    static abstract TVector Load(float* source);

    static abstract void Store(float* target, TVector x);

    static abstract TVector Broadcast(float x);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Subtract(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    /// <summary>a * b + c, rounded once.</summary>
    static abstract TVector Fma(TVector a, TVector b, TVector c);

    /// <summary>u &gt; 0 ? u : other.</summary>
    static abstract TVector SelectPositive(TVector u, TVector other);

    /// <summary>Bit i is set where lane i is at least 0; NaN gives 0.</summary>
    static abstract ulong SignMask(TVector x);

    /// <summary>Unsigned 16-bit integers as floats.</summary>
    static abstract TVector FromUnsigned(ushort* source);

    /// <summary>Signed 16-bit integers as floats.</summary>
    static abstract TVector FromSigned(short* source);

    /// <summary>The lanes with even and with odd index of a followed by b.</summary>
    static abstract (TVector Even, TVector Odd) Unzip(TVector a, TVector b);

    /// <summary>Stores the sign bits of four vectors, <paramref name="channel"/> a multiple of 4 * <see cref="Count"/>.</summary>
    static abstract void StoreSigns(byte* row, int channel, ulong mask);
}
