namespace EdgeVit.Runtime;

/// <content>AVX2 instructions: vector registers are numbers 0 to 15 of 256 bits.</content>
internal partial class X64Assembler
{
    internal void Load256(int to, Mem from) => Vex(1, None, 0x10, to, 0, from);

    internal void Store256(Mem to, int from) => Vex(1, None, 0x11, from, 0, to);

    internal void Move256(int to, int from) => Vex(1, None, 0x28, to, 0, from);

    internal void Xor256(int to, int a, int b) => Vex(1, P66, 0xEF, to, a, b);

    internal void BroadcastQuad256(int to, Mem from) => Vex(2, P66, 0x59, to, 0, from);

    /// <summary>Shifts each 32-bit lane down by its own count.</summary>
    internal void ShiftRightDoubles256(int to, int from, int counts) => Vex(2, P66, 0x45, to, from, counts);

    internal void BroadcastByte256(int to, Mem from) => Vex(2, P66, 0x78, to, 0, from);

    /// <summary>16 bytes in both halves.</summary>
    internal void BroadcastHalf256(int to, Mem from) => Vex(2, P66, 0x5A, to, 0, from);

    /// <summary>to[i] = byte index[i] of the table in the same half.</summary>
    internal void LookUpBytes256(int to, int table, int index) => Vex(2, P66, 0x00, to, table, index);

    /// <summary>The same, the indices from memory.</summary>
    internal void LookUpBytes256(int to, int table, Mem index) => Vex(2, P66, 0x00, to, table, index);

    internal void AddBytes256(int to, int a, int b) => Vex(1, P66, 0xFC, to, a, b);

    /// <summary>to = a - b, by bytes.</summary>
    internal void SubBytes256(int to, int a, int b) => Vex(1, P66, 0xF8, to, a, b);

    /// <summary>to = a - b, by 16-bit numbers.</summary>
    internal void SubWords256(int to, int a, int b) => Vex(1, P66, 0xF9, to, a, b);

    internal void And256(int to, int a, int b) => Vex(1, P66, 0xDB, to, a, b);

    /// <summary>16-bit numbers shifted left.</summary>
    internal void ShiftLeftWords256(int to, int from, int count) => ShiftWords256(6, to, from, count);

    /// <summary>16-bit numbers shifted right without sign.</summary>
    internal void ShiftRightWords256(int to, int from, int count) => ShiftWords256(2, to, from, count);

    /// <summary>16-bit sums of adjacent products of an unsigned byte of a and a signed one of b.</summary>
    internal void MultiplyAddBytes256(int to, int a, int b) => Vex(2, P66, 0x04, to, a, b);

    /// <summary>Eight bytes in the lowest lane, zeros above.</summary>
    internal void LoadLowest64(int to, Mem from) => Vex(1, PF3, 0x7E, to, 0, from, half: true);

    /// <summary>In each half the bytes of the lower 64-bit lanes of a and b in turn.</summary>
    internal void UnpackLowBytes256(int to, int a, int b) => Vex(1, P66, 0x60, to, a, b);

    /// <summary>In each half the 16-bit numbers of the lower 64-bit lanes of a and b in turn.</summary>
    internal void UnpackLowWords256(int to, int a, int b) => Vex(1, P66, 0x61, to, a, b);

    /// <summary>In each half the 16-bit numbers of the upper 64-bit lanes of a and b in turn.</summary>
    internal void UnpackHighWords256(int to, int a, int b) => Vex(1, P66, 0x69, to, a, b);

    internal void AddWords256(int to, int a, Mem b) => Vex(1, P66, 0xFD, to, a, b);

    /// <summary>Sixteen unsigned bytes as 16-bit numbers.</summary>
    internal void WidenUnsignedToWords256(int to, int from) => Vex(2, P66, 0x30, to, 0, from);

    /// <summary>Eight unsigned bytes as 32-bit numbers.</summary>
    internal void WidenUnsignedBytes256(int to, Mem from) => Vex(2, P66, 0x31, to, 0, from);

    /// <summary>Eight signed bytes as 32-bit numbers.</summary>
    internal void WidenBytes256(int to, Mem from) => Vex(2, P66, 0x21, to, 0, from);

    /// <summary>Eight signed 16-bit numbers as 32-bit ones.</summary>
    internal void WidenWords256(int to, Mem from) => Vex(2, P66, 0x23, to, 0, from);

    internal void UpperHalf256(int to, int from)
    {
        Vex(3, P66, 0x39, from, 0, to);
        Byte(1);
    }

    /// <summary>16 bytes in the lower half, zeros in the upper one.</summary>
    internal void LoadLowerHalf(int to, Mem from) => Vex(1, None, 0x10, to, 0, from, half: true);

    internal void StoreLowerHalf(Mem to, int from) => Vex(1, None, 0x11, from, 0, to, half: true);

