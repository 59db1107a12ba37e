namespace EdgeVit.Runtime;

/// <summary>How a step's tokens are cut into tiles.</summary>
/// <param name="Tokens">Tokens of a tile.</param>
/// <param name="Last">Tokens of the last tile where it is smaller; else 0.</param>
internal readonly record struct StepTiles(int Tokens, int Last)
{
    private const int FewestTokens = 4;

    /// <summary>The tiles of a step; null where its program needs something that there is no code for.</summary>
    /// <param name="items">Tokens.</param>
    /// <param name="program">What the step does with a row.</param>
    /// <param name="inRow">True where a tile must lie in one row of the grid.</param>
    internal static StepTiles? Of(int items, RowProgram program, bool inRow = false)
    {
        foreach (RowInstruction pass in program.Instructions)
        {
            if (pass.Kind != RowInstructionKind.Epilogue || !HasCode(pass, program, items))
            {
                return null;
            }
        }

        if (Array.Exists(program.Ops, s => s.Kind == EpilogueOpKind.AddPool))
        {
            // A tile that lies in one row of the grid has its neighbours at fixed distances.
            int together = LargestDivisor(program.GridWidth);
            return together > 1 || program.GridWidth == 1 ? new StepTiles(together, 0) : null;
        }

        if (inRow)
        {
            return new StepTiles(LargestDivisor(program.GridWidth), 0);
        }

        int whole = LargestDivisor(items);
        return whole >= FewestTokens || items < FewestTokens
            ? new StepTiles(whole, 0)
            : new StepTiles(Registers.MaxTokens, items % Registers.MaxTokens);
    }

    private static bool HasCode(RowInstruction pass, RowProgram program, int items)
    {
        int repeat = 0;
        for (int i = pass.First; i < pass.First + pass.Count; i++)
        {
            ref readonly EpilogueOp s = ref program.Ops[i];
            if (s.Modulo != 0 && repeat != 0 && s.Modulo != repeat)
            {
                return false;
            }

            repeat = Math.Max(repeat, s.Modulo);
            if ((s.Kind == EpilogueOpKind.LoadPool && !IsInside(s, program.GridWidth, items)) || (s.Kind == EpilogueOpKind.AddPool && !IsNeighbourhood(s, program.GridWidth)))
            {
                return false;
            }
        }

        return true;
    }

    private static int LargestDivisor(int n)
    {
        int divisor = Registers.MaxTokens;
        while (n % divisor != 0)
        {
            divisor--;
        }

        return divisor;
    }

    /// <summary>A window without padding that lies in the grid at every token.</summary>
    private static bool IsInside(in EpilogueOp s, int width, int items) =>
        s.Window is { PaddingH: 0, PaddingW: 0 } && s.Window.KernelH * s.Window.KernelW <= 256
        && ((width - 1) * s.Window.StrideW) + s.Window.KernelW <= s.GridWidth
        && (((items / width) - 1) * s.Window.StrideH) + s.Window.KernelH <= s.GridHeight;

    /// <summary>A centred window of 3 or 5 rows or columns with stride 1 on the tokens' own grid.</summary>
    private static bool IsNeighbourhood(in EpilogueOp s, int width) =>
        s.GridWidth == width && s.Window is { StrideH: 1, StrideW: 1 }
        && ((s.Window.KernelH is 3 or 5 && s.Window.KernelW == 1) || (s.Window.KernelW is 3 or 5 && s.Window.KernelH == 1))
        && s.Window.PaddingH == s.Window.KernelH / 2 && s.Window.PaddingW == s.Window.KernelW / 2;
}
