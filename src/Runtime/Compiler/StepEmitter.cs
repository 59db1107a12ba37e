using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>What compiled code is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CodeArguments
{
    internal byte* Arena;
    internal byte* Scratch;
    internal long Begin;
    internal long End;
    internal byte* Rows;
    internal long* Literals;
}

/// <summary>Emits the code of one step: a loop over tiles of tokens, and within a tile every pass of the step's row program.</summary>
internal sealed unsafe class StepEmitter(X64Assembler code, StepForm form)
{
    private const int SavedXmm = 10;
    private const int SavedXmmBytes = SavedXmm * 16;

    private static readonly Gpr[] s_saved = [Gpr.Rbx, Gpr.Rbp, Gpr.R12, Gpr.R13, Gpr.R14, Gpr.R15, Gpr.Rsi, Gpr.Rdi];

    private int SlotBytes => form.Pointers.StackBytes;

    /// <summary>Where a field stands in the arguments.</summary>
    private static int At(CodeArguments* arguments, void* field) => (int)((byte*)field - (byte*)arguments);

    internal void Emit()
    {
        bool windows = OperatingSystem.IsWindows();
        Enter(windows);
        var loop = new CodeLabel();
        var last = new CodeLabel();
        var done = new CodeLabel();
        code.Place(loop);
        code.Lea(Gpr.Rax, new Mem(Registers.Token, form.TileTokens));
        code.Cmp(Registers.End, Gpr.Rax);
        code.JumpIfBelow(last);
        Tile(form.TileTokens);
        code.Add(Registers.Token, form.TileTokens);
        form.Pointers.Advance(code, form.TileTokens);
        code.Jump(loop);
        code.Place(last);
        if (form.LastTileTokens > 0)
        {
            code.Cmp(Registers.Token, Registers.End);
            code.JumpIfAboveOrEqual(done);
            Tile(form.LastTileTokens);
            code.Place(done);
        }

        Leave(windows);
    }

    private void Enter(bool windows)
    {
        foreach (Gpr r in s_saved)
        {
            code.Push(r);
        }

        // Eight registers and the return address: 8 bytes short of 16.
        int frame = SlotBytes + 8 + (windows ? SavedXmmBytes : 0);
        code.Mov(Gpr.Rbx, windows ? Gpr.Rcx : Gpr.Rdi);
        code.Sub(Gpr.Rsp, frame);
        if (windows)
        {
            for (int i = 0; i < SavedXmm; i++)
            {
                code.SaveXmm(new Mem(Gpr.Rsp, SlotBytes + (16 * i)), 6 + i);
            }
        }

        CodeArguments layout;
        code.Mov(Registers.Arena, new Mem(Gpr.Rbx, At(&layout, &layout.Arena)));
        code.Mov(Registers.Scratch, new Mem(Gpr.Rbx, At(&layout, &layout.Scratch)));
        code.Mov(Registers.Token, new Mem(Gpr.Rbx, At(&layout, &layout.Begin)));
        code.Mov(Registers.End, new Mem(Gpr.Rbx, At(&layout, &layout.End)));
        code.Mov(Registers.Literals, new Mem(Gpr.Rbx, At(&layout, &layout.Literals)));
        form.Pointers.Start(code, new Mem(Gpr.Rbx, At(&layout, &layout.Rows)));
        code.Xor(Registers.Zero, Registers.Zero, Registers.Zero);
        if (form.Product is { } product)
        {
            Constant(Registers.Inputs, product.InputsLiteral);
            Constant(Registers.MinusTwo, product.MinusTwoLiteral);
        }
    }

    private void Leave(bool windows)
    {
        if (windows)
        {
            for (int i = 0; i < SavedXmm; i++)
            {
                code.RestoreXmm(6 + i, new Mem(Gpr.Rsp, SlotBytes + (16 * i)));
            }
        }

        code.ZeroUpper();
        code.Add(Gpr.Rsp, SlotBytes + 8 + (windows ? SavedXmmBytes : 0));
        for (int i = s_saved.Length - 1; i >= 0; i--)
        {
            code.Pop(s_saved[i]);
        }

        code.Ret();
    }

    private void Constant(int vector, int literal)
    {
        code.Mov(Gpr.Rax, RowPointers.LiteralAt(literal));
        code.BroadcastSingle(vector, new Mem(Gpr.Rax));
    }

