namespace EdgeVit.Runtime;

/// <content>AVX-512 instructions. Vector registers are numbers 0 to 31, mask registers 1 to 7; a memory operand may be one element,
/// repeated over the lanes (<c>each</c>).</content>
internal partial class X64Assembler
{
    private protected const int None = 0;
    private protected const int P66 = 1;
    private const int PF3 = 2;
    private const int PF2 = 3;
    private const int Vector = 64;

    internal void BroadcastByte(int to, Mem from) => Evex(2, P66, 0, 0x78, to, 0, from, 1);

    internal void XorEach(int to, int a, Mem b) => Evex(1, P66, 0, 0xEF, to, a, b, 4, each: true);

    internal void AndEach(int to, int a, Mem b) => Evex(1, P66, 0, 0xDB, to, a, b, 4, each: true);

    /// <summary>Set bits of every 32-bit lane.</summary>
    internal void PopCount32(int to, int from) => Evex(2, P66, 0, 0x55, to, 0, from);

    internal void Add32(int to, int a, int b) => Evex(1, P66, 0, 0xFE, to, a, b);

    internal void Sub32Each(int to, int a, Mem b) => Evex(1, P66, 0, 0xFA, to, a, b, 4, each: true);

    internal void Add64(int to, int a, int b, int mask = 0) => Evex(1, P66, 1, 0xD4, to, a, b, mask);

    internal void ShiftLeft64(int to, int from, int count)
    {
        Evex(1, P66, 1, 0x73, 6, to, from);
        Byte(count);
    }

    internal void UInt64ToDouble(int to, int from) => Evex(1, PF3, 1, 0x7A, to, 0, from);


    internal void MulDoubleEach(int to, int a, Mem b) => Evex(1, P66, 1, 0x59, to, a, b, 8, each: true);

    /// <summary>mask = a (predicate) b on floats.</summary>
    internal void CompareSingle(int mask, int a, int b, int predicate)
    {
        Evex(1, None, 0, 0xC2, mask, a, b);
        Byte(predicate);
    }

    /// <summary>mask = a (predicate) b on doubles, b one number for all lanes.</summary>
    internal void CompareDoubleEach(int mask, int a, Mem b, int predicate)
    {
        Evex(1, P66, 1, 0xC2, mask, a, b, 8, each: true);
        Byte(predicate);
    }

    /// <summary>mask = a (predicate) b on unsigned bytes.</summary>
    internal void CompareBytes(int mask, int a, int b, int predicate)
    {
        Evex(3, P66, 0, 0x3E, mask, a, b);
        Byte(predicate);
    }

    /// <summary>Stores the low byte of every 32-bit lane: 16 bytes.</summary>
    internal void StoreLowBytes(Mem to, int from) => Evex(2, PF3, 0, 0x31, from, 0, to, 16);

    /// <summary>Stores the low byte of every 64-bit lane: 8 bytes.</summary>
    internal void StoreLowBytes64(Mem to, int from) => Evex(2, PF3, 0, 0x32, from, 0, to, 8);

    /// <summary>Loads bytes where the mask is set and keeps the others.</summary>
    internal void LoadBytes(int to, Mem from, int mask) => Evex(1, PF2, 0, 0x6F, to, 0, from, Vector, mask);

    /// <summary>index[i] = byte index[i] &amp; 127 of low followed by high.</summary>
    internal void LookUpBytes(int index, int low, int high) => Evex(2, P66, 0, 0x75, index, low, high);

    /// <summary>Sums of the eight bytes of every 64-bit lane.</summary>
    internal void SumBytes(int to, int from, int zero) => Evex(1, P66, 0, 0xF6, to, from, zero);

    /// <summary>Lanes of 128 bits of a, then of b, as the selector says, two bits each.</summary>
    internal void ShuffleQuarters(int to, int a, int b, int selector)
    {
        Evex(3, P66, 1, 0x43, to, a, b);
        Byte(selector);
    }

    /// <summary>The 64-bit lanes of every quarter swapped.</summary>
    internal void SwapInQuarters(int to, int from)
    {
        Evex(1, P66, 0, 0x70, to, 0, from);
        Byte(0x4E);
    }

    /// <summary>Stores the lowest 64 bits.</summary>
    internal void StoreLowest64(Mem to, int from) => Evex(1, P66, 1, 0xD6, from, 0, to, 8, length: 0);

    /// <summary>Stores 16 mask bits.</summary>
    internal void StoreMask16(Mem to, int mask) => MaskMove(0x91, false, None, mask, to);

    /// <summary>Loads 16 mask bits.</summary>
    internal void LoadMask16(int mask, Mem from) => MaskMove(0x90, false, None, mask, from);

    /// <summary>Stores 64 mask bits.</summary>
    internal void StoreMask64(Mem to, int mask) => MaskMove(0x91, true, None, mask, to);

    /// <summary>Loads 64 mask bits.</summary>
    internal void LoadMask64(int mask, Mem from) => MaskMove(0x90, true, None, mask, from);

    /// <summary>to = a &amp; b, 64 bits.</summary>
    internal void AndMask64(int to, int a, int b)
    {
        Byte(0xC4);
        Byte(0xE1);
        Byte(0x80 | ((~a & 15) << 3) | 4);
        Byte(0x41);
        Byte(0xC0 | (to << 3) | b);
    }

    /// <summary>Leaves the upper halves clean, as callers expect.</summary>
    internal void ZeroUpper()
    {
        Byte(0xC5);
        Byte(0xF8);
        Byte(0x77);
    }

    private void MaskMove(int opcode, bool wide, int prefix, int mask, Mem memory)
    {
        int index = memory.Index is { } i ? (int)i : 0;
        Byte(0xC4);
        Byte(0x80 | ((~index >> 3 & 1) << 6) | ((~(int)memory.Base >> 3 & 1) << 5) | 1);
        Byte((wide ? 0x80 : 0) | 0x78 | prefix);
        Byte(opcode);
        Address(mask, memory, 1);
    }

    private protected void Evex(int map, int prefix, int wide, int opcode, int register, int vector, int rm, int mask = 0)
    {
        Prefix(map, prefix, wide, register, vector, rm >> 4 & 1, rm >> 3 & 1, mask, false, 2);
        Byte(opcode);
        Byte(0xC0 | ((register & 7) << 3) | (rm & 7));
    }

    private protected void Evex(
        int map, int prefix, int wide, int opcode, int register, int vector, Mem memory, int unit, int mask = 0, bool each = false, int length = 2)
    {
        int index = memory.Index is { } i ? (int)i : 0;
        Prefix(map, prefix, wide, register, vector, index >> 3 & 1, (int)memory.Base >> 3 & 1, mask, each, length);
        Byte(opcode);
        Address(register, memory, unit);
    }

    private void Prefix(int map, int prefix, int wide, int register, int vector, int x, int b, int mask, bool each, int length)
    {
        Byte(0x62);
        Byte(((~register >> 3 & 1) << 7) | ((x ^ 1) << 6) | ((b ^ 1) << 5) | ((~register >> 4 & 1) << 4) | map);
        Byte((wide << 7) | ((~vector & 15) << 3) | 4 | prefix);
        Byte((length << 5) | (each ? 16 : 0) | ((~vector >> 4 & 1) << 3) | mask);
    }
}
