using EdgeVit.Export;

namespace EdgeVit.Runtime.Tests;

/// <content>Graphs that hold the forms of constants that were moved, in any place, whether folding makes such graphs or not.</content>
internal static partial class RandomGraphs
{
    /// <summary>A graph that no one folds: half of its nodes are of these forms, and it ends with any op.</summary>
    internal static (ModelGraph Graph, GraphBuilder Builder) BuildFolded(int seed)
    {
        var random = new Random(seed);
        int height = random.Next(1, 9);
        int width = random.Next(1, 9);
        int channels = random.Next(3) > 0 ? 64 * random.Next(1, 3) : random.Next(1, 100);
        var b = new GraphBuilder(seed, 3, height, width) { HasNegativeZeros = seed % 2 == 0 };
        var values = new List<Item> { new(b.Conv2d("image", 3, channels, 1, 1), channels, height, width) };
        values.Add(Sum(b, random, values[0], values));
        for (int i = random.Next(3, 8); i > 0; i--)
        {
            Item x = values[random.Next(3) > 0 ? values.Count - 1 : random.Next(values.Count)];
            values.Add(random.Next(4) > 0 || x.Channels > 256 ? NextFolded(b, random, x, values) : Next(b, random, x, values));
        }

        ModelGraph graph = b.Build(End(b, random, seed % 5 == 1 ? Joining(b, random, values[^1]) : values[^1]));
        return (seed % 4 == 0 ? graph : JoinedSums.Of(graph), b);
    }

    private static Item NextFolded(GraphBuilder b, Random random, Item x, List<Item> values)
    {
        int c = x.Channels;
        switch (random.Next(9))
        {
            case 0:
                return x with { Name = b.Leaky(x.Name, c) };
            case 1:
                return Counts(b, random, x);
            case 2 when random.Next(2) == 0:
                return Windows(b, random, x, counts: true);
            case 2 when x.Height > 1 && x.Width > 1:
                int kernel = random.Next(1, Math.Min(4, Math.Min(x.Height, x.Width)) + 1);
                kernel = kernel * kernel * c > GraphValidator.MaxInputs ? 1 : kernel;
                int outputs = random.Next(1, 130);
                return new Item(b.BinaryConv(b.ShiftSign(x.Name, c), c, outputs, kernel, counts: true), outputs, x.Height / kernel, x.Width / kernel);
            case 3:
                (int kh, int kw) = (random.Next(1, x.Height + 1), random.Next(1, x.Width + 1));
                (int sh, int sw, int ph, int pw) = (random.Next(1, 3), random.Next(1, 3), random.Next(0, kh), random.Next(0, kw));
                return new Item(b.Pool(x.Name, kh, kw, sh, sw, ph, pw, sum: true), c, ((x.Height + (2 * ph) - kh) / sh) + 1, ((x.Width + (2 * pw) - kw) / sw) + 1);
            case 4 when c <= 128:
                return FeedForward(b, random, x);
            case 5 when x.Height * x.Width < 40:
                int factor = random.Next(2, 4);
                Item large = new(b.Upsample(x.Name, factor), c, factor * x.Height, factor * x.Width);
                if (random.Next(2) == 0)
                {
                    return Sum(b, random, large, values);
                }

                // Repeated rows first, what has just been computed second.
                string product = b.Leaky(b.BinaryLinear(b.ShiftSign(large.Name, c), c, c, counts: true), c);
                return large with { Name = b.ScaledSum(c, random.Next(1, 4) << 1, large.Name, product, x.Height > 2 ? product : large.Name) };
            case 6 when c <= 128:
                int tile = random.Next(2, 5);
                return Sum(b, random, x with { Name = b.Tile(x.Name, tile), Channels = c * tile }, values);
            default:
                return Sum(b, random, x, values);
        }
    }

    /// <summary>Sums that begin with a product or an attention that nothing else reads.</summary>
    private static Item Joining(GraphBuilder b, Random random, Item x)
    {
        int c = x.Channels;
        string bits = b.ShiftSign(x.Name, c);
        Item sum = x with { Name = b.Add(b.Attention(bits, bits, bits, c, 1, x.Height * x.Width), x.Name) };
        if (x.Height * x.Width > 40)
        {
            return sum;
        }

        string large = b.Upsample(sum.Name, 2);
        string product = b.BinaryLinear(b.ShiftSign(large, c), c, c, counts: true);
        return new Item(random.Next(2) == 0 ? b.Add(large, product) : b.Add(product, large, large), c, 2 * x.Height, 2 * x.Width);
    }

    private static Item Counts(GraphBuilder b, Random random, Item x)
    {
        int outputs = random.Next(2) == 0 ? 64 * random.Next(1, 3) : random.Next(1, 100);
        return x with { Name = b.BinaryLinear(b.ShiftSign(x.Name, x.Channels), x.Channels, outputs, counts: true), Channels = outputs };
    }

