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

/// <summary>Emits the code of one step: a loop over tiles of tokens, and within a tile every pass of the step.</summary>
internal sealed unsafe class StepEmitter(VectorCode code, StepForm form)
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
        new TileEmitter(code, form, form.TileTokens).Emit();
        code.Add(Registers.Token, form.TileTokens);
        form.Pointers.Advance(code, form.TileTokens);
        code.Jump(loop);
        code.Place(last);
        if (form.LastTileTokens > 0)
        {
            code.Cmp(Registers.Token, Registers.End);
            code.JumpIfAboveOrEqual(done);
            new TileEmitter(code, form, form.LastTileTokens).Emit();
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
                code.StoreLowerHalf(new Mem(Gpr.Rsp, SlotBytes + (16 * i)), 6 + i);
            }
        }

        CodeArguments layout;
        code.Mov(Registers.Arena, new Mem(Gpr.Rbx, At(&layout, &layout.Arena)));
        code.Mov(Registers.Scratch, new Mem(Gpr.Rbx, At(&layout, &layout.Scratch)));
        code.Mov(Registers.Token, new Mem(Gpr.Rbx, At(&layout, &layout.Begin)));
        code.Mov(Registers.End, new Mem(Gpr.Rbx, At(&layout, &layout.End)));
        code.Mov(Registers.Literals, new Mem(Gpr.Rbx, At(&layout, &layout.Literals)));
        form.Pointers.Start(code, new Mem(Gpr.Rbx, At(&layout, &layout.Rows)));
        Constants();
    }

    private void Leave(bool windows)
    {
        if (windows)
        {
            for (int i = 0; i < SavedXmm; i++)
            {
                code.LoadLowerHalf(6 + i, new Mem(Gpr.Rsp, SlotBytes + (16 * i)));
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

    /// <summary>Brings constants into vectors, once for all tiles.</summary>
    private void Constants()
    {
        code.Constants(RowPointers.LiteralAt(form.OneLiteral));
        if (form.Product is { IsCount: false } product)
        {
            code.BroadcastSingle(Registers.Inputs, RowPointers.LiteralAt(product.InputsLiteral));
            code.BroadcastSingle(Registers.MinusTwo, RowPointers.LiteralAt(product.MinusTwoLiteral));
        }
    }
}
