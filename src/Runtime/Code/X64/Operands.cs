namespace EdgeVit.Runtime;

/// <summary>A 64-bit general-purpose register, by its number in the encoding.</summary>
internal enum Gpr
{
    Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi, R8, R9, R10, R11, R12, R13, R14, R15,
}

/// <summary>A memory operand: <c>[base + index * 2^shift + displacement]</c>.</summary>
internal readonly record struct Mem(Gpr Base, Gpr? Index, int Displacement, int Shift = 0)
{
    internal Mem(Gpr @base, int displacement = 0)
        : this(@base, null, displacement)
    {
    }
}

/// <summary>A place in the code that jumps go to.</summary>
internal sealed class CodeLabel
{
    internal int Position { get; set; } = -1;

    internal List<int> Fixups { get; } = [];
}
