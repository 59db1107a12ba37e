using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>What the code of <see cref="WeightTableEmitter"/> finds in memory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct WeightTableArguments
{
    internal const int ConstantsOffset = 0;
    internal const int SumsOffset = 8;

    internal byte* Constants;
    internal byte* Sums;
}

/// <summary>What becomes of a word's counts.</summary>
internal enum WeightTableEnd
{
    /// <summary>They stay in the accumulators.</summary>
    GoOn,

    /// <summary>They are the sums, a byte each.</summary>
    Bytes,

    /// <summary>They are the first part of sums of 16 bits.</summary>
    Words,

    /// <summary>They are added to such sums.</summary>
    MoreWords,
}

/// <summary>Emits <see cref="WeightTables"/> for AVX2, as the System V ABI calls it: an entry, 64 outputs of 4 bits, is one vector. Scalar twin:
/// <see cref="ScalarBitKernel"/>.</summary>
internal sealed class WeightTableEmitter(Avx2Code code)
{
    /// <summary>Bytes of a token's accumulators: sums of whole bytes, of their upper halves.</summary>
    internal const int SumBytes = 64;

    /// <summary>Bytes of a word's distances of entries, 16 bits each.</summary>
    internal const int IndexBytes = 16 * sizeof(ushort);

    /// <summary>Where the constants stand: shifts by 0, 1, 2 and 3; bytes 0x11; bytes 0xF0; what sums start at.</summary>
    internal const int ShiftsOffset = 0;

    /// <summary>See <see cref="ShiftsOffset"/>.</summary>
    internal const int OnesOffset = 32;

    /// <summary>See <see cref="ShiftsOffset"/>.</summary>
    internal const int UpperOffset = 64;

    /// <summary>See <see cref="ShiftsOffset"/>.</summary>
    internal const int StartOffset = 96;

    private const int EntryBytes = 32;

    /// <summary>Emits the function (columns, table, constants), which makes the tables of a word.</summary>
    internal void Tables()
    {
        const int Ones = 0, Shifts = 1, Weight = 2, Entry = 7, Sum = 15;
        code.Load256(Shifts, new Mem(Gpr.Rdx, ShiftsOffset));
        code.Load256(Ones, new Mem(Gpr.Rdx, OnesOffset));
        for (int group = 0; group < WeightTables.Groups; group++)
        {
            int bits = group < WeightTables.Groups - 1 ? WeightTables.GroupBits : WeightTables.GroupBits - 1;
            for (int i = 0; i < bits; i++)
            {
                code.BroadcastQuad256(Weight + i, new Mem(Gpr.Rdi, ((group * WeightTables.GroupBits) + i) * sizeof(ulong)));
                code.ShiftRightDoubles256(Weight + i, Weight + i, Shifts);
                code.And256(Weight + i, Weight + i, Ones);
            }

            code.Move256(Entry, Weight);
            for (int i = 1; i < bits; i++)
            {
                code.AddBytes256(Entry, Entry, Weight + i);
            }

            // Where an activation's bit is set, those outputs differ whose weight is 0.
            for (int i = 0; i < bits; i++)
            {
                code.SubBytes256(Sum, Ones, Weight + i);
                code.SubBytes256(Weight + i, Sum, Weight + i);
            }

            for (int i = 1; i < 8; i++)
            {
                int bit = i >= 4 ? 2 : i >= 2 ? 1 : 0;
                code.AddBytes256(Entry + i, Entry + i - (1 << bit), Weight + bit);
            }

            for (int eight = 0; eight < 1 << (bits - 3); eight++)
            {
                int by = eight switch { 1 => Weight + 3, 2 => Weight + 4, _ => Weight };
                if (eight == 3)
                {
                    code.AddBytes256(by, Weight + 3, Weight + 4);
                }

                for (int i = 0; i < 8; i++)
                {
                    int from = Entry + i;
                    if (eight > 0)
                    {
                        code.AddBytes256(Sum, from, by);
                        from = Sum;
                    }

                    code.Store256(new Mem(Gpr.Rsi, (group * WeightTables.GroupBytes) + (((eight * 8) + i) * EntryBytes)), from);
                }
            }
        }

        code.ZeroUpper();
        code.Ret();
    }

