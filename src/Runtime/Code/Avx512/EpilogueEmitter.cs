using System.Diagnostics.CodeAnalysis;

namespace EdgeVit.Runtime;

/// <summary>Emits an epilogue over a tile of tokens, sixteen channels at a time: vector t holds token t's block. Parameters are loaded
/// once for all tokens. Scalar twin: <see cref="VectorRowKernel{TLanes, TVector}.Epilogue"/> with <see cref="Lanes1"/>.</summary>
internal sealed unsafe class EpilogueEmitter(X64Assembler code, RowPlaces places, int tokens)
    : IEpilogueEmitter
{
    private const int GreaterOrEqual = 29;
    private const int NotGreater = 26;

    private int _mask;

    /// <inheritdoc/>
    [SuppressMessage("Maintainability", "CA1502", Justification = "One case for each kind of op, in the order in which an epilogue has them.")]
    public void Emit(int op, in EpilogueOp s)
    {
        RowPlace place = places[op];
        switch (s.Kind)
        {
            case EpilogueOpKind.Load when place.Access == RowAccess.None:
                break;
            case EpilogueOpKind.Load:
                Row(place, (t, memory) => code.LoadVector(t, memory));
                break;
            case EpilogueOpKind.LoadShift:
                Shifted(place, t => t);
                break;
            case EpilogueOpKind.AddShift:
                Shifted(place, t => Registers.Temporary + t);
                if (s.P1 == null)
                {
                    Parameters(place, 1);
                    ForTokens(t => code.Fma231(t, Registers.Parameter, Registers.Temporary + t));
                    break;
                }

                Parameters(place, 2);
                ForTokens(t => code.Fma213(Registers.Temporary + t, Registers.Parameter, Registers.Parameter + 1));
                ForTokens(t => code.AddSingle(t, t, Registers.Temporary + t));
                break;
            case EpilogueOpKind.AddRow:
                Row(place, (t, memory) => code.AddSingle(t, t, memory));
                break;
            case EpilogueOpKind.LoadDifferences:
                ForTokens(t => code.Int32ToSingle(t, t));
                ForTokens(t => code.Fma213(t, Registers.MinusTwo, Registers.Inputs));
                Affine(place);
                break;
            case EpilogueOpKind.LoadCounts:
                ForTokens(t => code.Int32ToSingle(t, t));
                Affine(place);
                break;
            case EpilogueOpKind.LoadPool:
                LoadPool(place, s);
                break;
            case EpilogueOpKind.Affine:
                Affine(place);
                break;
            case EpilogueOpKind.ScaleAddRow:
                Parameters(place, 1);
                Row(place, (t, memory) => code.Fma213(t, Registers.Parameter, memory));
                break;
            case EpilogueOpKind.AddScaledRow:
                Parameters(place, 1);
                Row(place, (t, memory) => code.Fma231(t, Registers.Parameter, memory));
                break;
            case EpilogueOpKind.RPReLU when s.P0 == null:
                Parameters(place, 1);
                Leaky(Registers.Parameter);
                break;
            case EpilogueOpKind.RPReLU:
                Parameters(place, 3);
                ForTokens(t => code.SubSingle(t, t, Registers.Parameter));
                Leaky(Registers.Parameter + 1);
                ForTokens(t => code.AddSingle(t, t, Registers.Parameter + 2));
                break;
            case EpilogueOpKind.Store:
                Row(place, (t, memory) => code.StoreVector(memory, t));
                break;
            case EpilogueOpKind.Sign:
                Sign(place);
                break;
            default:
                throw new InvalidOperationException($"op {s.Kind} has no code of its own");
        }
    }

    /// <summary>Adds scaled averages of odd windows with stride 1 over one stored value. All tokens of the tile lie in one row of the
    /// grid, so that seven pointers give all neighbours: two rows up, one up, its own, one down, two down, and what stands left and
    /// right of the tile; beyond the border they point at zeros. Sums start at their first summand instead of +0, which can change the sign of
    /// a zero only.</summary>
    [SuppressMessage("Maintainability", "CA1502", Justification = "The neighbours of all tokens of a tile are loaded once, across the cases.")]
    public void AddPools(int op, ReadOnlySpan<EpilogueOp> pools)
    {
        RowPlace place = places[op];
        code.Mov(Gpr.Rdi, RowPointers.Slot(place.Slot));
        int row = Registers.Temporary + 2;
        int reach = 0;
        foreach (EpilogueOp pool in pools)
        {
            reach = Math.Max(reach, pool.Window.KernelW / 2);
        }

        int stride = (int)pools[0].Stride;
        Gpr[] pointers = [Gpr.R8, Gpr.R11, Gpr.Rsi, Gpr.Rax, Gpr.Rbx];
        for (int i = 0; i < 5; i++)
        {
            Neighbour(pointers[i], i);
        }

        ForTokens(t => code.LoadVector(row + t, new Mem(Gpr.Rsi, Registers.Channel, t * stride)));
        if (reach > 0)
        {
            // The pointers left and right are those of tokens -1 and T, had they been there.
            Neighbour(Gpr.Rsi, 5);
            for (int x = -reach; x < 0; x++)
            {
                code.LoadVector(row + x, new Mem(Gpr.Rsi, Registers.Channel, x * stride));
            }

            Neighbour(Gpr.Rsi, 6);
            for (int x = tokens; x < tokens + reach; x++)
            {
                code.LoadVector(row + x, new Mem(Gpr.Rsi, Registers.Channel, x * stride));
            }
        }

        int sum = Registers.Temporary + 12;
        int scale = sum + Registers.MaxTokens;
        for (int i = 0; i < pools.Length; i++)
        {
            PoolWindow window = pools[i].Window;
            int reachHere = Math.Max(window.KernelH, window.KernelW) / 2;
            for (int d = -reachHere; d <= reachHere; d++)
            {
                for (int t = 0; t < tokens; t++)
                {
                    bool inRegister = window.KernelW > 1 || d == 0;
                    int x = row + t + (window.KernelW > 1 ? d : 0);
                    if (d == -reachHere)
                    {
                        if (!inRegister)
                        {
                            code.LoadVector(sum + t, Above(d, t));
                        }
                    }
                    else if (inRegister)
                    {
                        code.AddSingle(sum + t, window.KernelW > 1 && d == 1 - reachHere ? x - 1 : sum + t, x);
                    }
                    else
                    {
                        code.AddSingle(sum + t, sum + t, Above(d, t));
                    }
                }
            }

            int literal = places[op + i].Literal;
            if (pools[i].Number != 1)
            {
                code.Mov(Gpr.Rdi, RowPointers.LiteralAt(literal));
                ForTokens(t => code.MulSingleEach(sum + t, sum + t, new Mem(Gpr.Rdi)));
            }

            code.Mov(Gpr.Rdi, RowPointers.LiteralAt(literal + 1));
            code.LoadVector(scale, new Mem(Gpr.Rdi, Registers.Channel, 0));
            if (pools[i].P1 == null)
            {
                ForTokens(t => code.Fma231(t, scale, sum + t));
                continue;
            }

            code.Mov(Gpr.Rdi, RowPointers.LiteralAt(literal + 2));
            ForTokens(t => code.Fma213(sum + t, scale, new Mem(Gpr.Rdi, Registers.Channel, 0)));
            ForTokens(t => code.AddSingle(t, t, sum + t));
        }

        Mem Above(int d, int t) => new(pointers[d + 2], Registers.Channel, t * stride);

        void Neighbour(Gpr register, int entry)
        {
            code.MovSignExtended(register, new Mem(Gpr.Rdi, entry * sizeof(int)));
            code.Add(register, Registers.Arena);
        }
    }

    private void ForTokens(Action<int> emit)
    {
        for (int t = 0; t < tokens; t++)
        {
            emit(t);
        }
    }

    /// <summary>Multiplies what is not above 0.</summary>
    private void Leaky(int slope) => ForTokens(t =>
    {
        int mask = NextMask();
        code.CompareSingle(mask, t, Registers.Zero, NotGreater);
        code.MulSingle(t, t, slope, mask);
    });

    private int NextMask()
    {
        _mask = (_mask % 6) + 1;
        return _mask;
    }

    private void Row(RowPlace place, Action<int, Mem> emit)
    {
        switch (place.Access)
        {
            case RowAccess.Scratch:
                ForTokens(t => emit(t, new Mem(Registers.Scratch, place.Index, place.Offset + (t * place.Stride))));
                break;
            case RowAccess.Table:
                code.Mov(Gpr.Rdi, RowPointers.Slot(place.Slot));
                ForTokens(t =>
                {
                    code.MovSignExtended(Gpr.Rax, new Mem(Gpr.Rdi, t * sizeof(int)));
                    code.Add(Gpr.Rax, place.Index);
                    emit(t, new Mem(Registers.Arena, Gpr.Rax, 0));
                });
                break;
            default:
                code.Mov(Gpr.Rax, RowPointers.Slot(place.Slot));
                ForTokens(t => emit(t, new Mem(Gpr.Rax, place.Index, t * place.Stride)));
                break;
        }
    }

    /// <summary>Loads the rows that a shift reads. A block of 64 bytes has one direction: bit 6 of its place, made an offset of 0 or 4 bytes
    /// into a token's pair of offsets.</summary>
    private void Shifted(RowPlace place, Func<int, int> vector)
    {
        code.Mov(Gpr.Rsi, (long)sizeof(int));
        code.Mov(Gpr.Rax, Registers.Channel);
        code.ShiftRight(Gpr.Rax, 4);
        code.And(Gpr.Rsi, Gpr.Rax);
        code.Mov(Gpr.Rax, RowPointers.Slot(place.Slot));
        code.Add(Gpr.Rsi, Gpr.Rax);
        ForTokens(t =>
        {
            code.MovSignExtended(Gpr.Rax, new Mem(Gpr.Rsi, t * place.Stride));
            code.Add(Gpr.Rax, Registers.Channel);
            code.LoadVector(vector(t), new Mem(Registers.Arena, Gpr.Rax, 0));
        });
    }

    /// <summary>Loads a block of each of an op's parameter vectors.</summary>
    private void Parameters(RowPlace place, int count)
    {
        for (int i = 0; i < count; i++)
        {
            code.Mov(Gpr.Rax, RowPointers.LiteralAt(place.Literal + i));
            code.LoadVector(Registers.Parameter + i, new Mem(Gpr.Rax, Registers.Channel, 0));
        }
    }

    private void Affine(RowPlace place)
    {
        Parameters(place, 2);
        ForTokens(t => code.Fma213(t, Registers.Parameter, Registers.Parameter + 1));
    }

    private void Sign(RowPlace place)
    {
        Parameters(place, 1);
        if (place.MaskLiteral >= 0)
        {
            code.Mov(Gpr.Rax, RowPointers.LiteralAt(place.MaskLiteral));
            code.LoadMask16(7, new Mem(Gpr.Rax, Registers.BitByte, 0));
        }

        code.Mov(Gpr.Rax, RowPointers.Slot(place.Slot));
        for (int t = 0; t < tokens; t++)
        {
            int mask = NextMask();
            code.CompareSingle(mask, t, Registers.Parameter, GreaterOrEqual);
            if (place.MaskLiteral >= 0)
            {
                code.AndMask64(mask, mask, 7);
            }

            code.StoreMask16(new Mem(Gpr.Rax, Registers.BitByte, t * place.Stride), mask);
        }
    }

    private void LoadPool(RowPlace place, in EpilogueOp s)
    {
        code.Mov(Gpr.Rdi, RowPointers.Slot(place.Slot));
        code.Mov(Gpr.Rax, RowPointers.LiteralAt(place.Literal));
        code.BroadcastSingle(Registers.Parameter, new Mem(Gpr.Rax));
        for (int t = 0; t < tokens; t++)
        {
            code.MovSignExtended(Gpr.Rax, new Mem(Gpr.Rdi, t * sizeof(int)));
            code.Add(Gpr.Rax, Registers.Channel);
            for (int y = 0; y < s.Window.KernelH; y++)
            {
                for (int x = 0; x < s.Window.KernelW; x++)
                {
                    int offset = (int)(((y * s.GridWidth) + x) * s.Stride);
                    code.AddSingle(t, y + x == 0 ? Registers.Zero : t, new Mem(Registers.Arena, Gpr.Rax, offset));
                }
            }
        }

        ForTokens(t => code.MulSingle(t, t, Registers.Parameter));
    }
}
