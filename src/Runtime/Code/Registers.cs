namespace EdgeVit.Runtime;

/// <summary>Which register holds what while the code of a step runs.</summary>
internal static class Registers
{
    /// <summary>The session's values.</summary>
    internal const Gpr Arena = Gpr.R12;

    /// <summary>The thread's memory.</summary>
    internal const Gpr Scratch = Gpr.R13;

    /// <summary>The tile's first token.</summary>
    internal const Gpr Token = Gpr.R14;

    /// <summary>The token behind the last.</summary>
    internal const Gpr End = Gpr.R15;

    /// <summary>The step's numbers and addresses.</summary>
    internal const Gpr Literals = Gpr.Rbp;

    /// <summary>Bytes from a row's start to the block's floats.</summary>
    internal const Gpr Channel = Gpr.Rcx;

    /// <summary>Bytes from a bit row's start to the block's bits.</summary>
    internal const Gpr BitByte = Gpr.Rdx;

    /// <summary>The same as <see cref="Channel"/> for rows that repeat.</summary>
    internal const Gpr Repeating = Gpr.R10;

    /// <summary>Weights of the block.</summary>
    internal const Gpr Weights = Gpr.R9;

    /// <summary>The tile's rows of bits that the weights meet.</summary>
    internal const Gpr Bits = Gpr.Rbx;

    /// <summary>Most tokens of a tile.</summary>
    internal const int MaxTokens = 8;

    /// <summary>Floats -2, in code for AVX-512 as the following.</summary>
    internal const int MinusTwo = 29;

    /// <summary>K of the product.</summary>
    internal const int Inputs = 30;

    /// <summary>Zeros.</summary>
    internal const int Zero = 31;
}
