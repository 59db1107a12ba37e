namespace EdgeVit.Runtime;

/// <summary>How a step's tokens are cut into tiles.</summary>
/// <param name="Tokens">Tokens of a tile.</param>
/// <param name="Last">Tokens of the last tile where it is smaller; else 0.</param>
internal readonly record struct StepTiles(int Tokens, int Last)
{
    private const int FewestTokens = 4;

    /// <summary>The longest sum whose rows are written out one by one.</summary>
    private const int MostRows = 256;

    /// <summary>The tiles of a step; null where its passes need something that there is no code for.</summary>
    /// <param name="items">Tokens.</param>
    /// <param name="passes">What the step does with a row.</param>
    /// <param name="inRow">True where a tile must lie in one row of the grid.</param>
    /// <param name="inPairs">True where an odd number of tokens costs as much as the next even one.</param>
    internal static StepTiles? Of(int items, RowPasses passes, bool inRow = false, bool inPairs = false)
    {
        bool isNear = false;
        foreach (RowPass pass in passes.Items)
        {
            if (pass is not Epilogue epilogue || !HasCode(epilogue, passes.GridWidth, items))
            {
                return null;
            }

            isNear |= HasSums(epilogue);
        }

        if (isNear)
        {
            // A tile that lies in one row of the grid has its neighbours at fixed distances.
            int together = LargestDivisor(passes.GridWidth);
            return together > 1 || passes.GridWidth == 1 ? new StepTiles(together, 0) : null;
        }

        if (inRow)
        {
            return new StepTiles(LargestDivisor(passes.GridWidth), 0);
        }

        int whole = LargestDivisor(items);
        bool isWhole = whole >= FewestTokens && (!inPairs || whole % 2 == 0 || whole == items);
        return isWhole || items < FewestTokens
            ? new StepTiles(whole, 0)
            : new StepTiles(Registers.MaxTokens, items % Registers.MaxTokens);
    }

    /// <summary>True where an epilogue adds sums of rows near to the tokens.</summary>
    internal static bool HasSums(Epilogue epilogue) =>
        Array.Exists(epilogue.Neighbours[Slots.Branch..Slots.Store], rows => rows is { IsSum: true });

    private static bool HasCode(Epilogue epilogue, int width, int items)
    {
        int repeat = 0;
        for (int i = 0; i < Slots.Count; i++)
        {
            int modulo = epilogue.Items[i].Modulo;
            if (modulo != 0 && repeat != 0 && modulo != repeat)
            {
                return false;
            }

            repeat = Math.Max(repeat, modulo);
            if (epilogue.Neighbours[i] is { IsSum: true } rows
                && (i == Slots.Source ? rows.Rows.Length > MostRows || !rows.IsInside(items, width) : rows.Reach(width) == (0, 0)))
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
}
