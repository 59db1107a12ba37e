namespace EdgeVit.Runtime;

/// <summary>The code of all <see cref="WeightTableProduct"/>s of a plan.</summary>
internal sealed unsafe class WeightTableCode
{
    private const int ConstantBytes = 128;

    /// <summary>Most tokens whose accumulators are to stay in the first cache.</summary>
    private const int MostTokens = 400;

    /// <summary>Most words of all tokens, whose distances are to stay in the second.</summary>
    private const int MostWords = 8192;

    private readonly List<WeightTableProduct> _products = [];

    /// <summary>Fewest tokens of a thread that pay for making the tables.</summary>
    private const int FewestTokens = 48;

    /// <summary>True where so many tokens are enough for a thread of each processor; the code is called as the System V ABI does it.</summary>
    internal static bool Pays(int items) => items >= FewestTokens * Math.Max(2, Environment.ProcessorCount) && !OperatingSystem.IsWindows();

    /// <summary>A product, whose code comes with <see cref="Finish"/>.</summary>
    /// <param name="operands">Its operands.</param>
    /// <param name="order">The order of the outputs; null for their own.</param>
    /// <param name="items">Tokens.</param>
    /// <param name="tileTokens">Tokens of a tile of the step.</param>
    /// <param name="weights">Gives the memory.</param>
    internal WeightTableProduct Product(BinaryOperands operands, GroupOrder? order, int items, int tileTokens, PlanWeights weights)
    {
        int outputs = ValueShape.Pad(operands.Outputs);
        int words = operands.Source.Words;
        ulong* columns = (ulong*)weights.Allocate(WeightTables.PackedBytes(operands.Outputs, operands.Source.Inputs));
        ReadOnlySpan<byte> weightRows = operands.Weights.Span;
        fixed (byte* rows = order is null ? weightRows : HiddenLayer.Rows(weightRows, order))
        {
            WeightTables.Pack((ulong*)rows, operands.Outputs, operands.Source.Inputs, columns, isWide: true);
        }

        byte* constants = (byte*)weights.Allocate(ConstantBytes);
        for (int i = 0; i < 8; i++)
        {
            ((int*)(constants + WeightTableEmitter.ShiftsOffset))[i] = i / 2;
        }

        new Span<byte>(constants + WeightTableEmitter.OnesOffset, 32).Fill(0x11);
        new Span<byte>(constants + WeightTableEmitter.UpperOffset, 32).Fill(0xF0);
        int sumBytes = TableProductForm.BytesOfSum(words);
        TableProductForm.Start(operands, constants + WeightTableEmitter.StartOffset, 32 / sumBytes);
        int tokens = WeightTables.TileOf(items, outputs * sumBytes, Math.Clamp(MostWords / words, WeightTables.FewestTokens, MostTokens));
        tokens = (tokens + tileTokens - 1) / tileTokens * tileTokens;
        var product = new WeightTableProduct(words, outputs / 64, sumBytes, operands.IsCount, tokens, (nint)columns, (nint)constants);
        _products.Add(product);
        return product;
    }

    /// <summary>Makes all code runnable.</summary>
    internal void Finish(PlanWeights weights)
    {
        if (_products.Count == 0)
        {
            return;
        }

        var code = new Avx2Code();
        var emitter = new WeightTableEmitter(code);
        var entries = new Dictionary<(bool, WeightTableEnd, bool), int>();
        emitter.Tables();
        foreach (WeightTableProduct product in _products)
        {
            for (int w = 0; w < product.Words; w++)
            {
                (bool isFirst, WeightTableEnd end) = product.Of(w);
                if (entries.TryAdd((isFirst, end, product.IsCount), code.Code.Length))
                {
                    emitter.LookUp(isFirst, end, product.IsCount);
                }
            }
        }

        var memory = ExecutableMemory.Of(code.Code);
        weights.Keep(memory);
        foreach (WeightTableProduct product in _products)
        {
            product.MakeTables = memory.Pointer;
            for (int w = 0; w < product.Words; w++)
            {
                (bool isFirst, WeightTableEnd end) = product.Of(w);
                product.LookUps[product.Place(w)] = memory.Pointer + entries[(isFirst, end, product.IsCount)];
            }
        }
    }
}
