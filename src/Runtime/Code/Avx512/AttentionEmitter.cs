namespace EdgeVit.Runtime;

/// <summary>Emits binary attention for a tile of tokens, head by head, in integers: queries meet keys as a product; the numbers of differing
/// bits are bytes that index the exponential table, whose bytes are summed plane by plane; the row's threshold is the count of table
/// entries above its limit, one for each level; the attended keys' bits meet the values as a product with AND, the levels one behind the
/// other as if they were further keys with the same values. Scalar twin:
/// <see cref="ScalarAttentionKernel"/>.</summary>
/// <remarks>A plane's sum over K keys stays below 255 K, the whole sum below 2^48 K: exact in 64 bits.</remarks>
internal sealed class AttentionEmitter(VectorCode code, AttentionForm form, int tokens)
{
    private const int LessThan = 17;
    private const int LessThanUnsigned = 1;
    private const int RealKeys = 7;
    private const int Tables = 8;
    private const int PlaneSums = 20;
    private const int Differences = 26;
    private const int Found = 27;
    private const int Nobody = 28;

    /// <summary>Emits all heads.</summary>
    /// <param name="epilogue">Emits what is done to a block of sixteen channels; moves on to the next block.</param>
    internal void Emit(Action epilogue)
    {
        var head = new CodeLabel();
        code.Zero(Gpr.R8);
        code.Mov(Registers.Weights, RowPointers.LiteralAt(form.PreparedLiteral));
        code.Add(Registers.Weights, Registers.Arena);
        code.Mov(Gpr.Rax, RowPointers.LiteralAt(form.RealKeysLiteral));
        code.LoadMask64(RealKeys, new Mem(Gpr.Rax));
        code.Place(head);
        CountDifferences();
        if (form.OwnSlot >= 0)
        {
            TakeOwnKeysAway();
        }

        SumExponentials();
        for (int level = 0; level < form.Levels; level++)
        {
            CountLimits(level);
            SelectKeys(level);
        }

        CountSelected();
        Attend(epilogue);
        code.Add(Gpr.R8, form.HeadSize / 8);
        code.Cmp(Gpr.R8, form.Heads * form.HeadSize / 8);
        code.JumpIfBelow(head);
    }

    private void CountDifferences()
    {
        var product = new ProductEmitter(code, form.HeadSize / 32, form.QueryStride, tokens);
        var loop = new CodeLabel();
        code.Mov(Registers.Bits, RowPointers.Slot(form.QuerySlot));
        code.Add(Registers.Bits, Gpr.R8);
        code.Zero(Gpr.R11);
        code.Place(loop);
        product.Differences(Registers.Bits, 0);
        for (int t = 0; t < tokens; t++)
        {
            code.StoreLowBytes(new Mem(Registers.Scratch, Gpr.R11, form.DifferenceOffset + (t * form.DifferenceStride)), t);
        }

        code.Add(Gpr.R11, 16);
        code.Cmp(Gpr.R11, form.Keys);
        code.JumpIfBelow(loop);
    }

    /// <summary>A token's number of bits that differ from its own key's becomes one that counts for nothing.</summary>
    private void TakeOwnKeysAway()
    {
        code.Mov(Gpr.Rsi, RowPointers.Slot(form.OwnSlot));
        code.Add(Gpr.Rsi, Registers.Scratch);
        code.Mov(Gpr.Rax, AttentionForm.Nothing);
        for (int t = 0; t < tokens; t++)
        {
            code.StoreByteOfRax(new Mem(Gpr.Rsi, form.DifferenceOffset + (t * form.DifferenceStride) + t));
        }
    }

    /// <summary>Leaves the address of the head's part of a table in rax.</summary>
    private void HeadsTable(int literal)
    {
        code.Mov(Gpr.Rax, RowPointers.LiteralAt(literal));
        if (form.TablePerHead)
        {
            code.Mov(Gpr.Rsi, Gpr.R8);
            code.ShiftLeft(Gpr.Rsi, AttentionForm.TableShift);
            code.Add(Gpr.Rax, Gpr.Rsi);
        }
    }

    private void SumExponentials()
    {
        code.Mov(Gpr.Rax, RowPointers.LiteralAt(form.NobodyLiteral));
        code.LoadVector(Nobody, new Mem(Gpr.Rax));
        HeadsTable(form.PlanesLiteral);
        for (int i = 0; i < 2 * form.Planes; i++)
        {
            code.LoadVector(Tables + i, new Mem(Gpr.Rax, i * 64));
        }

        for (int t = 0; t < tokens; t++)
        {
            for (int block = 0; block < form.KeyBlocks; block++)
            {
                Load(Differences, t, block);
                for (int p = 0; p < form.Planes; p++)
                {
                    code.MoveVector(Found, Differences);
                    code.LookUpBytes(Found, Tables + (2 * p), Tables + (2 * p) + 1);
                    if (block == 0)
                    {
                        code.SumBytes(PlaneSums + p, Found, Registers.Zero);
                    }
                    else
                    {
                        code.SumBytes(Found, Found, Registers.Zero);
                        code.Add64(PlaneSums + p, PlaneSums + p, Found);
                    }
                }
            }

            int sum = PlaneSums + form.Planes - 1;
            for (int p = form.Planes - 2; p >= 0; p--)
            {
                code.ShiftLeft64(sum, sum, 8);
                code.Add64(sum, sum, PlaneSums + p);
            }

            code.ShuffleQuarters(Found, sum, sum, 0x4E);
            code.Add64(sum, sum, Found);
            code.ShuffleQuarters(Found, sum, sum, 0xB1);
            code.Add64(sum, sum, Found);
            code.SwapInQuarters(Found, sum);
            code.Add64(sum, sum, Found);
            code.StoreLowest64(new Mem(Registers.Scratch, form.SumOffset + (8 * t)), sum);
        }
    }

