namespace EdgeVit.Runtime;

/// <summary>Emits what a feed-forward network's hidden layer does beside its epilogue: brings the shortcut's row into <see cref="GroupOrder"/>
/// and means groups. The hidden floats exist in registers only.</summary>
internal sealed class Avx2GroupEmitter(X64Assembler code, GroupOrder order)
{
    /// <summary>Writes each token's shortcut row in group order: eight groups after the other, whose members are transposed.</summary>
    /// <param name="source">Slot of the row.</param>
    /// <param name="sourceStride">Its bytes from token to token.</param>
    /// <param name="target">Scratch bytes of token 0's row.</param>
    /// <param name="targetStride">Scratch bytes from token to token.</param>
    /// <param name="tokens">Tokens of the tile.</param>
    internal void Shortcut(Mem source, int sourceStride, int target, int targetStride, int tokens)
    {
        var loop = new CodeLabel();
        int groupBytes = order.Size * sizeof(float);
        code.Mov(Gpr.Rax, source);
        code.Zero(Gpr.Rsi);
        code.Place(loop);
        for (int t = 0; t < tokens; t++)
        {
            for (int member = 0; member < order.Size; member += 4)
            {
                int from = (t * sourceStride) + (member * sizeof(float));
                int to = target + (t * targetStride) + (member * 32);
                if (order.Size == 2)
                {
                    Pairs(from, to);
                }
                else
                {
                    Fours(from, to, groupBytes);
                }
            }
        }

        code.Add(Gpr.Rsi, 8 * groupBytes);
        code.Cmp(Gpr.Rsi, order.ShortcutFloats * sizeof(float));
        code.JumpIfBelow(loop);
    }

    /// <summary>Adds the blocks in the vectors to the sums, the first ones to zero.</summary>
    internal void Accumulate(int tokens, bool start)
    {
        for (int t = 0; t < tokens; t++)
        {
            if (start)
            {
                code.Xor256(Avx2Registers.Sum + t, Avx2Registers.Sum + t, Avx2Registers.Sum + t);
            }

            code.AddSingle256(Avx2Registers.Sum + t, Avx2Registers.Sum + t, t);
        }
    }

    /// <summary>Stores the means of the eight groups at <see cref="Gpr.R11"/> bytes.</summary>
    internal void Finish(RowPlace target, Mem inverse, int first, int tokens)
    {
        code.Mov(Gpr.Rax, inverse);
        code.BroadcastSingle256(Avx2Registers.Parameter, new Mem(Gpr.Rax));
        if (target.Access == RowAccess.Pointer)
        {
            code.Mov(Gpr.Rax, RowPointers.Slot(target.Slot));
        }

        for (int t = 0; t < tokens; t++)
        {
            int sum = Avx2Registers.Sum + t;
            code.MulSingle256(sum, sum, Avx2Registers.Parameter);
            code.Store256(
                target.Access == RowAccess.Pointer
                    ? new Mem(Gpr.Rax, Gpr.R11, (first + t) * target.Stride)
                    : new Mem(Registers.Scratch, Gpr.R11, target.Offset + ((first + t) * target.Stride)),
                sum);
        }
    }

    /// <summary>Two members of eight groups.</summary>
    private void Pairs(int from, int to)
    {
        for (int i = 0; i < 2; i++)
        {
            code.LoadLowerHalf(i, new Mem(Gpr.Rax, Gpr.Rsi, from + (16 * i)));
            code.InsertUpperHalf256(i, i, new Mem(Gpr.Rax, Gpr.Rsi, from + 32 + (16 * i)));
        }

        code.ShuffleSingles256(2, 0, 1, 0x88);
        code.ShuffleSingles256(3, 0, 1, 0xDD);
        code.Store256(new Mem(Registers.Scratch, Gpr.Rsi, to), 2);
        code.Store256(new Mem(Registers.Scratch, Gpr.Rsi, to + 32), 3);
    }

    /// <summary>Four members of eight groups: groups 0 to 3 in the lower halves, 4 to 7 in the upper ones.</summary>
    private void Fours(int from, int to, int groupBytes)
    {
        for (int i = 0; i < 4; i++)
        {
            code.LoadLowerHalf(i, new Mem(Gpr.Rax, Gpr.Rsi, from + (i * groupBytes)));
            code.InsertUpperHalf256(i, i, new Mem(Gpr.Rax, Gpr.Rsi, from + ((i + 4) * groupBytes)));
        }

        code.UnpackLowSingles256(4, 0, 1);
        code.UnpackHighSingles256(5, 0, 1);
        code.UnpackLowSingles256(6, 2, 3);
        code.UnpackHighSingles256(7, 2, 3);
        code.UnpackLowDoubles256(0, 4, 6);
        code.UnpackHighDoubles256(1, 4, 6);
        code.UnpackLowDoubles256(2, 5, 7);
        code.UnpackHighDoubles256(3, 5, 7);
        for (int i = 0; i < 4; i++)
        {
            code.Store256(new Mem(Registers.Scratch, Gpr.Rsi, to + (32 * i)), i);
        }
    }
}
