namespace EdgeVit.Export.Tests;

/// <summary>Windows and biases as their papers say them, from rows and columns: which tokens meet, and what their offset adds to the product of signs.</summary>
internal static class NaiveWindows
{
    /// <summary>Whether a query of a layer meets a key; layers of class attention are -1.</summary>
    public static bool Meet(BinaryViTConfig config, int layer, int query, int key)
    {
        if (layer < 0)
        {
            return true;
        }

        (StageConfig stage, int grid, bool second) = Of(config, layer);
        if (stage.WindowSide == 0 || (stage.Pattern == WindowPattern.BlockAll && second))
        {
            return true;
        }

        int apart = grid / stage.WindowSide, moved = second ? stage.Shift : 0;
        bool sparse = IsGrid(stage, second);
        bool Same(int a, int b) => sparse ? a % apart == b % apart : Math.Floor((a - moved) / (double)stage.WindowSide) == Math.Floor((b - moved) / (double)stage.WindowSide);
        return Same(query / grid, key / grid) && Same(query % grid, key % grid);
    }

    /// <summary>The product of signs with the bias of the pair.</summary>
    public static double Biased(BinaryViTConfig config, int layer, IReadOnlyDictionary<string, FloatTensor> tensors, int head, int query, int key, double product)
    {
        if (layer < 0 || !tensors.TryGetValue($"vit.encoder.layer.{layer}.attention.attention.att_bias", out FloatTensor? bias))
        {
            return product;
        }

        (StageConfig stage, int grid, bool second) = Of(config, layer);
        bool whole = stage.WindowSide == 0 || (stage.Pattern == WindowPattern.BlockAll && second);
        int r = stage.Reduction, unit = !whole && IsGrid(stage, second) ? grid / stage.WindowSide : 1, side = whole ? grid : stage.WindowSide;
        int Offset(int q, int k) => stage.Bias == BiasKind.Relative ? ((q - (r * k)) / unit) + side - r : Math.Abs((2 * q) - (2 * r * k) - (r - 1)) / 2 / unit;
        int reach = stage.Bias == BiasKind.Relative ? (2 * side) - r : side, keys = grid / r;
        float logits = bias.Data[(head * reach * reach) + (Offset(query / grid, key / keys) * reach) + Offset(query % grid, key % keys)];
        int d = stage.Width / stage.Heads;
        double matches = Math.Clamp(Math.Round(logits * Math.Sqrt(d) / 2, MidpointRounding.ToEven), -128, 127);
        return Math.Clamp(product + (2 * matches), -d, d);
    }

    private static bool IsGrid(StageConfig stage, bool second) => stage.Pattern == WindowPattern.Grid || (stage.Pattern == WindowPattern.BlockGrid && second);

    private static (StageConfig Stage, int Grid, bool Second) Of(BinaryViTConfig config, int layer)
    {
        int s = 0;
        for (; layer >= config.Stages[s].Depth; s++)
        {
            layer -= config.Stages[s].Depth;
        }

        // Blocks that do not attend have no turn.
        string[] mixers = config.Stages[s].Mixer.ToString().Split('+');
        int turns = 0;
        for (int block = 0; block < layer; block++)
        {
            turns += mixers[block % mixers.Length] == "attention" ? 1 : 0;
        }

        return (config.Stages[s], config.ImageSize / config.PatchSize >> s, turns % 2 == 1);
    }
}
