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

/// <summary>Emits the ops of an epilogue for one block of a tile.</summary>
internal interface IEpilogueEmitter
{
    /// <summary>Emits one op on the blocks in the vectors.</summary>
    void Emit(int op, in EpilogueOp s);

    /// <summary>Adds scaled averages of odd windows with stride 1 over one stored value.</summary>
    void AddPools(int op, ReadOnlySpan<EpilogueOp> pools);
}

/// <summary>Emits the code of one step: a loop over tiles of tokens, and within a tile every pass of the step's row program.</summary>
internal abstract unsafe class StepEmitter(X64Assembler code, StepForm form)
{
    private const int SavedXmm = 10;
    private const int SavedXmmBytes = SavedXmm * 16;

    private static readonly Gpr[] s_saved = [Gpr.Rbx, Gpr.Rbp, Gpr.R12, Gpr.R13, Gpr.R14, Gpr.R15, Gpr.Rsi, Gpr.Rdi];

    private int SlotBytes => form.Pointers.StackBytes;

    /// <summary>Where a field stands in the arguments.</summary>
    private static int At(CodeArguments* arguments, void* field) => (int)((byte*)field - (byte*)arguments);

    protected X64Assembler Code => code;

    protected StepForm Form => form;

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

    /// <summary>Emits what brings constants into vectors, once for all tiles.</summary>
    protected abstract void Constants();

    /// <summary>Emits all passes over a tile.</summary>
    protected abstract void Tile(int tokens);

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

    /// <summary>Emits a pass' ops for one block.</summary>
    protected void Ops(IEpilogueEmitter epilogue, RowInstruction pass)
    {
        for (int i = pass.First; i < pass.First + pass.Count; i++)
        {
            if (form.Ops[i].Kind != EpilogueOpKind.AddPool)
            {
                epilogue.Emit(i, form.Ops[i]);
                continue;
            }

            int count = 1;
            while (i + count < pass.First + pass.Count && form.Ops[i + count].Kind == EpilogueOpKind.AddPool && form.Ops[i + count].Offset == form.Ops[i].Offset)
            {
                count++;
            }

            epilogue.AddPools(i, form.Ops.AsSpan(i, count));
            i += count - 1;
        }
    }

    /// <summary>Emits the step to the next channels.</summary>
    /// <param name="channels">How many there are to a block.</param>
    /// <param name="repeat">Channels after which repeating rows begin again; 0 for none.</param>
    protected void NextBlock(int channels, int repeat)
    {
        code.Add(Registers.Channel, channels * sizeof(float));
        code.Add(Registers.BitByte, channels / 8);
        if (repeat > 0)
        {
            code.Zero(Gpr.Rax);
            code.Add(Registers.Repeating, channels * sizeof(float));
            code.Cmp(Registers.Repeating, repeat * sizeof(float));
            code.MovIfAboveOrEqual(Registers.Repeating, Gpr.Rax);
        }
    }

    /// <summary>Channels after which a pass' repeating rows begin again; 0 for none.</summary>
    protected int Repeat(RowInstruction pass)
    {
        for (int i = pass.First; i < pass.First + pass.Count; i++)
        {
            if (form.Ops[i].Modulo != 0)
            {
                return form.Ops[i].Modulo;
            }
        }

        return 0;
    }
}
