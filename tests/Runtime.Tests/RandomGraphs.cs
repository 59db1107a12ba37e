namespace EdgeVit.Runtime.Tests;

/// <summary>Random graphs without a plan behind them: any op after any other that its shapes allow. Graphs of even seeds run as they are.</summary>
internal static partial class RandomGraphs
{
    private sealed record Item(string Name, int Channels, int Height, int Width);

    internal static (ModelGraph Graph, GraphBuilder Builder) Build(int seed)
    {
        var random = new Random(seed);
        int side = random.Next(3, 10);
        int width = random.Next(2) == 0 ? 64 * random.Next(1, 3) : random.Next(1, 150);
        var b = new GraphBuilder(seed, 3, side, side + random.Next(3));
        int kernel = random.Next(1, 4);
        int padding = random.Next(0, kernel);
        int stride = random.Next(1, 3);
        string first = b.Conv2d("image", b.InputShape[0], width, kernel, stride, padding, random.Next(2) == 0);
        var values = new List<Item> { new(first, width, Size(b.InputShape[1]), Size(b.InputShape[2])) };
        for (int i = random.Next(4, 14); i > 0; i--)
        {
            Item x = values[random.Next(values.Count)];
            values.Add(Next(b, random, x, values));
        }

        Item last = values[^1];
        string pooled = last.Height * last.Width == 1 ? last.Name : b.MeanTokens(last.Name);
        return (b.Build(b.Linear(pooled, last.Channels, random.Next(1, 70), name: "logits")) with { Name = (seed & 1) == 0 ? EvitBytes.AsItIs : "folded" }, b);

        int Size(int size) => ((size + (2 * padding) - kernel) / stride) + 1;
    }

    /// <summary>A binary convolution of any stride, padding and dilation; half of them keep the grid, as mixers do.</summary>
    private static Item Windows(GraphBuilder b, Random random, Item x, bool counts)
    {
        int c = x.Channels;
        int kernel = 9 * c > GraphValidator.MaxInputs ? 1 : random.Next(1, 4);
        int dilation = random.Next(1, 3);
        int span = ((kernel - 1) * dilation) + 1;
        var window = new ConvWindow(kernel, 1, span / 2, dilation);
        if (random.Next(2) == 0)
        {
            int least = Math.Max(0, (span - Math.Min(x.Height, x.Width) + 1) / 2);
            window = new ConvWindow(kernel, random.Next(1, 4), random.Next(least, Math.Max(least + 1, span)), dilation);
        }

        int outputs = random.Next(2) == 0 ? c : random.Next(1, 130);
        return new Item(b.BinaryConv(b.ShiftSign(x.Name, c), c, outputs, window, counts), outputs, Size(x.Height), Size(x.Width));

        int Size(int size) => ((size + (2 * window.Padding) - span) / window.Stride) + 1;
    }

    /// <summary>Windows of a side that divides the grid, where queries and keys are of one; null for none.</summary>
    private static WindowForm? Windows(Random random, Item x, Item keys, bool own)
    {
        int[] sides = [.. Enumerable.Range(own ? 2 : 1, 9).Where(s => x.Height % s == 0 && x.Width % s == 0)];
        if ((keys.Height, keys.Width) != (x.Height, x.Width) || sides.Length == 0 || random.Next(3) == 0)
        {
            return null;
        }

        (int side, bool grid) = (sides[random.Next(sides.Length)], random.Next(2) == 0);
        return new WindowForm(side, grid, grid ? 0 : random.Next(side));
    }

