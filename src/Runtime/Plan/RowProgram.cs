namespace EdgeVit.Runtime;

/// <summary>What a <see cref="RowInstruction"/> does.</summary>
internal enum RowInstructionKind
{
    /// <summary>A chain of stages over blocks of channels in registers.</summary>
    Chain,

    /// <summary>Means of adjacent channels, from the first stage's row to the second's.</summary>
    GroupMean,

    /// <summary>Repeats the first stage's row into the second's; for channels that are no multiple of 64.</summary>
    Tile,
}

/// <summary>One pass over a row.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="First">Its first stage.</param>
/// <param name="Count">Number of its stages.</param>
/// <param name="Channels">Padded channels of a chain, real ones of the others' shorter row.</param>
/// <param name="Factor">Factor of a group mean or tile.</param>
internal readonly record struct RowInstruction(RowInstructionKind Kind, int First, int Count, int Channels, int Factor);

/// <summary>All that a step does with one token's row.</summary>
internal sealed unsafe class RowProgram(RowKernel kernel, Stage[] stages, RowInstruction[] instructions, int gridWidth)
{
    private readonly RowKernel _kernel = kernel;
    private readonly Stage[] _stages = stages;
    private readonly RowInstruction[] _instructions = instructions;
    private readonly bool _needsGrid = stages.Any(s => s.Kind is StageKind.LoadPool or StageKind.AddPool || s.Factor > 1);

    /// <summary>Bytes of scratch for the thread's copy of the stages.</summary>
    internal long ScratchBytes => (long)_stages.Length * sizeof(Stage);

    /// <summary>Copies the stages into the thread's scratch and finds the rows' origins.</summary>
    /// <param name="frame">The thread's memory.</param>
    /// <param name="target">Where to copy them.</param>
    /// <param name="rows">Start of the scratch rows.</param>
    /// <param name="tile">Start of the tile's rows.</param>
    internal void Prepare(in Frame frame, Stage* target, byte* rows, byte* tile)
    {
        for (int i = 0; i < _stages.Length; i++)
        {
            Stage* s = target + i;
            *s = _stages[i];
            s->Origin = s->Space switch
            {
                RowSpace.Arena => frame.Arena + s->Offset,
                RowSpace.Scratch => rows + s->Offset,
                RowSpace.Tile => tile + s->Offset,
                _ => (byte*)s->Offset,
            };
            s->Row = s->Origin;
            s->TokenStep = s->Space is RowSpace.Arena or RowSpace.Weights ? s->Stride : 0;
            s->TileStep = s->Space is RowSpace.Tile ? s->Stride : 0;
        }
    }

    /// <summary>Runs the program for a token.</summary>
    /// <param name="stages">As prepared.</param>
    /// <param name="token">The token.</param>
    /// <param name="tileRow">Its row in the tile.</param>
    internal void Run(Stage* stages, int token, int tileRow)
    {
        Stage* end = stages + _stages.Length;
        for (Stage* s = stages; s < end; s++)
        {
            s->Row = s->Origin + (token * s->TokenStep) + (tileRow * s->TileStep);
        }

        if (_needsGrid)
        {
            Locate(stages, token);
        }

        foreach (RowInstruction instruction in _instructions)
        {
            Stage* first = stages + instruction.First;
            switch (instruction.Kind)
            {
                case RowInstructionKind.Chain:
                    _kernel.Chain(first, instruction.Count, instruction.Channels);
                    break;
                case RowInstructionKind.GroupMean:
                    _kernel.GroupMean((float*)first->Row, (float*)first[1].Row, instruction.Channels, instruction.Factor, first->Number);
                    break;
                default:
                    long bytes = (long)instruction.Channels * sizeof(float);
                    for (int i = 0; i < instruction.Factor; i++)
                    {
                        Buffer.MemoryCopy(first->Row, first[1].Row + (i * bytes), bytes, bytes);
                    }

                    break;
            }
        }
    }

    /// <summary>The rows of up-sampled values and the windows of pools, which depend on the token's place in the grid.</summary>
    private void Locate(Stage* stages, int token)
    {
        int y = (int)((uint)token / (uint)gridWidth);
        int x = token - (y * gridWidth);
        for (int i = 0; i < _stages.Length; i++)
        {
            Stage* s = stages + i;
            if (s->Kind is StageKind.LoadPool or StageKind.AddPool)
            {
                s->Range = PoolRange.Of(*s, y, x);
            }
            else if (s->Factor > 1)
            {
                s->Row = s->Origin + ((((long)(y / s->Factor) * s->GridWidth) + (x / s->Factor)) * s->Stride);
            }
        }
    }
}
