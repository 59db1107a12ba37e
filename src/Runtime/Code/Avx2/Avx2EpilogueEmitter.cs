using System.Diagnostics.CodeAnalysis;

namespace EdgeVit.Runtime;

/// <summary>Emits an epilogue over up to four tokens, eight channels at a time: vector t holds token t's block. Parameters are loaded
/// once for all tokens. Scalar twin: <see cref="VectorRowKernel{TLanes, TVector}.Epilogue"/> with <see cref="Lanes1"/>.</summary>
internal sealed unsafe class Avx2EpilogueEmitter(X64Assembler code, RowPlaces places, TableProductForm? product, int tileTokens, int first, int tokens)
    : IEpilogueEmitter
{
    private const int GreaterOrEqual = 29;

    /// <summary>The first token's place in the tile.</summary>
    internal int First => first;

    /// <summary>How many tokens there are.</summary>
    internal int Tokens => tokens;

    /// <summary>Which of the vectors behind the current channel the block is.</summary>
    internal int Block { get; set; }

    private int Bytes => Block * 32;

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
                Row(place, (t, memory) => code.Load256(t, memory));
                break;
            case EpilogueOpKind.LoadShift:
                Shifted(place, t => t);
                break;
            case EpilogueOpKind.AddShift:
                Shifted(place, t => Avx2Registers.Temporary + t);
                if (s.P1 == null)
                {
                    Parameters(place, 1);
                    ForTokens(t => code.Fma231Single256(t, Avx2Registers.Parameter, Avx2Registers.Temporary + t));
                    break;
                }

                Parameters(place, 2);
                ForTokens(t => code.Fma213Single256(Avx2Registers.Temporary + t, Avx2Registers.Parameter, Avx2Registers.Parameter + 1));
                ForTokens(t => code.AddSingle256(t, t, Avx2Registers.Temporary + t));
                break;
            case EpilogueOpKind.AddRow:
                Row(place, (t, memory) => code.Fma213Single256(t, Avx2Registers.One, memory));
                break;
            case EpilogueOpKind.LoadDifferences or EpilogueOpKind.LoadCounts:
                ForTokens(Sums);
                ForTokens(t => code.Int32ToSingle256(t, t));
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
                Row(place, (t, memory) => code.Fma213Single256(t, Avx2Registers.Parameter, memory));
                break;
            case EpilogueOpKind.AddScaledRow:
                Parameters(place, 1);
                Row(place, (t, memory) => code.Fma231Single256(t, Avx2Registers.Parameter, memory));
                break;
            case EpilogueOpKind.RPReLU when s.P0 == null:
                Parameters(place, 1);
                Leaky(Avx2Registers.Parameter);
                break;
            case EpilogueOpKind.RPReLU:
                Parameters(place, 3);
                ForTokens(t => code.SubSingle256(t, t, Avx2Registers.Parameter));
                Leaky(Avx2Registers.Parameter + 1);
                ForTokens(t => code.AddSingle256(t, t, Avx2Registers.Parameter + 2));
                break;
            case EpilogueOpKind.Store:
                Row(place, (t, memory) => code.Store256(memory, t));
                break;
            case EpilogueOpKind.Sign:
                Sign(place);
                break;
            default:
                throw new InvalidOperationException($"op {s.Kind} has no code of its own");
        }
    }

    /// <inheritdoc/>
    /// <remarks>All tokens of the tile lie in one row of the grid: see <see cref="OffsetTables.Neighbours"/>. Sums start at their first
    /// summand instead of +0, which can change the sign of a zero only.</remarks>
    public void AddPools(int op, ReadOnlySpan<EpilogueOp> pools)
    {
        int stride = (int)pools[0].Stride;
        code.Mov(Gpr.Rdi, RowPointers.Slot(places[op].Slot));
        Neighbour(Gpr.Rsi, 2);
        ForTokens(t => code.Load256(Avx2Registers.Sum + t, new Mem(Gpr.Rsi, Registers.Channel, ((first + t) * stride) + Bytes)));
        for (int i = 0; i < pools.Length; i++)
        {
            PoolWindow window = pools[i].Window;
            RowPlace place = places[op + i];
            code.Mov(Gpr.Rdi, RowPointers.Slot(place.Slot));
            if (window.KernelW > 1)
            {
                Beside(window.KernelW / 2, stride);
            }
            else
            {
                Above(window.KernelH / 2, stride);
            }

            if (pools[i].Number != 1)
            {
                code.Mov(Gpr.Rdi, RowPointers.LiteralAt(place.Literal));
                code.BroadcastSingle256(Avx2Registers.Parameter, new Mem(Gpr.Rdi));
                ForTokens(t => code.MulSingle256(Sum(t), Sum(t), Avx2Registers.Parameter));
            }

            code.Mov(Gpr.Rdi, RowPointers.LiteralAt(place.Literal + 1));
            code.Load256(Avx2Registers.Parameter + 1, new Mem(Gpr.Rdi, Registers.Channel, Bytes));
            if (pools[i].P1 == null)
            {
                ForTokens(t => code.Fma231Single256(t, Avx2Registers.Parameter + 1, Sum(t)));
                continue;
            }

            code.Mov(Gpr.Rdi, RowPointers.LiteralAt(place.Literal + 2));
            code.Load256(Avx2Registers.Parameter + 2, new Mem(Gpr.Rdi, Registers.Channel, Bytes));
            ForTokens(t => code.Fma213Single256(Sum(t), Avx2Registers.Parameter + 1, Avx2Registers.Parameter + 2));
            ForTokens(t => code.AddSingle256(t, t, Sum(t)));
        }
    }

    /// <summary>Goes on with the blocks at <see cref="Avx2Registers.Sum"/>.</summary>
    internal void TakeSums() => ForTokens(t => code.Move256(t, Avx2Registers.Sum + t));

    /// <summary>Multiplies what is not above 0: the sign chooses, so that a +0 stays one.</summary>
    private void Leaky(int slope)
    {
        ForTokens(t => code.MulSingle256(Avx2Registers.Temporary + t, t, slope));
        ForTokens(t => code.BlendSingle256(t, t, Avx2Registers.Temporary + t, t));
    }

    private static int Sum(int token) => Avx2Registers.Temporary + token;

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
        if (start)
        {
            code.Load256(Sum(token), memory);
        }
        else if (other >= 0)
        {
            code.AddSingle256(Sum(token), Sum(token), Avx2Registers.Sum + other);
        }
        else
        {
            code.AddSingle256(Sum(token), Sum(token), memory);
        }
    }

    private void Neighbour(Gpr register, int entry)
    {
        code.MovSignExtended(register, new Mem(Gpr.Rdi, entry * sizeof(int)));
        code.Add(register, Registers.Arena);
    }

    private void ForTokens(Action<int> emit)
    {
        for (int t = 0; t < tokens; t++)
        {
            emit(t);
        }
    }

    private void Sums(int token)
    {
        int width = product!.SumBytes;
        var memory = new Mem(Registers.Scratch, Avx2Registers.Tables, product.SumOffset + ((((first + token) * 64) + (Block * 8)) * width));
        if (width == 1 && product.IsCount)
        {
            code.WidenUnsignedBytes256(token, memory);
        }
        else if (width == 1)
        {
            code.WidenBytes256(token, memory);
        }
        else
        {
            code.WidenWords256(token, memory);
        }
    }

    private void Row(RowPlace place, Action<int, Mem> emit)
    {
        switch (place.Access)
        {
            case RowAccess.Scratch:
                ForTokens(t => emit(t, new Mem(Registers.Scratch, place.Index, place.Offset + ((first + t) * place.Stride) + Bytes)));
                break;
            case RowAccess.Table:
                code.Mov(Gpr.Rdi, RowPointers.Slot(place.Slot));
                ForTokens(t =>
                {
                    code.MovSignExtended(Gpr.Rax, new Mem(Gpr.Rdi, (first + t) * sizeof(int)));
                    code.Add(Gpr.Rax, place.Index);
                    emit(t, new Mem(Registers.Arena, Gpr.Rax, Bytes));
                });
                break;
            default:
                code.Mov(Gpr.Rax, RowPointers.Slot(place.Slot));
                ForTokens(t => emit(t, new Mem(Gpr.Rax, place.Index, ((first + t) * place.Stride) + Bytes)));
                break;
        }
    }

    /// <summary>Loads the rows that a shift reads. Half a block of 64 bytes has one direction: bit 6 of its place, made an offset of 0 or 4
    /// bytes into a token's pair of offsets.</summary>
    private void Shifted(RowPlace place, Func<int, int> vector)
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
            code.Load256(vector(t), new Mem(Registers.Arena, Gpr.Rax, Bytes));
        });
    }

    /// <summary>Loads a block of each of an op's parameter vectors.</summary>
    private void Parameters(RowPlace place, int count)
    {
        for (int i = 0; i < count; i++)
        {
            code.Mov(Gpr.Rax, RowPointers.LiteralAt(place.Literal + i));
            code.Load256(Avx2Registers.Parameter + i, new Mem(Gpr.Rax, Registers.Channel, Bytes));
        }
    }

    private void Affine(RowPlace place)
    {
        Parameters(place, 2);
        ForTokens(t => code.Fma213Single256(t, Avx2Registers.Parameter, Avx2Registers.Parameter + 1));
    }

    private void Sign(RowPlace place)
    {
        Parameters(place, 1);
        if (place.MaskLiteral >= 0)
        {
            code.Mov(Gpr.Rax, RowPointers.LiteralAt(place.MaskLiteral));
            code.MovZeroExtended(Gpr.Rsi, new Mem(Gpr.Rax, Registers.BitByte, Block));
        }

        code.Mov(Gpr.Rdi, RowPointers.Slot(place.Slot));
        ForTokens(t => code.CompareSingle256(Avx2Registers.Temporary + t, t, Avx2Registers.Parameter, GreaterOrEqual));
        ForTokens(t =>
        {
            code.SignBits256(Gpr.Rax, Avx2Registers.Temporary + t);
            if (place.MaskLiteral >= 0)
            {
                code.And(Gpr.Rax, Gpr.Rsi);
            }

            code.StoreByteOfRax(new Mem(Gpr.Rdi, Registers.BitByte, ((first + t) * place.Stride) + Block));
        });
    }

    private void LoadPool(RowPlace place, in EpilogueOp s)
    {
        code.Mov(Gpr.Rdi, RowPointers.Slot(place.Slot));
        code.Mov(Gpr.Rax, RowPointers.LiteralAt(place.Literal));
        code.BroadcastSingle256(Avx2Registers.Parameter, new Mem(Gpr.Rax));
        for (int t = 0; t < tokens; t++)
        {
            code.MovSignExtended(Gpr.Rax, new Mem(Gpr.Rdi, (first + t) * sizeof(int)));
            code.Add(Gpr.Rax, Registers.Channel);
            code.Xor256(t, t, t);
            for (int y = 0; y < s.Window.KernelH; y++)
            {
                for (int x = 0; x < s.Window.KernelW; x++)
                {
                    code.AddSingle256(t, t, new Mem(Registers.Arena, Gpr.Rax, (int)(((y * s.GridWidth) + x) * s.Stride) + Bytes));
                }
            }
        }

        ForTokens(t => code.MulSingle256(t, t, Avx2Registers.Parameter));
    }
}