    /// <summary>The keys of a token are attended whose differing bits are fewer than the table's entries above the limit: the table falls
    /// with the number of differing bits.</summary>
    private void CountLimits(int level)
    {
        const int limit = 0;
        const int ones = 1;
        const int first = 2;
        code.LoadVector(limit, new Mem(Registers.Scratch, form.SumOffset));
        code.UInt64ToDouble(limit, limit);
        code.Mov(Gpr.Rax, RowPointers.LiteralAt(form.ClipLiteral));
        code.MulDoubleEach(limit, limit, new Mem(Gpr.Rax, Gpr.R8, 0));
        HeadsTable(form.LimitsLiteral);
        if (level > 0)
        {
            code.MulDoubleEach(limit, limit, new Mem(Gpr.Rax, 64 + (sizeof(double) * (form.HeadSize + 1 + level))));
        }

        code.LoadVector(ones, new Mem(Gpr.Rax));
        for (int i = 0; i < 4; i++)
        {
            code.Xor(first + i, first + i, first + i);
        }

        for (int m = 0; m <= form.HeadSize; m++)
        {
            int mask = 1 + (m % 6);
            int count = first + (m % 4);
            code.CompareDoubleEach(mask, limit, new Mem(Gpr.Rax, 64 + (8 * m)), LessThan);
            code.Add64(count, count, ones, mask);
        }

        code.Add64(first, first, first + 1);
        code.Add64(first + 2, first + 2, first + 3);
        code.Add64(first, first, first + 2);
        code.StoreLowBytes64(new Mem(Registers.Scratch, form.LimitOffset), first);
    }

    private void SelectKeys(int level)
    {
        for (int t = 0; t < tokens; t++)
        {
            code.BroadcastByte(Found, new Mem(Registers.Scratch, form.LimitOffset + t));
            for (int block = 0; block < form.KeyBlocks; block++)
            {
                int mask = 1 + (((t * form.KeyBlocks) + block) % 6);
                Load(Differences, t, block);
                code.CompareBytes(mask, Differences, Found, LessThanUnsigned);
                code.StoreMask64(Attended(t, (level * form.KeyBlocks) + block), mask);
            }
        }
    }

    /// <summary>How many bits a token has at all levels together.</summary>
    private void CountSelected()
    {
        for (int t = 0; t < tokens; t++)
        {
            code.PopCount(Gpr.Rax, Attended(t, 0));
            for (int block = 1; block < form.Levels * form.KeyBlocks; block++)
            {
                code.PopCount(Gpr.Rsi, Attended(t, block));
                code.Add(Gpr.Rax, Gpr.Rsi);
            }

            code.Mov(new Mem(Registers.Scratch, form.SelectedOffset + (8 * t)), Gpr.Rax);
        }
    }

    private void Attend(Action epilogue)
    {
        var product = new ProductEmitter(code, form.ValueWords, form.AttendedStride, tokens);
        var loop = new CodeLabel();
        code.Zero(Gpr.R11);
        code.Place(loop);
        product.Common(Registers.Scratch, form.AttendedOffset);
        for (int t = 0; t < tokens; t++)
        {
            code.Add32(t, t, t);
            code.Sub32Each(t, t, new Mem(Registers.Scratch, form.SelectedOffset + (8 * t)));
        }

        epilogue();
        code.Add(Gpr.R11, 1);
        code.Cmp(Gpr.R11, form.HeadSize / 16);
        code.JumpIfBelow(loop);
    }

    private Mem Attended(int token, int block) => new(Registers.Scratch, form.AttendedOffset + (token * form.AttendedStride) + (8 * block));

    /// <summary>Loads 64 numbers of differing bits; the missing ones of the last block are 127, more than any head has channels.</summary>
    private void Load(int vector, int token, int block)
    {
        var memory = new Mem(Registers.Scratch, form.DifferenceOffset + (token * form.DifferenceStride) + (64 * block));
        if (block < form.KeyBlocks - 1)
        {
            code.LoadVector(vector, memory);
            return;
        }

        code.MoveVector(vector, Nobody);
        code.LoadBytes(vector, memory, RealKeys);
    }
}
