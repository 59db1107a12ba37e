namespace EdgeVit.Runtime;

/// <summary>Emits what a feed-forward network's hidden layer does beside its epilogue: brings the shortcut's row into <see cref="GroupOrder"/>
/// and means groups. The hidden floats exist in registers only.</summary>
internal sealed class GroupEmitter(VectorCode code, StepForm form, GroupForm group)
{
    private readonly GroupOrder _order = group.Order;

    /// <summary>Writes each token's shortcut row in group order, as many groups at a time as a vector has lanes: of eight groups after the other
    /// the members are transposed, in vectors of eight floats on either target.</summary>
    internal void Shortcut(int tokens)
    {
        var loop = new CodeLabel();
        int eight = 8 * _order.Size * sizeof(float);
        code.Mov(Gpr.Rax, RowPointers.Slot(group.SourceSlot));
        code.Zero(Gpr.Rsi);
        code.Place(loop);
        for (int t = 0; t < tokens; t++)
        {
            for (int lane = 0; lane < _order.Lanes; lane += 8)
            {
                // A class of eight groups stands in a vector of sixteen lanes twice.
                int from = (t * group.SourceStride) + (_order.ClassLength == 8 ? 0 : lane / 8 * eight);
                int to = group.ShortcutOffset + (t * form.ScratchRowBytes) + (lane * sizeof(float));
                for (int member = 0; member < _order.Size; member += 4)
                {
                    Transpose(from + (member * sizeof(float)), to + (member * code.Bytes));
                }
            }
        }

        code.Add(Gpr.Rsi, _order.Lanes / 8 * eight);
        code.Cmp(Gpr.Rsi, _order.ShortcutFloats * sizeof(float));
        code.JumpIfBelow(loop);
    }

    /// <summary>Starts the sums of a vector of groups at 0.</summary>
    internal void Start(EpilogueEmitter part) => part.ForTokens(t => code.Xor(code.Sum + t, code.Sum + t, code.Sum + t));

    /// <summary>Adds the blocks in the vectors.</summary>
    internal void Accumulate(EpilogueEmitter part) => part.ForTokens(t => code.AddSingle(code.Sum + t, code.Sum + t, t));

    /// <summary>Stores the means of the vector of groups at <see cref="Gpr.R11"/> bytes.</summary>
    internal void Finish(EpilogueEmitter part)
    {
        RowPlace target = form.Places[0, Slots.Mean];
        Gpr row = target.Access == RowAccess.Pointer ? Gpr.Rax : Registers.Scratch;
        code.BroadcastSingle(code.Parameter, RowPointers.LiteralAt(group.InverseLiteral));
        if (target.Access == RowAccess.Pointer)
        {
            code.Mov(Gpr.Rax, RowPointers.Slot(target.Slot));
        }

        part.ForTokens(t =>
        {
            code.MulSingle(code.Sum + t, code.Sum + t, code.Parameter);
            code.StoreVector(new Mem(row, Gpr.R11, target.Offset + ((part.First + t) * target.Stride)), code.Sum + t);
        });
    }

    /// <summary>Four members of eight groups, or both where there are two.</summary>
    private void Transpose(int from, int to)
    {
        int groupBytes = _order.Size * sizeof(float);
        int vectors = Math.Min(_order.Size, 4);

        // Of pairs a load holds two groups, of fours or eights one; the second half's groups are the next such four loads, or two.
        for (int i = 0; i < vectors; i++)
        {
            int step = Math.Max(groupBytes, 16);
            code.LoadLowerHalf(i, new Mem(Gpr.Rax, Gpr.Rsi, from + (i * step)));
            code.InsertUpperHalf256(i, i, new Mem(Gpr.Rax, Gpr.Rsi, from + ((i + vectors) * step)));
        }

        if (vectors == 2)
        {
            code.ShuffleSingles256(2, 0, 1, 0x88);
            code.ShuffleSingles256(1, 0, 1, 0xDD);
            code.Store256(new Mem(Registers.Scratch, Gpr.Rsi, to), 2);
            code.Store256(new Mem(Registers.Scratch, Gpr.Rsi, to + code.Bytes), 1);
            return;
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
            code.Store256(new Mem(Registers.Scratch, Gpr.Rsi, to + (code.Bytes * i)), i);
        }
    }
}
