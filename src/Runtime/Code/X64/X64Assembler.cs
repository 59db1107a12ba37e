using System.Buffers.Binary;

namespace EdgeVit.Runtime;

/// <summary>Writes x86-64 machine code: the general-purpose instructions that the compiler uses and the encoding of AVX-512 ones. Source:
/// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, sections 2.1 (legacy), 2.3 (VEX) and 2.7 (EVEX).</summary>
internal partial class X64Assembler
{
    private byte[] _code = new byte[4096];
    private int _length;

    /// <summary>The code so far; all labels must be placed.</summary>
    internal ReadOnlySpan<byte> Code => _code.AsSpan(0, _length);

    internal void Place(CodeLabel label)
    {
        label.Position = _length;
        foreach (int at in label.Fixups)
        {
            BinaryPrimitives.WriteInt32LittleEndian(_code.AsSpan(at), _length - at - 4);
        }
    }

    internal void Push(Gpr r)
    {
        Rex(false, 0, 0, (int)r);
        Byte(0x50 | ((int)r & 7));
    }

    internal void Pop(Gpr r)
    {
        Rex(false, 0, 0, (int)r);
        Byte(0x58 | ((int)r & 7));
    }

    internal void Ret() => Byte(0xC3);

    internal void Mov(Gpr to, Gpr from) => RegisterForm(0x8B, (int)to, (int)from);

    internal void Mov(Gpr to, long value)
    {
        Rex(true, 0, 0, (int)to);
        Byte(0xB8 | ((int)to & 7));
        Int64(value);
    }

    internal void Mov(Gpr to, Mem from) => MemoryForm(0x8B, (int)to, from);

    internal void Mov(Mem to, Gpr from) => MemoryForm(0x89, (int)from, to);

    /// <summary>Loads a signed 32-bit number.</summary>
    internal void MovSignExtended(Gpr to, Mem from) => MemoryForm(0x63, (int)to, from);

    /// <summary>Loads a byte without sign.</summary>
    internal void MovZeroExtended(Gpr to, Mem from) => MovZeroExtended(0xB6, to, from);

    /// <summary>Loads 16 bits without sign.</summary>
    internal void MovZeroExtendedWord(Gpr to, Mem from) => MovZeroExtended(0xB7, to, from);

    /// <summary>Loads a signed byte.</summary>
    internal void MovSignExtendedByte(Gpr to, Mem from)
    {
        Rex(true, (int)to, from.Index is { } i ? (int)i : 0, (int)from.Base);
        Byte(0x0F);
        Byte(0xBE);
        Address((int)to, from, 1);
    }

    /// <summary>to += the 64-bit number at table + 8 * index.</summary>
    internal void AddFromTable(Gpr to, Gpr table, Gpr index)
    {
        Rex(true, (int)to, (int)index, (int)table);
        Byte(0x03);
        Byte(0x40 | (((int)to & 7) << 3) | 4);
        Byte(0xC0 | (((int)index & 7) << 3) | ((int)table & 7));
        Byte(0);
    }

    /// <summary>Stores the lowest byte of rax.</summary>
    internal void StoreByteOfRax(Mem to)
    {
        Rex(false, 0, to.Index is { } i ? (int)i : 0, (int)to.Base);
        Byte(0x88);
        Address(0, to, 1);
    }

    internal void Lea(Gpr to, Mem of) => MemoryForm(0x8D, (int)to, of);

    internal void Add(Gpr to, Gpr from) => RegisterForm(0x03, (int)to, (int)from);

    internal void And(Gpr to, Gpr from) => RegisterForm(0x23, (int)to, (int)from);

    internal void Or(Gpr to, Gpr from) => RegisterForm(0x0B, (int)to, (int)from);

    internal void ShiftLeft(Gpr r, int count) => Shift(0xE0, r, count);

    internal void ShiftRight(Gpr r, int count) => Shift(0xE8, r, count);

    internal void Cmp(Gpr a, Gpr b) => RegisterForm(0x3B, (int)a, (int)b);

    internal void Zero(Gpr r) => RegisterForm(0x33, (int)r, (int)r);

    internal void Add(Gpr to, int value) => ImmediateForm(0, to, value);

    internal void Sub(Gpr to, int value) => ImmediateForm(5, to, value);

    internal void Cmp(Gpr a, int value) => ImmediateForm(7, a, value);

    internal void Add(Mem to, int value)
    {
        MemoryForm(0x81, 0, to);
        Int32(value);
    }

