namespace EdgeVit.Runtime;

/// <summary>The pointers of a step's rows while its code runs: one stack slot each, set for the first token and moved on from tile to
/// tile. Addresses and offsets come from the step's literals, so that steps of the same form share their code.</summary>
internal sealed class RowPointers
{
    private const int Given = -1;

    private readonly List<RowSlot> _slots = [];
    private readonly ValueList<long> _literals = new();

    /// <summary>Stack bytes of the slots.</summary>
    internal int StackBytes => ((_slots.Count * 8) + 15) & ~15;

    /// <summary>The numbers that differ between steps of the same form.</summary>
    internal ValueList<long> Literals => _literals;

    /// <summary>Adds a number that the code reads from the literals.</summary>
    /// <returns>Its place.</returns>
    internal int Literal(long value)
    {
        _literals.Add(value);
        return _literals.Count - 1;
    }

    /// <summary>Adds a float.</summary>
    /// <returns>Its place.</returns>
    internal int Literal(float value) => Literal((long)BitConverter.SingleToUInt32Bits(value));

    /// <summary>Adds a row.</summary>
    /// <param name="arena">True where <paramref name="start"/> counts from the arena's start, false for an address.</param>
    /// <param name="start">Row of token 0.</param>
    /// <param name="stride">Bytes from token to token.</param>
    /// <returns>Its slot.</returns>
    internal int Add(bool arena, long start, long stride)
    {
        for (int i = 0; i < _slots.Count; i++)
        {
            RowSlot s = _slots[i];
            if (s.Literal != Given && s.Arena == arena && _literals[s.Literal] == start && s.Stride == stride)
            {
                return i;
            }
        }

        _slots.Add(new RowSlot(arena, Literal(start), checked((int)stride)));
        return _slots.Count - 1;
    }

    /// <summary>Adds a row that the caller gives: the address for the first token.</summary>
    internal int AddGiven(int stride)
    {
        _slots.Add(new RowSlot(false, Given, stride));
        return _slots.Count - 1;
    }

    /// <summary>Sets all slots for the first token.</summary>
    /// <param name="code">Receives the code.</param>
    /// <param name="given">Where the address that the caller gives stands.</param>
    internal void Start(X64Assembler code, Mem given)
    {
        for (int i = 0; i < _slots.Count; i++)
        {
            (bool arena, int literal, int stride) = _slots[i];
            if (literal == Given)
            {
                code.Mov(Gpr.Rax, given);
                code.Mov(Slot(i), Gpr.Rax);
                continue;
            }

            code.Imul(Gpr.Rax, Registers.Token, stride);
            code.Mov(Gpr.R8, LiteralAt(literal));
            code.Add(Gpr.Rax, Gpr.R8);
            if (arena)
            {
                code.Add(Gpr.Rax, Registers.Arena);
            }

            code.Mov(Slot(i), Gpr.Rax);
        }
    }

    /// <summary>Moves all slots on.</summary>
    internal void Advance(X64Assembler code, int tokens)
    {
        for (int i = 0; i < _slots.Count; i++)
        {
            code.Add(Slot(i), _slots[i].Stride * tokens);
        }
    }

    /// <summary>What decides the code: everything but the literals' values.</summary>
    internal void Describe(ValueList<int> form)
    {
        foreach ((bool arena, int literal, int stride) in _slots)
        {
            form.AddRange([arena ? 1 : 0, literal, stride]);
        }
    }

    internal static Mem Slot(int slot) => new(Gpr.Rsp, 8 * slot);

    internal static Mem LiteralAt(int literal) => new(Registers.Literals, 8 * literal);
}

/// <summary>A pointer that moves on with the tokens.</summary>
/// <param name="Arena">True where it counts from the arena's start.</param>
/// <param name="Literal">Where its start stands.</param>
/// <param name="Stride">Bytes from token to token.</param>
internal sealed record RowSlot(bool Arena, int Literal, int Stride);