    private void Tile(int tokens)
    {
        var chain = new ChainEmitter(code, form.Places, tokens);
        int next = 0;
        if (form.Group is { } group)
        {
            Hidden(chain, group, tokens);
            next = 1;
        }
        else if (form.Attention is { } attention)
        {
            new AttentionEmitter(code, attention, tokens).Emit(() =>
            {
                Stages(chain, form.Instructions[0]);
                NextBlock(0);
            });
            next = 1;
        }

        for (; next < form.Instructions.Length; next++)
        {
            Pass(chain, form.Instructions[next], next == 0 ? Source(tokens) : null);
        }
    }

    /// <summary>What brings the first chain's blocks into the vectors.</summary>
    private Action? Source(int tokens)
    {
        if (form.Floats is { } floats)
        {
            return new FloatProductEmitter(code, floats, tokens).Emit;
        }

        return form.Product is not { } product ? null : () =>
        {
            code.Mov(Registers.Bits, RowPointers.Slot(product.RowSlot));
            new ProductEmitter(code, product.Words, product.RowStride, tokens).Differences(Registers.Bits, 0);
        };
    }

    private void Pass(ChainEmitter chain, RowInstruction pass, Action? source)
    {
        int repeat = Repeat(pass);
        var loop = new CodeLabel();
        code.Zero(Registers.Channel);
        code.Zero(Registers.BitByte);
        code.Zero(Registers.Repeating);
        if (form.Product is { } product && source is not null)
        {
            code.Mov(Registers.Weights, RowPointers.LiteralAt(product.WeightsLiteral));
        }

        code.Place(loop);
        source?.Invoke();
        Stages(chain, pass);
        NextBlock(repeat);
        code.Cmp(Registers.Channel, pass.Channels * sizeof(float));
        code.JumpIfBelow(loop);
    }

    private void Hidden(ChainEmitter chain, GroupForm group, int tokens)
    {
        var groups = new GroupEmitter(code, group.Order, tokens);
        var product = new ProductEmitter(code, form.Product!.Words, form.Product.RowStride, tokens);
        groups.Shortcut(
            RowPointers.Slot(group.SourceSlot), group.SourceStride, group.ShortcutOffset, form.ScratchRowBytes, RowPointers.LiteralAt(group.IndicesLiteral));
        code.Zero(Registers.Channel);
        code.Zero(Registers.BitByte);
        code.Zero(Registers.Repeating);
        code.Zero(Gpr.R11);
        code.Mov(Registers.Weights, RowPointers.LiteralAt(form.Product.WeightsLiteral));
        var block = new CodeLabel();
        var member = new CodeLabel();
        code.Place(block);
        groups.Start();
        code.Zero(Gpr.R8);
        code.Place(member);
        code.Mov(Registers.Bits, RowPointers.Slot(form.Product.RowSlot));
        product.Differences(Registers.Bits, 0);
        Stages(chain, form.Instructions[0]);
        groups.Accumulate();
        NextBlock(group.Order.ShortcutFloats);
        code.Add(Gpr.R8, 1);
        code.Cmp(Gpr.R8, group.Order.Size);
        code.JumpIfBelow(member);
        groups.Finish(form.Places[group.MeanStage], RowPointers.LiteralAt(group.InverseLiteral));
        code.Add(Gpr.R11, 64);
        code.Cmp(Gpr.R11, group.Order.Groups * sizeof(float));
        code.JumpIfBelow(block);
    }

    private void Stages(ChainEmitter chain, RowInstruction pass)
    {
        for (int i = pass.First; i < pass.First + pass.Count; i++)
        {
            if (form.Stages[i].Kind != StageKind.AddPool)
            {
                chain.Emit(i, form.Stages[i]);
                continue;
            }

            int count = 1;
            while (i + count < pass.First + pass.Count && form.Stages[i + count].Kind == StageKind.AddPool && form.Stages[i + count].Offset == form.Stages[i].Offset)
            {
                count++;
            }

            chain.AddPools(i, form.Stages.AsSpan(i, count));
            i += count - 1;
        }
    }

    private void NextBlock(int repeat)
    {
        code.Add(Registers.Channel, 64);
        code.Add(Registers.BitByte, 2);
        if (repeat > 0)
        {
            code.Zero(Gpr.Rax);
            code.Add(Registers.Repeating, 64);
            code.Cmp(Registers.Repeating, repeat * sizeof(float));
            code.MovIfAboveOrEqual(Registers.Repeating, Gpr.Rax);
        }
    }

    private int Repeat(RowInstruction pass)
    {
        for (int i = pass.First; i < pass.First + pass.Count; i++)
        {
            if (form.Stages[i].Modulo != 0)
            {
                return form.Stages[i].Modulo;
            }
        }

        return 0;
    }
}
