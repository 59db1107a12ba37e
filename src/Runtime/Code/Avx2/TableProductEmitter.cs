namespace EdgeVit.Runtime;

/// <summary>Emits the binary product of up to four tokens with 64 outputs: two vectors of byte lanes a token. Each four bits of the reduction
/// cost a load of the activation's table for the token and, for each vector, one shuffle and one addition; the weights are loaded once for
/// all tokens. See <see cref="AgreementTables"/> for the layout.</summary>
/// <remarks>Sums are half the product: 16 times the words minus the differing bits, plus a start that takes away what the row's padding
/// agrees by; or they are the differing bits, and start at 0. A byte sums <see cref="TableProductForm.WordsOfBytes"/> words at most, 16-bit words <see cref="GraphValidator.MaxInputs"/> / 2.
/// Scalar twin: <see cref="ScalarBitKernel"/>.</remarks>
internal sealed class TableProductEmitter(X64Assembler code, TableProductForm form, int first, int tokens)
{
    private const int Weights = 8;
    private const int Table = 12;
    private const int Found = 14;
    private const Gpr Row = Gpr.Rdi;
    private const Gpr Until = Gpr.Rsi;

    /// <summary>Emits the sums of the block at <see cref="Registers.Weights"/>, which moves on to the next one.</summary>
    internal void Emit()
    {
        code.Mov(Registers.Bits, RowPointers.Slot(form.RowSlot));
        code.Mov(Avx2Registers.Tables, RowPointers.LiteralAt(form.TablesLiteral));
        code.Mov(Gpr.Rax, RowPointers.LiteralAt(form.StartLiteral));
        if (form.SumBytes == 1)
        {
            Bytes();
        }
        else
        {
            code.BroadcastWord256(0, new Mem(Gpr.Rax, 1));
            for (int v = 1; v < 4; v++)
            {
                code.Move256(v, 0);
            }

            Chunks();
        }
    }

    /// <summary>Emits the product of a single word; rows, tables and what sums start at are in their registers.</summary>
    /// <param name="sumOffset">Scratch bytes of token 0's sums, which are bytes.</param>
    /// <param name="sumStride">Bytes from token to token.</param>
    internal void EmitWord(int sumOffset, int sumStride)
    {
        code.Zero(Row);
        Word();
        StoreBytes(sumOffset, sumStride);
    }

    /// <summary>Emits the product of several words; rows and tables are in their registers.</summary>
    /// <param name="start">What the sums of 64 outputs start at, words.</param>
    internal void EmitChunks(Mem start)
    {
        for (int v = 0; v < 4; v++)
        {
            code.Load256(v, start with { Displacement = start.Displacement + (32 * v) });
        }

        Chunks();
    }

    private void Bytes()
    {
        code.BroadcastByte256(0, new Mem(Gpr.Rax));
        for (int i = 1; i < 2 * tokens; i++)
        {
            code.Move256(i, 0);
        }

        var loop = new CodeLabel();
        code.Zero(Row);
        code.Place(loop);
        Word();
        if (form.Words > 1)
        {
            code.Cmp(Row, form.Words * 8);
            code.JumpIfBelow(loop);
        }

        StoreBytes(form.SumOffset, 64);
    }

    private void StoreBytes(int sumOffset, int sumStride)
    {
        for (int i = 0; i < 2 * tokens; i++)
        {
            code.Store256(new Mem(Registers.Scratch, sumOffset + ((first + (i >> 1)) * sumStride) + ((i & 1) * 32)), i);
        }
    }

    /// <summary>The product in chunks whose sums fit bytes; vectors 0 to 3 hold what the 64 sums start at.</summary>
    private void Chunks()
    {
        for (int i = 0; i < 4 * tokens; i++)
        {
            code.Store256(Words(i), i & 3);
        }

        var chunk = new CodeLabel();
        var loop = new CodeLabel();
        code.Zero(Row);
        code.Place(chunk);
        for (int i = 0; i < 2 * tokens; i++)
        {
            code.Xor256(i, i, i);
        }

        code.Lea(Until, new Mem(Row, TableProductForm.WordsOfBytes * 8));
        code.Mov(Gpr.Rax, form.Words * 8L);
        code.Cmp(Until, Gpr.Rax);
        code.MovIfAboveOrEqual(Until, Gpr.Rax);
        code.Place(loop);
        Word();
        code.Cmp(Row, Until);
        code.JumpIfBelow(loop);
        for (int i = 0; i < 2 * tokens; i++)
        {
            int wide = Weights + (i & 3);
            Widen(wide, i);
            code.AddWords256(wide, wide, Words(2 * i));
            code.Store256(Words(2 * i), wide);
            code.UpperHalf256(i, i);
            Widen(i, i);
            code.AddWords256(i, i, Words((2 * i) + 1));
            code.Store256(Words((2 * i) + 1), i);
        }

        code.Cmp(Row, form.Words * 8);
        code.JumpIfBelow(chunk);
    }

    private void Widen(int to, int from)
    {
        if (form.IsCount)
        {
            code.WidenUnsignedToWords256(to, from);
        }
        else
        {
            code.WidenToWords256(to, from);
        }
    }

    private Mem Words(int vector) => new(Registers.Scratch, form.SumOffset + (first * 128) + (vector * 32));

    /// <summary>The eight bytes of a word.</summary>
    private void Word()
    {
        for (int k = 0; k < 8; k++)
        {
            for (int v = 0; v < 4; v++)
            {
                code.Load256(Weights + v, new Mem(Registers.Weights, (k * 128) + (v * 32)));
            }

            for (int t = 0; t < tokens; t++)
            {
                code.MovZeroExtended(Gpr.Rax, new Mem(Registers.Bits, Row, ((first + t) * form.RowStride) + k));
                code.ShiftLeft(Gpr.Rax, 4);
                for (int half = 0; half < 2; half++)
                {
                    int table = Table + half;
                    code.BroadcastHalf256(table, new Mem(Avx2Registers.Tables, Gpr.Rax, half * AgreementTables.UpperOffset));
                    code.LookUpBytes256(Found, table, Weights + (2 * half));
                    code.LookUpBytes256(table, table, Weights + (2 * half) + 1);
                    code.AddBytes256(2 * t, 2 * t, Found);
                    code.AddBytes256((2 * t) + 1, (2 * t) + 1, table);
                }
            }
        }

        code.Add(Registers.Weights, 8 * 128);
        code.Add(Row, 8);
    }
}
