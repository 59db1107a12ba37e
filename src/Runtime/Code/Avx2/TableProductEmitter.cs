namespace EdgeVit.Runtime;

/// <summary>Emits the binary product of a tile with 64 outputs: two pairs of tokens and two vectors of byte lanes at a time. Four bits of the
/// reduction cost a pair the load of its table, and for each vector one shuffle and one addition, which count both tokens: see
/// <see cref="PairTables"/>.</summary>
/// <remarks>Three look-ups add up to at most 12 in either half of a byte, whose limit is 15. Their sum goes to one accumulator, which may
/// wrap, its upper half to another; both hold at most <see cref="TableProductForm.WordsOfBytes"/> words, 192 of 255. The upper accumulator
/// is the second token's count, and the first one's is what 16 times that leaves of the other, modulo 256. Longer rows add up chunks in
/// 16-bit words, at most <see cref="GraphValidator.MaxInputs"/>. The last token of an odd tile is a pair with itself. Scalar twin:
/// <see cref="ScalarBitKernel"/>.</remarks>
internal sealed class TableProductEmitter(X64Assembler code, TableProductForm form, int tokens)
{
    private const int BlockOutputs = 64;
    private const int NibblesOfWord = 16;
    private const int PairsTogether = 2;

    /// <summary>Look-ups that fit half a byte.</summary>
    private const int Together = 3;

    /// <summary>Look-ups of a loop's body; a chunk has twice as many.</summary>
    private const int Unrolled = 24;

    // Vectors: sums of whole bytes, of their upper halves, two for each pair; three tables; a cell's sum and what it looks up.
    private const int All = 0;
    private const int Upper = 4;
    private const int Table = 8;
    private const int Cell = 11;
    private const int Found = 12;
    private const int Mask = 14;

    private const Gpr Index = Gpr.Rdi;
    private const Gpr Until = Gpr.Rsi;
    private const Gpr LastChunk = Gpr.Rbx;
    private const Gpr Start = Gpr.Rbx;

    private int PairBytes => form.Words * TableProductForm.WordIndexBytes;

    /// <summary>Emits the tables' indices of all pairs; the rows are at <see cref="Registers.Bits"/>.</summary>
    internal void Indices()
    {
        const int Nibbles = 2;
        const int Factors = 3;
        var loop = new CodeLabel();
        code.Mov(Avx2Registers.Tables, RowPointers.LiteralAt(form.TablesLiteral));
        code.Load256(Nibbles, new Mem(Avx2Registers.Tables, PairTables.NibblesOffset));
        code.Load256(Factors, new Mem(Avx2Registers.Tables, PairTables.FactorsOffset));
        code.Lea(Gpr.Rdi, new Mem(Registers.Scratch, form.IndexOffset));
        code.Lea(Gpr.Rsi, new Mem(Registers.Bits, form.Words * sizeof(ulong)));
        code.Place(loop);
        for (int t = 0; t < tokens; t += 2)
        {
            // A byte of the first token below one of the second; of each the lower four bits, then the upper ones.
            code.LoadLowest64(0, new Mem(Registers.Bits, t * form.RowStride));
            code.LoadLowest64(1, new Mem(Registers.Bits, Math.Min(t + 1, tokens - 1) * form.RowStride));
            code.UnpackLowBytes256(0, 0, 1);
            code.ShiftRightWords256(1, 0, 4);
            code.And256(0, 0, Nibbles);
            code.And256(1, 1, Nibbles);
            code.MultiplyAddBytes256(0, 0, Factors);
            code.MultiplyAddBytes256(1, 1, Factors);
            var to = new Mem(Gpr.Rdi, t / 2 * PairBytes);
            code.UnpackLowWords256(4, 0, 1);
            code.StoreLowerHalf(to, 4);
            code.UnpackHighWords256(4, 0, 1);
            code.StoreLowerHalf(to with { Displacement = to.Displacement + 16 }, 4);
        }

        code.Add(Registers.Bits, sizeof(ulong));
        code.Add(Gpr.Rdi, TableProductForm.WordIndexBytes);
        code.Cmp(Registers.Bits, Gpr.Rsi);
        code.JumpIfBelow(loop);
    }

