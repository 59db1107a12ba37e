namespace EdgeVit.Runtime.Tests;

/// <summary>One stage of a random BinaryViT.</summary>
internal sealed record Stage(int Depth, int Width, int Ffn, int Heads, int Reduction);

/// <summary>What the blocks of a random BinaryViT add besides attention and FFN.</summary>
internal enum Branches
{
    None,
    Pools,
    Shifts,
}

/// <summary>Random BinaryViT-like networks, node for node in the order in which the exporter lowers them.</summary>
internal static class BinaryViTGraphs
{
    internal static (ModelGraph Graph, GraphBuilder Builder) Build(int seed, int image, int patch, Stage[] stages, int classes, bool binaryDownsampling = true, Branches branches = Branches.Pools, int classLayers = 0)
    {
        var b = new GraphBuilder(seed, 3, image, image);
        int grid = image / patch;
        int width = stages[0].Width;
        string x = b.Position(b.Conv2d("image", 3, width, patch, patch), grid * grid, width);
        for (int s = 0; s < stages.Length; s++)
        {
            Stage stage = stages[s];
            if (s > 0)
            {
                grid /= 2;
                x = Down(b, x, width, stage.Width, grid, binaryDownsampling);
                width = stage.Width;
            }

            for (int layer = 0; layer < stage.Depth; layer++)
            {
                x = Layer(b, x, stage, grid, branches);
            }
        }

        string pooled = b.MeanTokens(x);
        for (int layer = 0; layer < classLayers; layer++)
        {
            pooled = ClassLayer(b, layer == 0 ? b.Position(pooled, 1, width) : pooled, x, stages[^1], grid);
        }

        string logits = b.Linear(pooled, width, classes, name: "logits");
        return (b.Build(logits), b);
    }

    /// <summary>A class token that attends to itself and all tokens.</summary>
    private static string ClassLayer(GraphBuilder b, string token, string x, Stage s, int grid)
    {
        int c = s.Width;
        string both = b.Affine(b.Prepend(x, token), c);
        string q = Branch(b, b.Slice(both, 0, 1), c);
        string k = Branch(b, both, c);
        string v = Branch(b, both, c);
        string context = b.Attention(b.ShiftSign(q, c), b.ShiftSign(k, c), b.ShiftSign(v, c), c, s.Heads, 1 + (grid * grid));
        string y = b.RPReLU(b.Add(context, q, b.MeanTokens(k), b.MeanTokens(v)), c);
        string x1 = b.Add(token, b.Affine(Branch(b, y, c), c));
        return b.Add(x1, FeedForward(b, b.Affine(x1, c), s));
    }

    private static string Down(GraphBuilder b, string x, int from, int to, int grid, bool binary)
    {
        string z = b.Affine(x, from);
        string y = binary
            ? b.RPReLU(b.Add(b.BinaryConv(b.ShiftSign(z, from), from, to, 2), b.Tile(b.Pool(z, 2, 2, 2, 2, 0, 0), to / from)), to)
            : b.Conv2d(z, from, to, 2, 2, bias: false);
        return b.Position(y, grid * grid, to);
    }

    private static string Layer(GraphBuilder b, string x, Stage s, int grid, Branches branches)
    {
        int c = s.Width;
        int keys = grid / s.Reduction * (grid / s.Reduction);
        string a = b.Affine(x, c);
        string q = Branch(b, a, c);
        string r = a;
        if (s.Reduction > 1)
        {
            r = Branch(b, b.Pool(a, s.Reduction, s.Reduction, s.Reduction, s.Reduction, 0, 0), c);
        }

        string k = Branch(b, r, c);
        string v = Branch(b, r, c);
        string context = b.Attention(b.ShiftSign(q, c), b.ShiftSign(k, c), b.ShiftSign(v, c), c, s.Heads, keys);
        if (s.Reduction > 1)
        {
            k = b.Upsample(k, s.Reduction);
            v = b.Upsample(v, s.Reduction);
        }

        string y = b.RPReLU(b.Add(context, q, k, v), c);
        string x1 = b.Add(x, b.Affine(Branch(b, y, c), c));
        string n = b.Affine(x1, c);
        string scaled = FeedForward(b, n, s);
        return branches switch
        {
            Branches.Pools => b.Add(
                x1, scaled, b.Affine(b.Pool(n, 3, 1, 1, 1, 1, 0), c), b.Affine(b.Pool(n, 1, 3, 1, 1, 0, 1), c), b.Affine(b.Pool(n, 5, 1, 1, 1, 2, 0), c), b.Affine(b.Pool(n, 1, 5, 1, 1, 0, 2), c)),
            Branches.Shifts => b.Add(
                x1, scaled, b.Affine(b.Shift(n, 1, 0), c), b.Affine(b.Shift(n, 0, 1), c), b.Affine(b.Shift(n, 2, 0), c), b.Affine(b.Shift(n, 0, 2), c)),
            _ => b.Add(x1, scaled),
        };
    }

    private static string FeedForward(GraphBuilder b, string n, Stage s)
    {
        int c = s.Width;
        string f = b.RPReLU(b.Add(b.BinaryLinear(b.ShiftSign(n, c), c, s.Ffn), b.Tile(n, s.Ffn / c)), s.Ffn);
        string g = b.RPReLU(b.Add(b.BinaryLinear(b.ShiftSign(f, s.Ffn), s.Ffn, c), b.GroupMean(f, s.Ffn / c)), c);
        return b.Affine(g, c);
    }

    private static string Branch(GraphBuilder b, string x, int c) => b.RPReLU(b.Add(b.BinaryLinear(b.ShiftSign(x, c), c, c), x), c);
}
