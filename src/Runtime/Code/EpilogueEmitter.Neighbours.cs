namespace EdgeVit.Runtime;

/// <content>Rows of other tokens.</content>
internal sealed unsafe partial class EpilogueEmitter
{
    /// <summary>Adds scaled sums over 3 or 5 adjacent rows or columns of one stored value, for all branches that follow on it. All tokens of the
    /// tile lie in one row of the grid: see <see cref="OffsetTables.Neighbours"/>. Sums start at their first summand instead of +0, which can
    /// change the sign of a zero only.</summary>
    /// <returns>The number of branches.</returns>
    private int AddNeighbours(int pass, int slot)
    {
        Epilogue epilogue = form.Passes[pass];
        NeighbourRows own = epilogue.Neighbours[slot]!;
        int stride = (int)own.Stride;
        code.Mov(Gpr.Rdi, RowPointers.Slot(form.Places[pass, slot].Slot));
        Neighbour(Gpr.Rsi, 2);
        ForTokens(t => code.LoadVector(code.Sum + t, new Mem(Gpr.Rsi, Registers.Channel, ((first + t) * stride) + Bytes)));
        int i = slot;
        for (; i < Slots.Branch + Slots.MostBranches && epilogue.Neighbours[i] is { IsSum: true } rows && rows.Offset == own.Offset; i++)
        {
            (int above, int beside) = rows.Reach(rows.Width);
            RowPlace place = form.Places[pass, i];
            code.Mov(Gpr.Rdi, RowPointers.Slot(place.Slot));
            if (beside > 0)
            {
                Beside(beside, stride);
            }
            else
            {
                Above(above, stride);
            }

            if (rows.Factor != 1)
            {
                code.BroadcastSingle(code.Parameter, RowPointers.LiteralAt(place.Literal));
                ForTokens(t => code.MulSingle(code.Temporary + t, code.Temporary + t, code.Parameter));
            }

            bool offset = epilogue.Items[i].P1 != null;
            Parameters(place, offset ? 2 : 1, skip: 1);
            AddBranch(offset);
        }

        return i - slot;
    }

    /// <summary>Sums over a window of rows.</summary>
    private void Above(int reach, int stride)
    {
        for (int d = -reach; d <= reach; d++)
        {
            if (d != 0)
            {
                Neighbour(Gpr.Rax, d + 2);
            }

            ForTokens(t => Accumulate(t, d == -reach, d == 0 ? t : -1, new Mem(Gpr.Rax, Registers.Channel, ((first + t) * stride) + Bytes)));
        }
    }

    /// <summary>Sums over a window of columns.</summary>
    private void Beside(int reach, int stride)
    {
        if (first < reach)
        {
            Neighbour(Gpr.Rax, 5);
        }

        if (first + tokens + reach > tileTokens)
        {
            Neighbour(Gpr.Rbx, 6);
        }

        for (int d = -reach; d <= reach; d++)
        {
            ForTokens(t =>
            {
                int x = first + t + d;
                Gpr row = x < 0 ? Gpr.Rax : x >= tileTokens ? Gpr.Rbx : Gpr.Rsi;
                Accumulate(t, d == -reach, t + d < tokens ? t + d : -1, new Mem(row, Registers.Channel, (x * stride) + Bytes));
            });
        }
    }

    /// <summary>Adds a row to a token's sum: that of a token whose row is in a vector, or from memory.</summary>
    private void Accumulate(int token, bool start, int other, Mem memory)
    {
        int sum = code.Temporary + token;
        if (start)
        {
            code.LoadVector(sum, memory);
        }
        else if (other >= 0)
        {
            code.AddSingle(sum, sum, code.Sum + other);
        }
        else
        {
            code.AddSingle(sum, sum, memory);
        }
    }

    private void Neighbour(Gpr register, int entry)
    {
        code.MovSignExtended(register, new Mem(Gpr.Rdi, entry * sizeof(int)));
        code.Add(register, Registers.Arena);
    }

    /// <summary>Loads rows of which odd blocks of sixteen channels have their own: bit 6 of a block's place in the row, made an offset of 0 or 4
    /// bytes into a token's pair of offsets.</summary>
    private void Parts(RowPlace place, int vector)
    {
        code.Mov(Gpr.Rsi, (long)sizeof(int));
        code.Lea(Gpr.Rax, new Mem(Registers.Channel, Bytes));
        code.ShiftRight(Gpr.Rax, 4);
        code.And(Gpr.Rsi, Gpr.Rax);
        code.Mov(Gpr.Rax, RowPointers.Slot(place.Slot));
        code.Add(Gpr.Rsi, Gpr.Rax);
        ForTokens(t =>
        {
            code.MovSignExtended(Gpr.Rax, new Mem(Gpr.Rsi, (first + t) * place.Stride));
            code.Add(Gpr.Rax, Registers.Channel);
            code.LoadVector(vector + t, new Mem(Registers.Arena, Gpr.Rax, Bytes));
        });
    }

    /// <summary>Sums a window's rows, all of them inside the grid.</summary>
    private void SumRows(RowPlace place, NeighbourRows rows)
    {
        code.Mov(Gpr.Rdi, RowPointers.Slot(place.Slot));
        code.BroadcastSingle(code.Parameter, RowPointers.LiteralAt(place.Literal));
        ForTokens(t =>
        {
            code.MovSignExtended(Gpr.Rax, new Mem(Gpr.Rdi, (first + t) * sizeof(int)));
            code.Add(Gpr.Rax, Registers.Channel);
            code.Xor(t, t, t);
            foreach ((int y, int x) in rows.Rows)
            {
                code.AddSingle(t, t, new Mem(Registers.Arena, Gpr.Rax, (int)(((y * rows.Width) + x) * rows.Stride) + Bytes));
            }
        });
        ForTokens(t => code.MulSingle(t, t, code.Parameter));
    }

    /// <summary>Sums rows of a table of all places, each times its own vector of weights, from a bias on.</summary>
    private void WeightedRows(RowPlace place, int rows, int rowBytes)
    {
        Parameters(place, 1);
        ForTokens(t => code.MoveVector(t, code.Parameter));
        code.Mov(Gpr.Rsi, RowPointers.LiteralAt(place.Literal + 1));
        code.Add(Gpr.Rsi, Registers.Channel);
        code.Mov(Gpr.Rdi, RowPointers.Slot(place.Slot));
        for (int i = 0; i < rows; i++)
        {
            code.LoadVector(code.Parameter, new Mem(Gpr.Rsi, (i * rowBytes) + Bytes));
            ForTokens(t =>
            {
                code.MovSignExtended(Gpr.Rax, new Mem(Gpr.Rdi, ((first + t) * place.Stride) + (i * sizeof(int))));
                code.Add(Gpr.Rax, Registers.Channel);
                code.Fma231(t, code.Parameter, new Mem(Registers.Arena, Gpr.Rax, Bytes));
            });
        }
    }
}
