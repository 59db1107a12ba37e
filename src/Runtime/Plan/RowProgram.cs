namespace EdgeVit.Runtime;

/// <summary>What a <see cref="RowInstruction"/> does.</summary>
internal enum RowInstructionKind
{
    /// <summary>An epilogue of ops over blocks of channels in registers.</summary>
    Epilogue,

    /// <summary>Means of adjacent channels, from the first op's row to the second's.</summary>
    GroupMean,

    /// <summary>Repeats the first op's row into the second's; for channels that are no multiple of 64, and once for a mere copy.</summary>
    Tile,
}

/// <summary>One pass over a row.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="First">Its first op.</param>
/// <param name="Count">Number of its ops.</param>
/// <param name="Channels">Padded channels of an epilogue, real ones of the others' shorter row.</param>
/// <param name="Factor">Factor of a group mean or tile.</param>
internal readonly record struct RowInstruction(RowInstructionKind Kind, int First, int Count, int Channels, int Factor);

/// <summary>All that a step does with one token's row, for a few tokens at a time.</summary>
internal sealed unsafe class RowProgram(RowKernel kernel, EpilogueOp[] ops, RowInstruction[] instructions, int gridWidth, long rowBytes)
{
    private readonly RowKernel _kernel = kernel;
    private readonly EpilogueOp[] _ops = ops;
    private readonly RowInstruction[] _instructions = instructions;
    private readonly bool _needsGrid = Array.Exists(ops, s => s.Kind is EpilogueOpKind.LoadPool or EpilogueOpKind.AddPool or EpilogueOpKind.LoadShift or EpilogueOpKind.AddShift || s.Factor > 1);

    /// <summary>The ops of all instructions.</summary>
    internal EpilogueOp[] Ops => _ops;

    /// <summary>The passes over a row, in order.</summary>
    internal RowInstruction[] Instructions => _instructions;

    /// <summary>Columns of the tokens' grid.</summary>
    internal int GridWidth => gridWidth;

    /// <summary>Bytes of a token's rows that live only within the token.</summary>
    internal long TokenRowBytes => rowBytes;

    /// <summary>Tokens that <see cref="Run"/> takes at most.</summary>
    internal int Tokens => _kernel.Tokens;

    /// <summary>Bytes of scratch: the thread's copy of the ops, the tables of windows, the rows that live only within a token.</summary>
    internal long ScratchBytes => OpBytes + PlacesBytes + RowBytes;

    private long OpBytes { get; } = Align((long)ops.Length * sizeof(EpilogueOp));

    private long PlacesBytes { get; } = Align(ops.Sum(s => Places(s, kernel.Tokens)) * sizeof(float*));

    private long RowBytes => Align(rowBytes) * Tokens;

    /// <summary>Copies the ops into the thread's scratch and finds the rows' origins.</summary>
    /// <param name="memory">The thread's memory.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/> bytes.</param>
    /// <param name="tile">Start of the tile's rows.</param>
    /// <returns>The ops.</returns>
    internal EpilogueOp* Prepare(in ThreadMemory memory, byte* scratch, byte* tile)
    {
        var target = (EpilogueOp*)scratch;
        var places = (float**)(scratch + OpBytes);
        byte* rows = scratch + OpBytes + PlacesBytes;
        for (int i = 0; i < _ops.Length; i++)
        {
            EpilogueOp* s = target + i;
            *s = _ops[i];
            s->Origin = s->Space switch
            {
                RowSpace.Arena => memory.Arena + s->Offset,
                RowSpace.Scratch => rows + s->Offset,
                RowSpace.Tile => tile + s->Offset,
                _ => (byte*)s->Offset,
            };
            s->TokenStep = s->Space is RowSpace.Arena or RowSpace.Weights ? s->Stride : 0;
            s->TileStep = s->Space is RowSpace.Tile ? s->Stride : 0;
            s->GroupStep = s->Space is RowSpace.Scratch ? Align(rowBytes) : s->TokenStep + s->TileStep;
            s->PlacesMemory = places;
            places += Places(_ops[i], Tokens);
        }

        foreach (RowInstruction instruction in _instructions)
        {
            if (instruction.Kind == RowInstructionKind.Epilogue)
            {
                _kernel.Fuse(target + instruction.First, instruction.Count);
            }
        }

        return target;
    }

    /// <summary>Runs the program for a group of tokens.</summary>
    /// <param name="ops">As prepared.</param>
    /// <param name="token">The first token.</param>
    /// <param name="tileRow">Its row in the tile.</param>
    /// <param name="count"><see cref="Tokens"/>, or 1.</param>
    internal void Run(EpilogueOp* ops, int token, int tileRow, int count)
    {
        EpilogueOp* end = ops + _ops.Length;
        for (EpilogueOp* s = ops; s < end; s++)
        {
            byte* row = s->Origin + (token * s->TokenStep) + (tileRow * s->TileStep);
            s->Rows[0] = (long)row;
            s->Step = count == 1 ? 0 : s->GroupStep;
        }

        if (_needsGrid)
        {
            Locate(ops, token, count);
        }

        foreach (RowInstruction instruction in _instructions)
        {
            EpilogueOp* first = ops + instruction.First;
            if (instruction.Kind == RowInstructionKind.Epilogue)
            {
                _kernel.Epilogue(first, instruction.Count, instruction.Channels);
                continue;
            }

            for (int t = 0; t < count; t++)
            {
                RowToRow(instruction, first->Number, (float*)(first->Rows[0] + (t * first->Step)), (float*)(first[1].Rows[0] + (t * first[1].Step)));
            }
        }
    }