    /// <summary>Emits the sums of the block at <see cref="Registers.Weights"/>, which moves on to the next one.</summary>
    internal void Emit()
    {
        if (!form.IsCount)
        {
            code.Mov(Gpr.Rax, RowPointers.LiteralAt(form.StartLiteral));
        }

        Emit(new Mem(Gpr.Rax), form.SumOffset, BlockOutputs * form.SumBytes);
    }

    /// <summary>The same for sums that lie elsewhere.</summary>
    /// <param name="start">What the sums of 64 outputs start at; unused for counts.</param>
    /// <param name="sumOffset">Scratch bytes of token 0's sums.</param>
    /// <param name="sumStride">Bytes from token to token.</param>
    internal void Emit(Mem start, int sumOffset, int sumStride)
    {
        int pairs = (tokens + 1) / 2;
        code.Mov(Avx2Registers.Tables, RowPointers.LiteralAt(form.TablesLiteral));
        code.Load256(Mask, new Mem(Avx2Registers.Tables, PairTables.UpperOffset));
        if (form.SumBytes == 2)
        {
            Begin(start, sumOffset, sumStride);
        }
        else if (!form.IsCount)
        {
            code.Lea(Start, start);
        }

        for (int pair = 0; pair < pairs; pair += PairsTogether)
        {
            if (pair > 0)
            {
                code.Sub(Registers.Weights, form.Words * NibblesOfWord * BlockOutputs);
            }

            code.Lea(Index, new Mem(Registers.Scratch, form.IndexOffset + (pair * PairBytes)));
            Pairs(pair, Math.Min(PairsTogether, pairs - pair), sumOffset, sumStride);
        }
    }

    /// <summary>Writes what 16-bit sums start at.</summary>
    private void Begin(Mem start, int sumOffset, int sumStride)
    {
        for (int v = 0; v < 4; v++)
        {
            if (form.IsCount)
            {
                code.Xor256(v, v, v);
            }
            else
            {
                code.Load256(v, start with { Displacement = start.Displacement + (32 * v) });
            }
        }

        for (int t = 0; t < tokens; t++)
        {
            for (int v = 0; v < 4; v++)
            {
                code.Store256(new Mem(Registers.Scratch, sumOffset + (t * sumStride) + (32 * v)), v);
            }
        }
    }

    private void Pairs(int first, int count, int sumOffset, int sumStride)
    {
        if (form.SumBytes == 1)
        {
            Count(count, form.Words);
            for (int i = 0; i < 2 * count; i++)
            {
                Split(i);
                Each(first, i, (vector, token) => StoreBytes(vector, i & 1, sumOffset + (token * sumStride)));
            }

            return;
        }

        int chunks = form.Words / TableProductForm.WordsOfBytes;
        if (chunks > 0)
        {
            var chunk = new CodeLabel();
            code.Lea(LastChunk, new Mem(Index, chunks * TableProductForm.WordsOfBytes * TableProductForm.WordIndexBytes));
            code.Place(chunk);
            Chunk(first, count, TableProductForm.WordsOfBytes, sumOffset, sumStride);
            code.Cmp(Index, LastChunk);
            code.JumpIfBelow(chunk);
        }

        if (form.Words % TableProductForm.WordsOfBytes is > 0 and int rest)
        {
            Chunk(first, count, rest, sumOffset, sumStride);
        }
    }

    /// <summary>Words whose counts fit bytes, added to sums or subtracted from them.</summary>
    private void Chunk(int first, int count, int words, int sumOffset, int sumStride)
    {
        Count(count, words);
        for (int i = 0; i < 2 * count; i++)
        {
            Split(i);
            Each(first, i, (vector, token) => AddWords(vector, sumOffset + (token * sumStride) + ((i & 1) * BlockOutputs)));
        }
    }

