namespace EdgeVit.Runtime;

/// <summary>Which vector holds what in code for AVX2; general-purpose registers are those of <see cref="Registers"/>.</summary>
internal static class Avx2Registers
{
    /// <summary>Most tokens that an epilogue takes together: vectors 0 to 3 hold eight channels of each.</summary>
    internal const int MaxTokens = 4;

    /// <summary>Channels of a vector.</summary>
    internal const int Lanes = 8;

    /// <summary>First of the vectors for intermediate results, one a token.</summary>
    internal const int Temporary = 4;

    /// <summary>First of the vectors that sum up groups, hold the second block of a float product or a pool's own rows, one a token.</summary>
    internal const int Sum = 8;

    /// <summary>First of three vectors for parameters.</summary>
    internal const int Parameter = 12;

    /// <summary>Floats 1: a product with it and an addition is an addition, by the units that multiply.</summary>
    internal const int One = 15;

    /// <summary>Base of the tables in a product; in an epilogue the bytes from the block's first sum to those of its channels.</summary>
    internal const Gpr Tables = Gpr.R8;
}
