namespace EdgeVit.Runtime;

/// <summary>One step of a plan: work on <see cref="Items"/> items that threads share.</summary>
internal abstract unsafe class PlanStep(string name, string kind, int items, int granularity)
{
    /// <summary>The name of its first node.</summary>
    internal string Name { get; } = name;

    /// <summary>The ops in it, for people.</summary>
    internal string Kind { get; } = kind;

    /// <summary>Tokens, or whatever the work is split by.</summary>
    internal int Items { get; } = items;

    /// <summary>Items that a thread should take together.</summary>
    internal int Granularity { get; } = granularity;

    /// <summary>Parts of a thread's share, which others may take where it does not come to them.</summary>
    internal virtual int ChunksPerShare => 4;

    /// <summary>The nodes in it; null for a step that prepares the next one.</summary>
    internal StepDraft? Draft { get; set; }

    /// <summary>What runs its nodes, where that is not the kernel set.</summary>
    internal virtual string? RunBy => null;

    /// <summary>Bytes of scratch that a thread needs.</summary>
    internal abstract long ScratchBytes { get; }

    /// <summary>Works on items <c>begin .. end - 1</c>.</summary>
    internal abstract void Run(in ThreadMemory memory, int begin, int end);

    /// <summary>Rounds a size of scratch up to cache lines.</summary>
    private protected static long Align(long bytes) => (bytes + 63) & ~63L;
}

/// <summary>A step that computes rows: a source writes a tile of rows, the passes does the rest, row by row.</summary>
internal abstract unsafe class RowSourceStep(string name, string kind, int items, int granularity, RowPasses passes, long tileBytes)
    : PlanStep(name, kind, items, granularity)
{
    /// <summary>Tokens that the source computes together.</summary>
    private protected abstract int TileTokens { get; }

    /// <summary>Scratch of the source.</summary>
    private protected abstract long SourceBytes { get; }

    internal sealed override long ScratchBytes => passes.ScratchBytes + Align(tileBytes) + Align(SourceBytes);

    internal sealed override void Run(in ThreadMemory memory, int begin, int end)
    {
        byte* tile = memory.Scratch + passes.ScratchBytes;
        byte* own = tile + Align(tileBytes);
        Slot* slots = passes.Prepare(memory, memory.Scratch, tile);
        for (int token = begin; token < end; token += TileTokens)
        {
            int count = Math.Min(TileTokens, end - token);
            Fill(memory, token, count, tile, own);
            for (int i = 0; i < count;)
            {
                int group = count - i < passes.Tokens ? 1 : passes.Tokens;
                passes.Run(slots, token + i, i, group);
                i += group;
            }
        }
    }

    /// <summary>Computes the source rows of tokens <c>token .. token + count - 1</c>.</summary>
    private protected abstract void Fill(in ThreadMemory memory, int token, int count, byte* tile, byte* own);
}

/// <summary>A step without a source: everything is read from stored values.</summary>
internal sealed unsafe class RowStep(string name, string kind, int items, RowPasses passes)
    : RowSourceStep(name, kind, items, 1, passes, 0)
{
    private protected override int TileTokens => 16;

    private protected override long SourceBytes => 0;

    private protected override void Fill(in ThreadMemory memory, int token, int count, byte* tile, byte* own)
    {
    }
}
