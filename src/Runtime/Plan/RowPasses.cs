using System.Numerics;

namespace EdgeVit.Runtime;

/// <summary>All that a step does with one token's row, for a few tokens at a time: passes, mostly a single epilogue.</summary>
internal sealed unsafe class RowPasses
{
    private readonly RowKernel _kernel;
    private readonly PassCode[] _codes;
    private readonly Slot[] _slots;

    internal RowPasses(RowKernel kernel, RowPass[] passes, int gridWidth, long rowBytes)
    {
        _kernel = kernel;
        Items = passes;
        GridWidth = gridWidth;
        TokenRowBytes = rowBytes;
        _codes = new PassCode[passes.Length];
        var slots = new ValueList<Slot>();
        for (int i = 0; i < passes.Length; i++)
        {
            if (passes[i] is Epilogue epilogue)
            {
                _codes[i] = new PassCode(slots.Count, epilogue.Present, (nint)kernel.Epilogue(epilogue.Items), epilogue.Channels);
                slots.AddRange(epilogue.Items);
            }
            else
            {
                _codes[i] = new PassCode(slots.Count, 3, 0, 0);
                slots.AddRange([((RowToRow)passes[i]).From, ((RowToRow)passes[i]).To]);
            }
        }

        _slots = slots.ToArray();
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

    private long SlotBytes => Align((long)_slots.Length * sizeof(Slot));

    /// <summary>Copies the slots into the thread's scratch and finds the rows' origins.</summary>
    /// <param name="memory">The thread's memory.</param>
    /// <param name="scratch"><see cref="ScratchBytes"/> bytes.</param>
    /// <param name="tile">Start of the tile's rows.</param>
    /// <returns>The slots of all passes.</returns>
    internal Slot* Prepare(in ThreadMemory memory, byte* scratch, byte* tile)
    {
        var slots = (Slot*)scratch;
        byte* rows = scratch + SlotBytes;
        for (int i = 0; i < _slots.Length; i++)
        {
            slots[i] = _slots[i];
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
        for (int i = 0; i < _codes.Length; i++)
        {
            PassCode pass = _codes[i];
            Slot* first = slots + pass.First;
            for (uint present = pass.Present; present != 0; present &= present - 1)
            {
                Slot* s = first + BitOperations.TrailingZeroCount(present);
                s->Row = s->Origin + (token * s->TokenStep) + (tileRow * s->TileStep);
                s->At = s->Places + ((long)token * s->Parts * s->Rows);
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
        s->TokenStep = s->Space is RowSpace.Arena or RowSpace.Weights ? s->Stride : 0;
        s->TileStep = s->Space is RowSpace.Tile ? s->Stride : 0;
        s->GroupStep = (int)(s->Space is RowSpace.Scratch ? Align(TokenRowBytes) : s->TokenStep + s->TileStep);
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

    /// <summary>What runs a pass.</summary>
    /// <param name="First">Its first slot.</param>
    /// <param name="Present">Which of its slots are present.</param>
    /// <param name="Code">See <see cref="RowKernel.Epilogue"/>; 0 where a row goes to a row.</param>
    /// <param name="Channels">Padded channels.</param>
    private readonly record struct PassCode(int First, uint Present, nint Code, int Channels);
}