    /// <summary>Emits the function (index, bytes from token to token, table, accumulators, end of these, <see cref="WeightTableArguments"/>), which adds up the entries of
    /// all tokens.</summary>
    /// <param name="isFirst">True where the accumulators start at 0.</param>
    /// <param name="end">What becomes of the counts.</param>
    /// <param name="isCount">True where sums are counts; false where counts are taken away from a start.</param>
    internal void LookUp(bool isFirst, WeightTableEnd end, bool isCount)
    {
        const int All = 0, Upper = 1, Cell = 2, Start = 13, Mask = 14;
        const int Together = 3;
        Gpr[] entries = [Gpr.Rax, Gpr.R10, Gpr.R11];
        var loop = new CodeLabel();
        code.Mov(Gpr.Rax, new Mem(Gpr.R9, WeightTableArguments.ConstantsOffset));
        code.Load256(Mask, new Mem(Gpr.Rax, UpperOffset));
        code.Load256(Start, new Mem(Gpr.Rax, StartOffset));
        code.Mov(Gpr.R9, new Mem(Gpr.R9, WeightTableArguments.SumsOffset));
        code.Place(loop);
        if (isFirst)
        {
            code.Xor256(All, All, All);
            code.Xor256(Upper, Upper, Upper);
        }
        else
        {
            code.Load256(All, new Mem(Gpr.Rcx));
            code.Load256(Upper, new Mem(Gpr.Rcx, 32));
        }

        for (int group = 0; group < WeightTables.Groups; group += Together)
        {
            int together = Math.Min(Together, WeightTables.Groups - group);
            int cell = Cell + (group % 2);
            for (int i = 0; i < together; i++)
            {
                code.MovZeroExtendedWord(entries[i], new Mem(Gpr.Rdi, (group + i) * sizeof(ushort)));
            }

            for (int i = 0; i < together; i++)
            {
                var entry = new Mem(Gpr.Rdx, entries[i], (group + i) * WeightTables.GroupBytes);
                if (i == 0)
                {
                    code.Load256(cell, entry);
                }
                else
                {
                    code.AddBytes256(cell, cell, entry);
                }
            }

            code.AddBytes256(All, All, cell);
            code.And256(cell, cell, Mask);
            code.ShiftRightWords256(cell, cell, 4);
            code.AddBytes256(Upper, Upper, cell);
        }

        if (end == WeightTableEnd.GoOn)
        {
            code.Store256(new Mem(Gpr.Rcx), All);
            code.Store256(new Mem(Gpr.Rcx, 32), Upper);
        }
        else
        {
            code.ShiftLeftWords256(Cell, Upper, 4);
            code.And256(Cell, Cell, Mask);
            code.SubBytes256(All, All, Cell);
            Sums(All, 0, end, isCount, Start);
            Sums(Upper, 32, end, isCount, Start);
            code.Add(Gpr.R9, end == WeightTableEnd.Bytes ? 64 : 128);
        }

        code.Add(Gpr.Rdi, Gpr.Rsi);
        code.Add(Gpr.Rcx, SumBytes);
        code.Cmp(Gpr.Rcx, Gpr.R8);
        code.JumpIfBelow(loop);
        code.ZeroUpper();
        code.Ret();
    }

    /// <summary>The sums of 32 outputs from <paramref name="first"/> on.</summary>
    private void Sums(int counts, int first, WeightTableEnd end, bool isCount, int start)
    {
        const int Words = 4;
        if (end == WeightTableEnd.Bytes)
        {
            if (!isCount)
            {
                code.SubBytes256(counts, start, counts);
            }

            code.Store256(new Mem(Gpr.R9, first), counts);
            return;
        }

        for (int half = 0; half < 2; half++)
        {
            var sums = new Mem(Gpr.R9, (2 * first) + (32 * half));
            if (half == 1)
            {
                code.UpperHalf256(counts, counts);
            }

            code.WidenUnsignedToWords256(Words, counts);
            if (isCount)
            {
                if (end == WeightTableEnd.MoreWords)
                {
                    code.AddWords256(Words, Words, sums);
                }
            }
            else if (end == WeightTableEnd.MoreWords)
            {
                code.Load256(Words + 1, sums);
                code.SubWords256(Words, Words + 1, Words);
            }
            else
            {
                code.SubWords256(Words, start, Words);
            }

            code.Store256(sums, Words);
        }
    }
}
