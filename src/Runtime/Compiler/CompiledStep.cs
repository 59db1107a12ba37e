namespace EdgeVit.Runtime;

/// <summary>A step whose code was made for it. Rows of a convolution's windows are gathered first, some tiles at a time; so are the sums of a product that is made for many
/// tokens together.</summary>
internal sealed unsafe class CompiledStep(string name, string kind, int items, int tileTokens, long scratchBytes, BitsSource? source, WeightTableProduct? many = null)
    : PlanStep(name, kind, items, tileTokens)
{
    private const int TilesGathered = 4;

    private delegate* unmanaged<CodeArguments*, void> _code;
    private long* _literals;

    internal override string RunBy => "compiled";

    internal override int ChunksPerShare => many is null ? base.ChunksPerShare : WeightTables.ChunksPerShare(Items);

    internal override long ScratchBytes => Align(scratchBytes) + (source is null ? 0 : RowBytes) + (many is null ? 0 : Align(many.SumsBytes) + Align(many.ScratchBytes));

    /// <summary>Tokens whose rows or sums are made together.</summary>
    private int Together => many?.Tokens ?? (TilesGathered * Granularity);

    private long RowBytes => Align(Together * source!.Words * 8L) + 64;

    /// <summary>Says where the code and its literals are.</summary>
    internal void Link(nint code, long* literals)
    {
        _code = (delegate* unmanaged<CodeArguments*, void>)code;
        _literals = literals;
    }

    internal override void Run(in ThreadMemory memory, int begin, int end)
    {
        var arguments = new CodeArguments { Arena = memory.Arena, Scratch = memory.Scratch, Begin = begin, End = end, Rows = (byte*)memory.Input, Literals = _literals };
        if (source is null)
        {
            _code(&arguments);
            return;
        }

        byte* gathered = memory.Scratch + Align(scratchBytes);
        for (int token = begin; token < end; token = (int)arguments.End)
        {
            arguments.Begin = token;
            arguments.End = Math.Min(end, token + Together);
            int count = (int)arguments.End - token;
            ulong* rows = (ulong*)gathered;
            if (source.Window.IsToken)
            {
                rows = source.Row(memory, token, rows);
            }

            for (int i = 0; i < count && !source.Window.IsToken; i++)
            {
                source.Row(memory, token + i, rows + ((long)i * source.Words));
            }

            arguments.Rows = (byte*)rows;
            if (many is not null)
            {
                arguments.Rows = gathered + RowBytes;
                many.Count(rows, count, arguments.Rows, arguments.Rows + Align(many.SumsBytes));
            }

            _code(&arguments);
        }
    }
}
