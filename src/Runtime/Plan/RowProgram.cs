namespace EdgeVit.Runtime;

/// <summary>What a <see cref="RowInstruction"/> does.</summary>
internal enum RowInstructionKind
{
    /// <summary>A chain of stages over blocks of channels in registers.</summary>
    Chain,

    /// <summary>Means of adjacent channels, from the first stage's row to the second's.</summary>
    GroupMean,

    /// <summary>Repeats the first stage's row into the second's; for channels that are no multiple of 64, and once for a mere copy.</summary>
    Tile,
}

/// <summary>One pass over a row.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="First">Its first stage.</param>
/// <param name="Count">Number of its stages.</param>
/// <param name="Channels">Padded channels of a chain, real ones of the others' shorter row.</param>
/// <param name="Factor">Factor of a group mean or tile.</param>
internal readonly record struct RowInstruction(RowInstructionKind Kind, int First, int Count, int Channels, int Factor);

/// <summary>All that a step does with one token's row, for a few tokens at a time.</summary>
internal sealed unsafe class RowProgram(RowKernel kernel, Stage[] stages, RowInstruction[] instructions, int gridWidth, long rowBytes)
{
    private readonly RowKernel _kernel = kernel;
    private readonly Stage[] _stages = stages;
    private readonly RowInstruction[] _instructions = instructions;
    private readonly bool _needsGrid = Array.Exists(stages, s => s.Kind is StageKind.LoadPool or StageKind.AddPool or StageKind.LoadShift or StageKind.AddShift || s.Factor > 1);

    /// <summary>The stages of all instructions.</summary>
    internal Stage[] Stages => _stages;

    /// <summary>The passes over a row, in order.</summary>
    internal RowInstruction[] Instructions => _instructions;

    /// <summary>Columns of the tokens' grid.</summary>
    internal int GridWidth => gridWidth;

    /// <summary>Bytes of a token's rows that live only within the token.</summary>
    internal long TokenRowBytes => rowBytes;

    /// <summary>Tokens that <see cref="Run"/> takes at most.</summary>
    internal int Tokens => _kernel.Tokens;

    /// <summary>Bytes of scratch: the thread's copy of the stages, the tables of windows, the rows that live only within a token.</summary>
    internal long ScratchBytes => StageBytes + PlacesBytes + RowBytes;

    private long StageBytes { get; } = Align((long)stages.Length * sizeof(Stage));

    private long PlacesBytes { get; } = Align(stages.Sum(s => Places(s, kernel.Tokens)) * sizeof(float*));

    private long RowBytes => Align(rowBytes) * Tokens;

    /// <summary>Copies the stages into the thread's scratch and finds the rows' origins.</summary>
    /// <param name="memory">The thread's memory.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/> bytes.</param>
    /// <param name="tile">Start of the tile's rows.</param>
    /// <returns>The stages.</returns>
    internal Stage* Prepare(in ThreadMemory memory, byte* scratch, byte* tile)
    {
        var target = (Stage*)scratch;
        var places = (float**)(scratch + StageBytes);
        byte* rows = scratch + StageBytes + PlacesBytes;
        for (int i = 0; i < _stages.Length; i++)
        {
            Stage* s = target + i;
            *s = _stages[i];
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
            places += Places(_stages[i], Tokens);
        }

        foreach (RowInstruction instruction in _instructions)
        {
            if (instruction.Kind == RowInstructionKind.Chain)
            {
                _kernel.Fuse(target + instruction.First, instruction.Count);
            }
        }

        return target;
    }

    /// <summary>Runs the program for a group of tokens.</summary>
    /// <param name="stages">As prepared.</param>
    /// <param name="token">The first token.</param>
    /// <param name="tileRow">Its row in the tile.</param>
    /// <param name="count"><see cref="Tokens"/>, or 1.</param>
    internal void Run(Stage* stages, int token, int tileRow, int count)
    {
        Stage* end = stages + _stages.Length;
        for (Stage* s = stages; s < end; s++)
        {
            byte* row = s->Origin + (token * s->TokenStep) + (tileRow * s->TileStep);
            s->Rows[0] = (long)row;
            s->Step = count == 1 ? 0 : s->GroupStep;
        }

        if (_needsGrid)
        {
            Locate(stages, token, count);
        }

        foreach (RowInstruction instruction in _instructions)
        {
            Stage* first = stages + instruction.First;
            if (instruction.Kind == RowInstructionKind.Chain)
            {
                _kernel.Chain(first, instruction.Count, instruction.Channels);
                continue;
            }

            for (int t = 0; t < count; t++)
            {
                RowToRow(instruction, first->Number, (float*)(first->Rows[0] + (t * first->Step)), (float*)(first[1].Rows[0] + (t * first[1].Step)));
            }
        }
    }

    private static long Align(long bytes) => (bytes + 63) & ~63L;

    private static long Places(Stage stage, int tokens) => stage.Zeros == null ? 0
        : tokens * (stage.Kind is StageKind.LoadShift or StageKind.AddShift ? TokenShift.Directions : (long)stage.Window.KernelH * stage.Window.KernelW);

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
    private void Locate(Stage* stages, int token, int count)
    {
        int* ys = stackalloc int[Stage.MaxTokens];
        int* xs = stackalloc int[Stage.MaxTokens];
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

        for (int i = 0; i < _stages.Length; i++)
        {
            Stage* s = stages + i;
            if (s->Kind is StageKind.LoadPool or StageKind.AddPool)
            {
                LocateWindows(s, ys, xs);
            }
            else if (s->Kind is StageKind.LoadShift or StageKind.AddShift)
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

    private void LocateShifted(Stage* s, int* ys, int* xs)
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

    private void LocateWindows(Stage* s, int* ys, int* xs)
    {
        int* tops = stackalloc int[Stage.MaxTokens];
        int* lefts = stackalloc int[Stage.MaxTokens];
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
