namespace EdgeVit.Runtime;

/// <summary>Emits what a feed-forward network's hidden layer does beside its epilogue: brings the shortcut's row into <see cref="GroupOrder"/>
/// and means groups. The hidden floats exist in registers only.</summary>
internal sealed unsafe class GroupEmitter(X64Assembler code, GroupOrder order, int tokens)
{
    /// <summary>Vectors that one class of sixteen floats is picked from.</summary>
    private static int Sources(GroupOrder order) => order.Size * Math.Min(16, order.ClassLength) / 16;

    /// <summary>The index vectors, in the order in which <see cref="Shortcut"/> reads them: for each member those of the first level, then
    /// those of the levels that join two halves.</summary>
    internal static int[] Indices(GroupOrder order)
    {
        var result = new List<int>();
        for (int member = 0; member < order.Size; member++)
        {
            int valid = 32 / order.Size;
            for (int i = 0; i < 16; i++)
            {
                result.Add(((i % valid) * order.Size) + member);
            }

            for (int operands = Sources(order) / 2; operands > 1; operands /= 2, valid *= 2)
            {
                for (int i = 0; i < 16; i++)
                {
                    int lane = i % (2 * valid);
                    result.Add(lane < valid ? lane : 16 + lane - valid);
                }
            }
        }

        return [.. result];
    }

    /// <summary>Writes each token's shortcut row in group order.</summary>
    /// <param name="source">Slot of the row.</param>
    /// <param name="sourceStride">Its bytes from token to token.</param>
    /// <param name="target">Scratch bytes of token 0's row.</param>
    /// <param name="targetStride">Scratch bytes from token to token.</param>
    /// <param name="indices">Literal with the address of <see cref="Indices"/>.</param>
    internal void Shortcut(Mem source, int sourceStride, int target, int targetStride, Mem indices)
    {
        code.Mov(Gpr.Rdi, indices);
        code.Mov(Gpr.Rax, source);
        int sources = Sources(order);
        int levels = int.Log2(sources);
        int blocks = Math.Max(1, order.ClassLength / 16);
        for (int t = 0; t < tokens; t++)
        {
            for (int block = 0; block < blocks; block++)
            {
                for (int s = 0; s < sources; s++)
                {
                    code.LoadVector(s, new Mem(Gpr.Rax, (t * sourceStride) + (((block * sources) + s) * 64)));
                }

                for (int member = 0; member < order.Size; member++)
                {
                    int found = 8;
                    for (int level = 0; level < levels; level++)
                    {
                        int from = level == 0 ? 0 : found - (sources >> level);
                        int index = ((member * levels) + level) * 64;
                        for (int pair = 0; pair < sources >> (level + 1); pair++)
                        {
                            code.LoadVector(found + pair, new Mem(Gpr.Rdi, index));
                            code.LookUpSingles(found + pair, from + (2 * pair), from + (2 * pair) + 1);
                        }

                        found += sources >> (level + 1);
                    }

                    code.StoreVector(new Mem(Registers.Scratch, target + (t * targetStride) + (((block * order.Size) + member) * 64)), found - 1);
                }
            }
        }
    }

    /// <summary>Starts the sums of sixteen groups at 0.</summary>
    internal void Start()
    {
        for (int t = 0; t < tokens; t++)
        {
            code.Xor(Registers.Sum + t, Registers.Zero, Registers.Zero);
        }
    }

    /// <summary>Adds the blocks in the vectors.</summary>
    internal void Accumulate()
    {
        for (int t = 0; t < tokens; t++)
        {
            code.AddSingle(Registers.Sum + t, Registers.Sum + t, t);
        }
    }

    /// <summary>Stores the means of the block of groups at <see cref="Gpr.R11"/> bytes.</summary>
    internal void Finish(RowPlace target, Mem inverse)
    {
        code.Mov(Gpr.Rax, inverse);
        code.BroadcastSingle(Registers.Parameter, new Mem(Gpr.Rax));
        if (target.Access == RowAccess.Pointer)
        {
            code.Mov(Gpr.Rax, RowPointers.Slot(target.Slot));
        }

        for (int t = 0; t < tokens; t++)
        {
            code.MulSingle(Registers.Sum + t, Registers.Sum + t, Registers.Parameter);
            Mem to = target.Access == RowAccess.Pointer
                ? new Mem(Gpr.Rax, Gpr.R11, t * target.Stride)
                : new Mem(Registers.Scratch, Gpr.R11, target.Offset + (t * target.Stride));
            code.StoreVector(to, Registers.Sum + t);
        }
    }
}
