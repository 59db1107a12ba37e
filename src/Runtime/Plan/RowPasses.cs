using System.Numerics;

namespace EdgeVit.Runtime;

/// <summary>All that a step does with one token's row, for a few tokens at a time: passes, mostly a single epilogue.</summary>
internal sealed unsafe class RowPasses
{
    private readonly RowKernel _kernel;
    private Program? _program;

    internal RowPasses(RowKernel kernel, RowPass[] passes, int gridWidth, long rowBytes)
    {
        _kernel = kernel;
        Items = passes;
        GridWidth = gridWidth;
        TokenRowBytes = rowBytes;
    }

    /// <summary>The passes over a row, in order.</summary>
    internal RowPass[] Items { get; }

    /// <summary>Columns of the tokens' grid.</summary>
    internal int GridWidth { get; }

    /// <summary>Bytes of a token's rows that live only within the token.</summary>
    internal long TokenRowBytes { get; }

    /// <summary>Tokens that <see cref="Run"/> takes at most.</summary>
    internal int Tokens => _kernel.Tokens;

    /// <summary>Bytes of scratch: the thread's copy of the slots, the rows that live only within a token.</summary>
    internal long ScratchBytes => SlotBytes + (Align(TokenRowBytes) * Tokens);

    /// <summary>Made when the step's scratch is planned, and not at all for a step that is compiled.</summary>
    private Program Code => _program ??= Prepare();

    private long SlotBytes => Align((long)Code.Slots.Length * sizeof(Slot));

    /// <summary>Copies the slots into the thread's scratch and finds the rows' origins.</summary>
    /// <param name="memory">The thread's memory.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/> bytes.</param>
    /// <param name="tile">Start of the tile's rows.</param>
    /// <returns>The slots of all passes.</returns>
    internal Slot* Prepare(in ThreadMemory memory, byte* scratch, byte* tile)
    {
        var slots = (Slot*)scratch;
        byte* rows = scratch + SlotBytes;
        Slot[] planned = Code.Slots;
        for (int i = 0; i < planned.Length; i++)
        {
            slots[i] = planned[i];
            Find(slots + i, memory, rows, tile);
        }

        return slots;
    }

    /// <summary>Runs the passes for a group of tokens.</summary>
    /// <param name="slots">As prepared.</param>
    /// <param name="token">The first token.</param>
    /// <param name="tileRow">Its row in the tile.</param>
    /// <param name="count"><see cref="Tokens"/>, or 1.</param>
    internal void Run(Slot* slots, int token, int tileRow, int count)
    {
        PassCode[] codes = Code.Passes;
        for (int i = 0; i < codes.Length; i++)
        {
            PassCode pass = codes[i];
            Slot* first = slots + pass.First;
            for (uint present = pass.Present; present != 0; present &= present - 1)
            {
                Slot* s = first + BitOperations.TrailingZeroCount(present);
                s->Row = s->Origin + ((long)token * s->TokenStep) + (tileRow * s->TileStep);
                s->At = s->Places + ((long)token * (s->Parts * s->Rows));
                s->Step = count == 1 ? 0 : s->GroupStep;
            }

            if (Items[i] is not RowToRow copy)
            {
                ((delegate*<Slot*, uint, int, void>)pass.Code)(first, pass.Present, pass.Channels);
                continue;
            }

            for (int t = 0; t < count; t++)
            {
                Copy(copy, (float*)(first->Row + (t * first->Step)), (float*)(first[1].Row + (t * first[1].Step)));
            }
        }
    }

    private Program Prepare()
    {
        var codes = new PassCode[Items.Length];
        var slots = new Slot[Items.Sum(pass => SlotsOf(pass))];
        int first = 0;
        for (int i = 0; i < codes.Length; i++)
        {
            if (Items[i] is Epilogue epilogue)
            {
                codes[i] = new PassCode(first, epilogue.Present, (nint)_kernel.Epilogue(epilogue.Items), epilogue.Channels);
                epilogue.Items.CopyTo(slots, first);
            }
            else
            {
                codes[i] = new PassCode(first, 3, 0, 0);
                (slots[first], slots[first + 1]) = (((RowToRow)Items[i]).From, ((RowToRow)Items[i]).To);
            }

            first += SlotsOf(Items[i]);
        }

        return new Program(codes, slots);

        static int SlotsOf(RowPass pass) => pass is Epilogue e ? e.Items.Length : 2;
    }

    private static long Align(long bytes) => (bytes + 63) & ~63L;

    private void Find(Slot* s, in ThreadMemory memory, byte* rows, byte* tile)
    {
        if (s->Places != null)
        {
            s->Origin = memory.Arena;
            s->GroupStep = s->Parts * s->Rows;
            return;
        }

        s->Origin = s->Space switch
        {
            RowSpace.Arena => memory.Arena + s->Offset,
            RowSpace.Scratch => rows + s->Offset,
            RowSpace.Tile => tile + s->Offset,
            _ => (byte*)s->Offset,
        };
        s->TokenStep = s->Space is RowSpace.Arena or RowSpace.Weights ? (int)s->Stride : 0;
        s->TileStep = s->Space is RowSpace.Tile ? (int)s->Stride : 0;
        s->GroupStep = s->Space is RowSpace.Scratch ? (int)Align(TokenRowBytes) : s->TokenStep + s->TileStep;
    }

    /// <summary>Means: <c>to[c] = (0 + from[c * factor] + ... + from[c * factor + factor - 1]) * (1 / factor)</c>, left to right.</summary>
    private static void Copy(RowToRow pass, float* from, float* to)
    {
        if (!pass.IsMean)
        {
            for (int i = 0; i < pass.Factor; i++)
            {
                new ReadOnlySpan<float>(from, pass.Channels).CopyTo(new Span<float>(to + ((long)i * pass.Channels), pass.Channels));
            }

            return;
        }

        float inverse = (float)(1.0 / pass.Factor);
        for (int c = 0; c < pass.Channels; c++)
        {
            float sum = 0;
            for (int j = 0; j < pass.Factor; j++)
            {
                sum += *from++;
            }

            to[c] = sum * inverse;
        }
    }

    /// <summary>What runs all passes.</summary>
    private sealed record Program(PassCode[] Passes, Slot[] Slots);

    /// <summary>What runs a pass.</summary>
    /// <param name="First">Its first slot.</param>
    /// <param name="Present">Which of its slots are present.</param>
    /// <param name="Code">See <see cref="RowKernel.Epilogue"/>; 0 where a row goes to a row.</param>
    /// <param name="Channels">Padded channels.</param>
    private readonly record struct PassCode(int First, uint Present, nint Code, int Channels);
}
