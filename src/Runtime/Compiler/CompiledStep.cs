namespace EdgeVit.Runtime;

/// <summary>A step whose code was made for it. Rows of a convolution's windows are gathered first, some tiles at a time.</summary>
internal sealed unsafe class CompiledStep(string name, string kind, int items, int tileTokens, long scratchBytes, BitsSource? windows)
    : PlanStep(name, kind, items, tileTokens)
{
    private const int TilesGathered = 4;

    private delegate* unmanaged<CodeArguments*, void> _code;
    private long* _literals;

    internal override string RunBy => "compiled";

    internal override long ScratchBytes => Align(scratchBytes) + (windows is null ? 0 : Align(TilesGathered * Granularity * WindowBytes) + 64);

    private long WindowBytes => windows!.Words * 8L;

    /// <summary>Says where the code and its literals are.</summary>
    internal void Link(nint code, long* literals)
    {
        _code = (delegate* unmanaged<CodeArguments*, void>)code;
        _literals = literals;
    }

    internal override void Run(in ThreadMemory memory, int begin, int end)
    {
        var arguments = new CodeArguments { Arena = memory.Arena, Scratch = memory.Scratch, Begin = begin, End = end, Rows = (byte*)memory.Input, Literals = _literals };
        if (windows is null)
        {
            _code(&arguments);
            return;
        }

        byte* rows = memory.Scratch + Align(scratchBytes);
        for (int token = begin; token < end; token = (int)arguments.End)
        {
            arguments.Begin = token;
            arguments.End = Math.Min(end, token + (TilesGathered * Granularity));
            for (int i = token; i < arguments.End; i++)
            {
                windows.Row(memory, i, (ulong*)(rows + ((i - token) * WindowBytes)));
            }

            arguments.Rows = rows;
            _code(&arguments);
        }
    }
}
