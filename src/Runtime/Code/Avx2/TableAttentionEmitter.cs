namespace EdgeVit.Runtime;

/// <summary>Emits binary attention for a tile of tokens, head by head, in integers: queries meet keys as a product by table look-ups, whose
/// sums index the exponentials; the row's threshold is the number of table entries above its limit; the attended keys' bits meet the values
/// as another product. Scalar twin: <see cref="ScalarAttentionKernel"/>.</summary>
/// <remarks>A sum is half the product of query and key, so m = sum + 32 channels match; with n of the 65 entries above the limit, which
/// grow with m, keys with m above 64 - n are attended, whose sums are above 32 - n. The second product counts the bits in which
/// attended keys and a channel's values differ; with v positive values of the channel, 2 * popcount(attended and values) -
/// popcount(attended) is v minus these. Sums of exponentials stay below 2^46 * 256.</remarks>
internal sealed class TableAttentionEmitter(X64Assembler code, TableAttentionForm form, int tokens)
{
    private const int LessThan = 17;
    private const int Limit = 0;
    private const int Count = 1;
    private const int Above = 5;

    /// <summary>Bytes from the first head's bits, and clips, to the head's.</summary>
    private const Gpr Head = Gpr.R11;

    /// <summary>Bytes from the first token's sums to the token's.</summary>
    private const Gpr Token = Gpr.R8;

    /// <summary>Bytes from a token's sums to the next one's.</summary>
    private int SumStride => form.Blocks * TableAttentionForm.Size;

    /// <summary>Emits all heads.</summary>
    /// <param name="epilogue">Emits what is done to the 64 channels of a head; moves on to the next ones.</param>
    internal void Emit(Action epilogue)
    {
        var head = new CodeLabel();
        code.Zero(Head);
        code.Mov(Registers.Weights, RowPointers.LiteralAt(form.PreparedLiteral));
        code.Add(Registers.Weights, Registers.Arena);
        code.Place(head);
        Queries();
        Select();
        Values();
        code.Zero(Avx2Registers.Tables);
        epilogue();
        code.Add(Head, sizeof(ulong));
        code.Cmp(Head, form.Heads * sizeof(ulong));
        code.JumpIfBelow(head);
    }

    /// <summary>The sums of queries and keys.</summary>
    private void Queries()
    {
        var product = new TableProductEmitter(code, form.Queries, tokens);
        code.Mov(Registers.Bits, RowPointers.Slot(form.Queries.RowSlot));
        code.Add(Registers.Bits, Head);
        product.Indices();
        for (int block = 0; block < form.Blocks; block++)
        {
            code.Mov(Gpr.Rax, RowPointers.LiteralAt(form.LimitsLiteral));
            product.Emit(new Mem(Gpr.Rax), SumOffset(block), SumStride);
        }
    }

    /// <summary>The sums of attended keys and values.</summary>
    private void Values()
    {
        var product = new TableProductEmitter(code, form.Values, tokens);
        code.Lea(Registers.Bits, new Mem(Registers.Scratch, form.AttendedOffset));
        product.Indices();
        code.Add(Registers.Weights, form.StartBytes);
        product.Emit(new Mem(Registers.Weights, -form.StartBytes), form.Values.SumOffset, form.StartBytes);
    }

    /// <summary>From sums to bits of attended keys, token by token.</summary>
    private void Select()
    {
        var token = new CodeLabel();
        code.Zero(Token);
        code.Place(token);
        SumExponentials();
        CountLimits();
        for (int block = 0; block < form.Blocks; block++)
        {
            for (int v = 0; v < 2; v++)
            {
                code.Load256(Above + v, new Mem(Registers.Scratch, Token, SumOffset(block) + (32 * v)));
                code.CompareBytes256(Above + v, Above + v, Count);
            }

            code.SignBitsOfBytes256(Gpr.Rax, Above);
            code.SignBitsOfBytes256(Gpr.Rsi, Above + 1);
            code.ShiftLeft(Gpr.Rsi, 32);
            code.Or(Gpr.Rax, Gpr.Rsi);
            if (block == form.Blocks - 1)
            {
                code.Mov(Gpr.Rsi, RowPointers.LiteralAt(form.RealKeysLiteral));
                code.Mov(Gpr.Rsi, new Mem(Gpr.Rsi));
                code.And(Gpr.Rax, Gpr.Rsi);
            }

            // A token's words are an eighth as long as its sums.
            code.Mov(Gpr.Rsi, Token);
            code.ShiftRight(Gpr.Rsi, 3);
            code.Mov(new Mem(Registers.Scratch, Gpr.Rsi, form.AttendedOffset + (8 * block)), Gpr.Rax);
        }

        code.Add(Token, SumStride);
        code.Cmp(Token, tokens * SumStride);
        code.JumpIfBelow(token);
    }

    /// <summary>Leaves the limit in all lanes: the clip times the sum of the row's exponentials.</summary>
    private void SumExponentials()
    {
        code.Mov(Gpr.Rdi, RowPointers.LiteralAt(form.ExponentialsLiteral));
        code.Zero(Gpr.Rax);
        code.Zero(Gpr.Rsi);
        for (int j = 0; j < form.Keys; j++)
        {
            code.MovSignExtendedByte(Gpr.Rbx, new Mem(Registers.Scratch, Token, form.Queries.SumOffset + j));
            code.AddFromTable((j & 1) == 0 ? Gpr.Rax : Gpr.Rsi, Gpr.Rdi, Gpr.Rbx);
        }

        code.Add(Gpr.Rax, Gpr.Rsi);
        code.Xor256(Limit, Limit, Limit);
        code.Int64ToDouble(Limit, Gpr.Rax);
        code.Mov(Gpr.Rax, RowPointers.LiteralAt(form.ClipLiteral));
        code.MulDouble(Limit, Limit, new Mem(Gpr.Rax, Head, 0));
        code.BroadcastDouble256(Limit, Limit);
    }

    /// <summary>Leaves 32 minus the number of entries above the limit in all bytes.</summary>
    private void CountLimits()
    {
        code.Mov(Gpr.Rax, RowPointers.LiteralAt(form.LimitsLiteral));
        for (int i = 0; i < 3; i++)
        {
            code.Xor256(Count + i, Count + i, Count + i);
        }

        for (int i = 0; i < TableAttentionForm.LimitEntries / 4; i++)
        {
            int sum = Count + (i % 3);
            code.CompareDouble256(Above + (i & 3), Limit, new Mem(Gpr.Rax, TableAttentionForm.Size + (32 * i)), LessThan);
            code.Add64x4(sum, sum, Above + (i & 3));
        }

        code.Add64x4(Count, Count, Count + 1);
        code.Add64x4(Count, Count, Count + 2);
        code.SwapHalves256(Above, Count);
        code.Add64x4(Count, Count, Above);
        code.SwapInHalves256(Above, Count);
        code.Add64x4(Count, Count, Above);
        code.AddBytes256(Count, Count, new Mem(Gpr.Rax));
        code.BroadcastByte256(Count, Count);
    }

    private int SumOffset(int block) => form.Queries.SumOffset + (block * TableAttentionForm.Size);
}