    /// <summary>Emits for the counts of one vector of outputs, those of both tokens where there are two.</summary>
    private void Each(int firstPair, int i, Action<int, int> emit)
    {
        int token = 2 * (firstPair + (i >> 1));
        emit(All + i, token);
        if (token + 1 < tokens)
        {
            emit(Upper + i, token + 1);
        }
    }

    /// <summary>Leaves the first token's counts where the sums of whole bytes are.</summary>
    private void Split(int i)
    {
        code.ShiftLeftWords256(Cell, Upper + i, 4);
        code.And256(Cell, Cell, Mask);
        code.SubBytes256(All + i, All + i, Cell);
    }

    private void StoreBytes(int vector, int half, int offset)
    {
        if (!form.IsCount)
        {
            code.Load256(Cell, new Mem(Start, 32 * half));
            code.SubBytes256(vector, Cell, vector);
        }

        code.Store256(new Mem(Registers.Scratch, offset + (32 * half)), vector);
    }

    private void AddWords(int vector, int offset)
    {
        for (int half = 0; half < 2; half++)
        {
            var sums = new Mem(Registers.Scratch, offset + (32 * half));
            if (half == 1)
            {
                code.UpperHalf256(vector, vector);
            }

            code.WidenUnsignedToWords256(Cell, vector);
            if (form.IsCount)
            {
                code.AddWords256(Cell, Cell, sums);
            }
            else
            {
                code.Load256(Found, sums);
                code.SubWords256(Cell, Found, Cell);
            }

            code.Store256(sums, Cell);
        }
    }

    /// <summary>The counts of at most <see cref="TableProductForm.WordsOfBytes"/> words.</summary>
    private void Count(int pairs, int words)
    {
        for (int i = 0; i < 2 * pairs; i++)
        {
            code.Xor256(All + i, All + i, All + i);
            code.Xor256(Upper + i, Upper + i, Upper + i);
        }

        if (words < TableProductForm.WordsOfBytes)
        {
            LookUp(pairs, words * NibblesOfWord);
            return;
        }

        var loop = new CodeLabel();
        code.Lea(Until, new Mem(Index, words * TableProductForm.WordIndexBytes));
        code.Place(loop);
        LookUp(pairs, Unrolled);
        code.Cmp(Index, Until);
        code.JumpIfBelow(loop);
    }

    private void LookUp(int pairs, int nibbles)
    {
        for (int k = 0; k < nibbles; k += Together)
        {
            int together = Math.Min(Together, nibbles - k);
            for (int pair = 0; pair < pairs; pair++)
            {
                for (int i = 0; i < together; i++)
                {
                    code.MovZeroExtendedWord(Gpr.Rax, new Mem(Index, (pair * PairBytes) + ((k + i) * sizeof(ushort))));
                    code.BroadcastHalf256(Table + i, new Mem(Avx2Registers.Tables, Gpr.Rax, 0, PairTables.IndexShift));
                }

                for (int v = 0; v < 2; v++)
                {
                    for (int i = 0; i < together; i++)
                    {
                        code.LookUpBytes256(i == 0 ? Cell : Found, Table + i, new Mem(Registers.Weights, ((k + i) * BlockOutputs) + (32 * v)));
                        if (i > 0)
                        {
                            code.AddBytes256(Cell, Cell, Found);
                        }
                    }

                    int sums = (2 * pair) + v;
                    code.AddBytes256(All + sums, All + sums, Cell);
                    code.And256(Cell, Cell, Mask);
                    code.ShiftRightWords256(Cell, Cell, 4);
                    code.AddBytes256(Upper + sums, Upper + sums, Cell);
                }
            }
        }

        code.Add(Registers.Weights, nibbles * BlockOutputs);
        code.Add(Index, nibbles * sizeof(ushort));
    }
}