    /// <summary>to = from * value.</summary>
    internal void Imul(Gpr to, Gpr from, int value)
    {
        RegisterForm(0x69, (int)to, (int)from);
        Int32(value);
    }

    internal void Imul(Gpr to, Gpr from)
    {
        Rex(true, (int)to, 0, (int)from);
        Byte(0x0F);
        Byte(0xAF);
        Byte(0xC0 | (((int)to & 7) << 3) | ((int)from & 7));
    }

    /// <summary>Moves where the last comparison found unsigned above or equal.</summary>
    internal void MovIfAboveOrEqual(Gpr to, Gpr from)
    {
        Rex(true, (int)to, 0, (int)from);
        Byte(0x0F);
        Byte(0x43);
        Byte(0xC0 | (((int)to & 7) << 3) | ((int)from & 7));
    }

    /// <summary>Number of set bits.</summary>
    internal void PopCount(Gpr to, Mem from)
    {
        Byte(0xF3);
        Rex(true, (int)to, from.Index is { } i ? (int)i : 0, (int)from.Base);
        Byte(0x0F);
        Byte(0xB8);
        Address((int)to, from, 1);
    }

    internal void JumpIfBelow(CodeLabel to) => Jump(0x82, to);

    internal void JumpIfAboveOrEqual(CodeLabel to) => Jump(0x83, to);

    internal void Jump(CodeLabel to)
    {
        Byte(0xE9);
        Target(to);
    }

    private void MovZeroExtended(int opcode, Gpr to, Mem from)
    {
        Rex(false, (int)to, from.Index is { } i ? (int)i : 0, (int)from.Base);
        Byte(0x0F);
        Byte(opcode);
        Address((int)to, from, 1);
    }

    private void Shift(int operation, Gpr r, int count)
    {
        Rex(true, 0, 0, (int)r);
        Byte(0xC1);
        Byte(operation | ((int)r & 7));
        Byte(count);
    }

    private void Jump(int condition, CodeLabel to)
    {
        Byte(0x0F);
        Byte(condition);
        Target(to);
    }

    private void Target(CodeLabel label)
    {
        if (label.Position < 0)
        {
            label.Fixups.Add(_length);
            Int32(0);
        }
        else
        {
            Int32(label.Position - _length - 4);
        }
    }

    private void RegisterForm(int opcode, int register, int rm)
    {
        Rex(true, register, 0, rm);
        Byte(opcode);
        Byte(0xC0 | ((register & 7) << 3) | (rm & 7));
    }

    private void ImmediateForm(int operation, Gpr register, int value)
    {
        RegisterForm(0x81, operation, (int)register);
        Int32(value);
    }

    private void MemoryForm(int opcode, int register, Mem memory)
    {
        Rex(true, register, memory.Index is { } i ? (int)i : 0, (int)memory.Base);
        Byte(opcode);
        Address(register, memory, 1);
    }

    private void Rex(bool wide, int register, int index, int rm)
    {
        int rex = 0x40 | (wide ? 8 : 0) | ((register >> 3) << 2) | ((index >> 3) << 1) | (rm >> 3);
        if (rex != 0x40)
        {
            Byte(rex);
        }
    }

    /// <summary>ModRM, SIB and displacement; a short displacement counts units of <paramref name="unit"/> bytes.</summary>
    private void Address(int register, Mem memory, int unit)
    {
        int low = (register & 7) << 3;
        int displacement = memory.Displacement;
        int units = displacement / unit;
        bool shortForm = displacement % unit == 0 && units is >= sbyte.MinValue and <= sbyte.MaxValue;
        int mode = shortForm ? 0x40 : 0x80;
        int @base = (int)memory.Base & 7;
        if (memory.Index is { } index)
        {
            Byte(mode | low | 4);
            Byte((memory.Shift << 6) | (((int)index & 7) << 3) | @base);
        }
        else if (@base == 4)
        {
            Byte(mode | low | 4);
            Byte(0x24);
        }
        else
        {
            Byte(mode | low | @base);
        }

        if (shortForm)
        {
            Byte(units);
        }
        else
        {
            Int32(displacement);
        }
    }

    private void Byte(int value)
    {
        if (_length + 16 > _code.Length)
        {
            Array.Resize(ref _code, _code.Length * 2);
        }

        _code[_length++] = (byte)value;
    }

    private void Int32(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_code.AsSpan(_length), value);
        _length += 4;
    }

    private void Int64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_code.AsSpan(_length), value);
        _length += 8;
    }
}