    private static long Align(long bytes) => (bytes + 63) & ~63L;

    private static long Places(EpilogueOp op, int tokens) => op.Zeros == null ? 0
        : tokens * (op.Kind is EpilogueOpKind.LoadShift or EpilogueOpKind.AddShift ? TokenShift.Directions : (long)op.Window.KernelH * op.Window.KernelW);

    private void RowToRow(RowInstruction instruction, float factor, float* from, float* to)
    {
        if (instruction.Kind == RowInstructionKind.GroupMean)
        {
            _kernel.GroupMean(from, to, instruction.Channels, instruction.Factor, factor);
            return;
        }

        long bytes = (long)instruction.Channels * sizeof(float);
        for (int i = 0; i < instruction.Factor; i++)
        {
            Buffer.MemoryCopy(from, (byte*)to + (i * bytes), bytes, bytes);
        }
    }

    /// <summary>The rows of up-sampled and shifted values and the windows of pools, which depend on the tokens' places in the grid.</summary>
    private void Locate(EpilogueOp* ops, int token, int count)
    {
        int* ys = stackalloc int[EpilogueOp.MaxTokens];
        int* xs = stackalloc int[EpilogueOp.MaxTokens];
        (int y, int x) = Math.DivRem(token, gridWidth);
        for (int t = 0; t < Tokens; t++)
        {
            ys[t] = y;
            xs[t] = x;
            if (count > 1 && ++x == gridWidth)
            {
                x = 0;
                y++;
            }
        }

        for (int i = 0; i < _ops.Length; i++)
        {
            EpilogueOp* s = ops + i;
            if (s->Kind is EpilogueOpKind.LoadPool or EpilogueOpKind.AddPool)
            {
                LocateWindows(s, ys, xs);
            }
            else if (s->Kind is EpilogueOpKind.LoadShift or EpilogueOpKind.AddShift)
            {
                LocateShifted(s, ys, xs);
            }
            else if (s->Factor > 1)
            {
                for (int t = 0; t < Tokens; t++)
                {
                    long row = ((long)((uint)ys[t] / (uint)s->Factor) * s->GridWidth) + ((uint)xs[t] / (uint)s->Factor);
                    s->Rows[t] = (long)s->Origin + (row * s->Stride);
                }
            }
        }
    }

    private void LocateShifted(EpilogueOp* s, int* ys, int* xs)
    {
        float** place = s->Places = s->PlacesMemory;
        for (int direction = 0; direction < TokenShift.Directions; direction++)
        {
            for (int t = 0; t < Tokens; t++)
            {
                (int y, int x) = s->Shift.Source(ys[t], xs[t], direction);
                bool real = (uint)y < (uint)s->GridHeight && (uint)x < (uint)s->GridWidth;
                *place++ = real ? (float*)(s->Origin + ((((long)y * s->GridWidth) + x) * s->Stride)) : s->Zeros;
            }
        }
    }

    private void LocateWindows(EpilogueOp* s, int* ys, int* xs)
    {
        int* tops = stackalloc int[EpilogueOp.MaxTokens];
        int* lefts = stackalloc int[EpilogueOp.MaxTokens];
        int tokens = Tokens;
        bool inside = true;
        for (int t = 0; t < tokens; t++)
        {
            int top = (ys[t] * s->Window.StrideH) - s->Window.PaddingH;
            int left = (xs[t] * s->Window.StrideW) - s->Window.PaddingW;
            inside &= top >= 0 && top + s->Window.KernelH <= s->GridHeight && left >= 0 && left + s->Window.KernelW <= s->GridWidth;
            s->Rows[t] = (long)s->Origin + ((((long)top * s->GridWidth) + left) * s->Stride);
            tops[t] = top;
            lefts[t] = left;
        }

        s->Places = null;
        if (inside)
        {
            return;
        }

        float** place = s->Places = s->PlacesMemory;
        for (int ky = 0; ky < s->Window.KernelH; ky++)
        {
            for (int kx = 0; kx < s->Window.KernelW; kx++)
            {
                long step = (((long)ky * s->GridWidth) + kx) * s->Stride;
                for (int t = 0; t < tokens; t++)
                {
                    bool real = (uint)(tops[t] + ky) < (uint)s->GridHeight && (uint)(lefts[t] + kx) < (uint)s->GridWidth;
                    *place++ = real ? (float*)(s->Rows[t] + step) : s->Zeros;
                }
            }
        }
    }
}