    private static Item Next(GraphBuilder b, Random random, Item x, List<Item> values)
    {
        int c = x.Channels;
        switch (random.Next(23))
        {
            case 0:
                return x with { Name = b.Affine(x.Name, c) };
            case 1:
                return x with { Name = b.RPReLU(x.Name, c) };
            case 2:
                return x with { Name = b.Position(x.Name, x.Height * x.Width, c) };
            case 3 or 4:
                int outputs = random.Next(1, 200);
                return x with { Name = b.BinaryLinear(b.ShiftSign(x.Name, c), c, outputs), Channels = outputs };
            case 5 when random.Next(2) == 0:
                return Windows(b, random, x, counts: false);
            case 5 when x.Height > 1 && x.Width > 1:
                int kernel = random.Next(1, Math.Min(x.Height, x.Width) + 1);
                kernel = kernel * kernel * c > GraphValidator.MaxInputs ? 1 : kernel;
                return new Item(b.BinaryConv(b.ShiftSign(x.Name, c), c, 2 * c, kernel), 2 * c, x.Height / kernel, x.Width / kernel);
            case 6:
                int heads = Enumerable.Range(1, c).Where(h => c % h == 0).OrderBy(_ => random.Next()).First();
                Item keys = values.Where(v => v.Channels == c).OrderBy(_ => random.Next()).First();
                bool own = (keys.Height, keys.Width) == (x.Height, x.Width) && x.Height * x.Width > 1 && random.Next(2) == 0;
                var form = new Random((31 * c) + values.Count);
                return x with
                {
                    Name = b.Attention(
                        b.ShiftSign(x.Name, c), b.ShiftSign(keys.Name, c), b.ShiftSign(keys.Name, c), c, heads, keys.Height * keys.Width,
                        levels: random.Next(2) == 0 ? 1 : random.Next(1, 4), own, temperatures: random.Next(3) == 0,
                        Windows(form, x, keys, own), form.Next(2) == 0 ? (x.Height * x.Width, form.Next(1, 128)) : null, form.Next(3) == 0),
                };
            case 7:
                string[] same = [.. values.Where(v => (v.Channels, v.Height, v.Width) == (c, x.Height, x.Width)).Select(v => v.Name)];
                return x with { Name = b.Add([.. Enumerable.Range(0, random.Next(2, 5)).Select(_ => same[random.Next(same.Length)])]) };
            case 8:
                int kh = random.Next(1, x.Height + 1);
                int kw = random.Next(1, x.Width + 1);
                (int sh, int sw, int ph, int pw) = (random.Next(1, 3), random.Next(1, 3), random.Next(0, kh), random.Next(0, kw));
                return new Item(b.Pool(x.Name, kh, kw, sh, sw, ph, pw), c, ((x.Height + (2 * ph) - kh) / sh) + 1, ((x.Width + (2 * pw) - kw) / sw) + 1);
            case 9 when x.Height * x.Width < 100:
                int factor = random.Next(1, 4);
                return new Item(b.Upsample(x.Name, factor), c, factor * x.Height, factor * x.Width);
            case 10 when c < 300:
                int tile = random.Next(1, 5);
                return x with { Name = b.Tile(x.Name, tile), Channels = c * tile };
            case 11:
                int group = Enumerable.Range(1, c).Where(e => c % e == 0 && e <= 16).OrderBy(_ => random.Next()).First();
                return x with { Name = b.GroupMean(x.Name, group), Channels = c / group };
            case 12:
                return x with { Name = b.LayerNorm(x.Name, c) };
            case 13:
                return x with { Name = b.Gelu(x.Name) };
            case 14:
                int parts = Enumerable.Range(1, c).Where(h => c % h == 0).OrderBy(_ => random.Next()).First();
                Item[] like = [.. values.Where(v => v.Channels == c)];
                Item key = like[random.Next(like.Length)];
                Item[] alike = [.. like.Where(v => (v.Height, v.Width) == (key.Height, key.Width))];
                return x with { Name = b.SoftmaxAttention(x.Name, key.Name, alike[random.Next(alike.Length)].Name, parts) };
            case 15 when x.Height * x.Width < 150:
                int more = random.Next(1, 3);
                return new Item(b.Prepend(x.Name, more, c), c, more + (x.Height * x.Width), 1);
            case 19 when x.Height * x.Width < 150:
                Item[] others = [.. values.Where(v => v.Channels == c && v.Height * v.Width < 150)];
                Item before = others[random.Next(others.Length)];
                return new Item(b.Prepend(x.Name, before.Name), c, (before.Height * before.Width) + (x.Height * x.Width), 1);
            case 16:
                int start = random.Next(x.Height * x.Width);
                int count = random.Next(1, (x.Height * x.Width) - start + 1);
                return new Item(b.Slice(x.Name, start, count), c, count, 1);
            case 17:
                return x with { Name = b.Shift(x.Name, 1, 0) };
            case 18:
                (int rows, int columns) = (random.Next(4), random.Next(4));
                string moved = b.Shift(x.Name, rows, rows == 0 ? columns + 1 : columns);
                return x with { Name = random.Next(2) == 0 ? moved : b.Add(x.Name, x.Name, b.Affine(moved, c), b.Affine(b.Shift(x.Name, 0, 1), c)) };
            case 20 or 21:
                int taps = random.Next(1, 4);
                (int by, int around) = (random.Next(1, 3), random.Next(Math.Max(0, (taps - Math.Min(x.Height, x.Width) + 1) / 2), taps));
                return new Item(
                    b.Depthwise(x.Name, c, taps, by, around, random.Next(2) == 0), c, ((x.Height + (2 * around) - taps) / by) + 1, ((x.Width + (2 * around) - taps) / by) + 1);
            case 22 when random.Next(2) == 0:
                Item[] gates = [.. values.Where(v => v.Channels == c)];
                Item gate = gates[random.Next(gates.Length)];
                return x with { Name = b.Gate(x.Name, gate.Height * gate.Width == 1 ? gate.Name : b.MeanTokens(gate.Name)) };
            default:
                int floats = random.Next(1, 100);
                return x with { Name = b.Linear(x.Name, c, floats, random.Next(2) == 0), Channels = floats };
        }
    }
}