    /// <summary>A sum of values of this shape: old ones, new ones, the same one again, with any scales but none.</summary>
    private static Item Sum(GraphBuilder b, Random random, Item x, List<Item> values)
    {
        int count = random.Next(2, 6);
        string[] inputs = [.. Enumerable.Range(0, count).Select(_ => Summand(b, random, x, values))];
        inputs[random.Next(count)] = x.Name;
        int scaled = random.Next(1, 1 << (count - 1)) << 1;
        Item sum = x with { Name = b.ScaledSum(x.Channels, scaled, inputs) };

        // Some inputs get another reader, which comes later.
        return random.Next(4) == 0 ? sum with { Name = b.ScaledSum(x.Channels, random.Next(1, 4) << 1, sum.Name, inputs[random.Next(count)], inputs[^1]) } : sum;
    }

    private static string Summand(GraphBuilder b, Random random, Item x, List<Item> values)
    {
        int c = x.Channels;
        Item[] same = [.. values.Where(v => (v.Channels, v.Height, v.Width) == (c, x.Height, x.Width))];
        string old = same.Length == 0 || random.Next(3) == 0 ? x.Name : same[random.Next(same.Length)].Name;
        switch (random.Next(12))
        {
            case 0:
                return b.Leaky(old, c);
            case 1:
                return b.RPReLU(old, c);
            case 2:
                return random.Next(2) == 0 ? b.Affine(old, c) : b.Position(old, x.Height * x.Width, c);
            case 3:
                return b.BinaryLinear(b.ShiftSign(old, c), c, c, counts: random.Next(3) > 0);
            case 4 or 5:
                (int h, int w) = random.Next(4) switch { 0 => (3, 1), 1 => (1, 3), 2 => (5, 1), _ => (1, 5) };
                return b.Pool(old, h, w, 1, 1, h / 2, w / 2, sum: random.Next(3) > 0);
            case 6:
                return b.Shift(old, random.Next(3), random.Next(1, 3));
            case 7:
                Item[] larger = [.. values.Where(v => v.Channels == c && v.Height >= x.Height && v.Width >= x.Width)];
                if (larger.Length == 0)
                {
                    return b.Leaky(old, c);
                }

                Item from = larger[random.Next(larger.Length)];
                return b.Pool(from.Name, from.Height - x.Height + 1, from.Width - x.Width + 1, 1, 1, 0, 0, sum: random.Next(2) == 0);
            case 8:
                Item[] coarse = [.. values.Where(v => v.Channels == c && x.Height % v.Height == 0 && x.Width % v.Width == 0 && x.Height / v.Height == x.Width / v.Width)];
                return coarse.Length == 0 ? old : Up(coarse[random.Next(coarse.Length)]);
            case 9:
                Item[] narrow = [.. values.Where(v => (v.Height, v.Width) == (x.Height, x.Width) && c % v.Channels == 0)];
                return narrow.Length == 0 ? old : Tiled(narrow[random.Next(narrow.Length)]);
            default:
                return old;
        }

        string Up(Item v) => b.Upsample(v.Name, x.Height / v.Height);

        string Tiled(Item v) => b.Tile(v.Name, c / v.Channels);
    }

    /// <summary>What a feed-forward network's hidden layer is made from, each part in one of its forms.</summary>
    private static Item FeedForward(GraphBuilder b, Random random, Item x)
    {
        int c = x.Channels;
        int factor = random.Next(3) == 0 ? random.Next(1, 5) : 1 << random.Next(1, 4);
        string tiled = b.Tile(x.Name, factor);
        string product = b.BinaryLinear(b.ShiftSign(x.Name, c), c, c * factor, counts: random.Next(2) == 0);
        string sum = random.Next(4) switch
        {
            0 => b.ScaledSum(c * factor, 2, product, tiled),
            1 => b.ScaledSum(c * factor, 2, tiled, product),
            2 => b.Add(tiled, product),
            _ => b.Add(product, tiled),
        };
        string hidden = random.Next(2) == 0 ? b.Leaky(sum, c * factor) : b.RPReLU(sum, c * factor);
        string second = b.BinaryLinear(b.ShiftSign(hidden, c * factor), c * factor, c, counts: random.Next(2) == 0);
        string mean = b.GroupMean(hidden, factor);
        string outer = random.Next(2) == 0 ? b.ScaledSum(c, 2, mean, second) : b.Add(second, mean);
        return x with { Name = random.Next(2) == 0 ? b.Leaky(outer, c) : outer };
    }

    private static string End(GraphBuilder b, Random random, Item last)
    {
        int c = last.Channels;
        switch (random.Next(6))
        {
            case 0:
                return b.Pool(last.Name, last.Height, last.Width, 1, 1, 0, 0, sum: true);
            case 1:
                return b.Leaky(b.MeanTokens(last.Name), c);
            case 2:
                return Counts(b, random, new Item(b.MeanTokens(last.Name), c, 1, 1)).Name;
            case 3:
                string mean = b.MeanTokens(last.Name);
                return b.ScaledSum(c, 2, b.Leaky(mean, c), mean);
            case 4:
                return b.Linear(b.Slice(last.Name, random.Next(last.Height * last.Width), 1), c, random.Next(1, 70), bias: false);
            default:
                return b.Linear(b.MeanTokens(last.Name), c, random.Next(1, 70));
        }
    }
}