    /// <summary>The lower half of a with 16 bytes of memory above it.</summary>
    internal void InsertUpperHalf256(int to, int a, Mem from)
    {
        Vex(3, P66, 0x18, to, a, from);
        Byte(1);
    }

    internal void UnpackLowSingles256(int to, int a, int b) => Vex(1, None, 0x14, to, a, b);

    internal void UnpackHighSingles256(int to, int a, int b) => Vex(1, None, 0x15, to, a, b);

    internal void UnpackLowDoubles256(int to, int a, int b) => Vex(1, P66, 0x14, to, a, b);

    internal void UnpackHighDoubles256(int to, int a, int b) => Vex(1, P66, 0x15, to, a, b);

    /// <summary>In each half two floats of a, then two of b, as the selector says.</summary>
    internal void ShuffleSingles256(int to, int a, int b, int selector)
    {
        Vex(1, None, 0xC6, to, a, b);
        Byte(selector);
    }

    /// <summary>to = all ones where a (predicate) b.</summary>
    internal void CompareSingle256(int to, int a, int b, int predicate)
    {
        Vex(1, None, 0xC2, to, a, b);
        Byte(predicate);
    }

    /// <summary>to = all ones where a (predicate) b, on doubles.</summary>
    internal void CompareDouble256(int to, int a, Mem b, int predicate)
    {
        Vex(1, P66, 0xC2, to, a, b);
        Byte(predicate);
    }

    /// <summary>to = all ones where a &gt; b, on signed bytes.</summary>
    internal void CompareBytes256(int to, int a, int b) => Vex(1, P66, 0x64, to, a, b);

    internal void Add64x4(int to, int a, int b) => Vex(1, P66, 0xD4, to, a, b);

    internal void AddBytes256(int to, int a, Mem b) => Vex(1, P66, 0xFC, to, a, b);

    /// <summary>The lowest byte in all bytes.</summary>
    internal void BroadcastByte256(int to, int from) => Vex(2, P66, 0x78, to, 0, from);

    /// <summary>The lowest double in all lanes.</summary>
    internal void BroadcastDouble256(int to, int from) => Vex(2, P66, 0x19, to, 0, from);

    /// <summary>The halves swapped.</summary>
    internal void SwapHalves256(int to, int from)
    {
        Vex(3, P66, 0x06, to, from, from);
        Byte(1);
    }

    /// <summary>The 64-bit lanes of every half swapped.</summary>
    internal void SwapInHalves256(int to, int from)
    {
        Vex(1, P66, 0x70, to, 0, from);
        Byte(0x4E);
    }

    /// <summary>The lowest double of to = a signed integer, rounded.</summary>
    internal void Int64ToDouble(int to, Gpr from)
    {
        Byte(0xC4);
        Byte(((~to >> 3 & 1) << 7) | 0x40 | ((~(int)from >> 3 & 1) << 5) | 1);
        Byte(0x80 | ((~to & 15) << 3) | PF2);
        Byte(0x2A);
        Byte(0xC0 | ((to & 7) << 3) | ((int)from & 7));
    }

    /// <summary>to = a * b, the lowest double.</summary>
    internal void MulDouble(int to, int a, Mem b) => Vex(1, PF2, 0x59, to, a, b, half: true);

    /// <summary>The sign bits of 32 bytes.</summary>
    internal void SignBitsOfBytes256(Gpr to, int from) => Vex(1, P66, 0xD7, (int)to, 0, from);

    /// <summary>The sign bits of eight floats.</summary>
    internal void SignBits256(Gpr to, int from) => Vex(1, None, 0x50, (int)to, 0, from);

    private void ShiftWords256(int operation, int to, int from, int count)
    {
        Vex(1, P66, 0x71, operation, to, from);
        Byte(count);
    }

    private protected void Vex(int map, int prefix, int opcode, int register, int vector, int rm)
    {
        VexPrefix(map, prefix, register, vector, 0, rm >> 3 & 1, false);
        Byte(opcode);
        Byte(0xC0 | ((register & 7) << 3) | (rm & 7));
    }

    private protected void Vex(int map, int prefix, int opcode, int register, int vector, Mem memory, bool half = false)
    {
        int index = memory.Index is { } i ? (int)i : 0;
        VexPrefix(map, prefix, register, vector, index >> 3 & 1, (int)memory.Base >> 3 & 1, half);
        Byte(opcode);
        Address(register, memory, 1);
    }

    private void VexPrefix(int map, int prefix, int register, int vector, int x, int b, bool half)
    {
        int last = ((~vector & 15) << 3) | (half ? 0 : 4) | prefix;
        int r = (~register >> 3 & 1) << 7;
        if (map == 1 && x == 0 && b == 0)
        {
            Byte(0xC5);
            Byte(r | last);
            return;
        }

        Byte(0xC4);
        Byte(r | ((x ^ 1) << 6) | ((b ^ 1) << 5) | map);
        Byte(last);
    }
}
