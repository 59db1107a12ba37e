using EdgeVit.Export;

namespace EdgeVit.Runtime.Tests;

/// <summary>The interpreter against ops computed from their definition on numbers +1 and -1, in double.</summary>
public partial class GraphInterpreterTests
{
    private const int Channels = 70;
    private readonly GraphBuilder _b = new(3, 3, 4, 6);
    private readonly string _x;

    public GraphInterpreterTests() => _x = _b.Conv2d("image", 3, Channels, 1, 1);

    [Fact]
    public void SignsAreOfShiftedValuesAndZeroIsPlus()
    {
        string bits = _b.ShiftSign(_x, Channels);
        (IReadOnlyDictionary<string, Value> v, GraphNode node) = Run(bits);
        float[] shift = Tensor(node, "shift");
        for (int i = 0; i < v[_x].Floats.Length; i++)
        {
            Assert.Equal(v[_x].Floats[i] + shift[i % Channels] >= 0, v[bits].Bit(i / Channels, i % Channels));
        }

        var zero = Value.Tokens(new float[24 * Channels], Channels, 4, 6);
        Value signs = new GraphInterpreter(Graph(bits), _b.Tensors).Evaluate(
            node with { Tensors = new Dictionary<string, string> { ["shift"] = _b.Zeros(Channels) } }, new Dictionary<string, Value> { [_x] = zero });
        Assert.All(Enumerable.Range(0, Channels), c => Assert.True(signs.Bit(0, c)));
    }

    [Fact]
    public void BinaryLinearIsTheProductOfSigns()
    {
        string bits = _b.ShiftSign(_x, Channels);
        string y = _b.BinaryLinear(bits, Channels, 9);
        (IReadOnlyDictionary<string, Value> v, GraphNode node) = Run(y);
        ulong[] weight = TensorData.Words(_b.Tensors[node.Tensors["weight"]]);
        for (int t = 0; t < 24; t++)
        {
            for (int o = 0; o < 9; o++)
            {
                int sum = Enumerable.Range(0, Channels).Sum(k => (v[bits].Bit(t, k) ? 1 : -1) * (((weight[(o * 2) + (k >> 6)] >> k) & 1) != 0 ? 1 : -1));
                double expected = ((double)Tensor(node, "scale")[o] * sum) + Tensor(node, "offset")[o];
                Assert.Equal((float)expected, v[y].Floats[(t * 9) + o]);
            }
        }
    }

    [Fact]
    public void BinaryConvReadsItsWindowRowByRow()
    {
        string bits = _b.ShiftSign(_x, Channels);
        string y = _b.BinaryConv(bits, Channels, 5, 2);
        (IReadOnlyDictionary<string, Value> v, GraphNode node) = Run(y);
        ulong[] weight = TensorData.Words(_b.Tensors[node.Tensors["weight"]]);
        int words = ((4 * Channels) + 63) / 64;
        for (int t = 0; t < 6; t++)
        {
            for (int o = 0; o < 5; o++)
            {
                int sum = 0;
                for (int k = 0; k < 4 * Channels; k++)
                {
                    int token = (((2 * (t / 3)) + (k / Channels / 2)) * 6) + (2 * (t % 3)) + (k / Channels % 2);
                    bool w = ((weight[(o * words) + (k >> 6)] >> k) & 1) != 0;
                    sum += v[bits].Bit(token, k % Channels) == w ? 1 : -1;
                }

                Assert.Equal((float)(((double)Tensor(node, "scale")[o] * sum) + Tensor(node, "offset")[o]), v[y].Floats[(t * 5) + o]);
            }
        }
    }

    [Theory]
    [InlineData(3, 1, 1, 1)]
    [InlineData(3, 2, 1, 1)]
    [InlineData(3, 1, 2, 2)]
    [InlineData(2, 1, 1, 3)]
    [InlineData(1, 3, 0, 1)]
    public void ABinaryConvolutionsSignsOutsideOfTheGridArePlus(int kernel, int stride, int padding, int dilation)
    {
        string bits = _b.ShiftSign(_x, Channels);
        string y = _b.BinaryConv(bits, Channels, 5, new ConvWindow(kernel, stride, padding, dilation));
        (IReadOnlyDictionary<string, Value> v, GraphNode node) = Run(y);
        ulong[] weight = TensorData.Words(_b.Tensors[node.Tensors["weight"]]);
        int words = weight.Length / 5, rows = Size(4), columns = Size(6), outside = 0;
        Assert.Equal(new ValueShape(ValueKind.Tokens, 5, rows, columns), v[y].Shape);
        for (int oy = 0; oy < rows; oy++)
        {
            for (int ox = 0; ox < columns; ox++)
            {
                for (int o = 0; o < 5; o++)
                {
                    int sum = 0, k = 0;
                    for (int iy = (oy * stride) - padding; iy < (oy * stride) - padding + (kernel * dilation); iy += dilation)
                    {
                        for (int ix = (ox * stride) - padding; ix < (ox * stride) - padding + (kernel * dilation); ix += dilation)
                        {
                            bool isOutside = iy < 0 || iy >= 4 || ix < 0 || ix >= 6;
                            outside += isOutside ? 1 : 0;
                            for (int c = 0; c < Channels; c++, k++)
                            {
                                bool w = ((weight[(o * words) + (k >> 6)] >> k) & 1) != 0;
                                sum += (isOutside || v[bits].Bit((iy * 6) + ix, c)) == w ? 1 : -1;
                            }
                        }
                    }

                    Assert.Equal((float)(((double)Tensor(node, "scale")[o] * sum) + Tensor(node, "offset")[o]), v[y].Floats[(((oy * columns) + ox) * 5) + o]);
                }
            }
        }

        Assert.Equal(padding > 0, outside > 0);

        int Size(int size) => ((size + (2 * padding) - (((kernel - 1) * dilation) + 1)) / stride) + 1;
    }

    [Theory]
    [InlineData(3, 1, 1, true)]
    [InlineData(3, 2, 1, false)]
    [InlineData(2, 2, 0, true)]
    [InlineData(5, 1, 2, true)]
    public void ADepthwiseConvolutionKeepsChannelsApart(int kernel, int stride, int padding, bool bias)
    {
        string y = _b.Depthwise(_x, Channels, kernel, stride, padding, bias);
        (IReadOnlyDictionary<string, Value> v, GraphNode node) = Run(y);
        float[] weight = Tensor(node, "weight");
        int rows = Size(4), columns = Size(6);
        Assert.Equal(new ValueShape(ValueKind.Tokens, Channels, rows, columns), v[y].Shape);
        for (int i = 0; i < v[y].Floats.Length; i++)
        {
            (int t, int c) = int.DivRem(i, Channels);
            double sum = bias ? Tensor(node, "bias")[c] : 0, size = Math.Abs(sum);
            for (int iy = 0; iy < 4; iy++)
            {
                for (int ix = 0; ix < 6; ix++)
                {
                    (int ky, int kx) = (iy - (t / columns * stride) + padding, ix - (t % columns * stride) + padding);
                    if (ky >= 0 && ky < kernel && kx >= 0 && kx < kernel)
                    {
                        double product = (double)weight[(((ky * kernel) + kx) * Channels) + c] * v[_x].Floats[(((iy * 6) + ix) * Channels) + c];
                        (sum, size) = (sum + product, size + Math.Abs(product));
                    }
                }
            }

            Assert.Equal(sum, v[y].Floats[i], 1e-6 * size);
        }

        int Size(int size) => ((size + (2 * padding) - kernel) / stride) + 1;
    }

    [Fact]
    public void AttentionIsTheClippedSoftmax()
    {
        const int Heads = 5;
        const int Size = Channels / Heads;
        string q = _b.ShiftSign(_x, Channels);
        string pooled = _b.Pool(_x, 2, 2, 2, 2, 0, 0);
        string k = _b.ShiftSign(pooled, Channels);
        string val = _b.ShiftSign(_b.Affine(pooled, Channels), Channels);
        string y = _b.Attention(q, k, val, Channels, Heads, 6);
        (IReadOnlyDictionary<string, Value> v, GraphNode node) = Run(y);
        float[] clip = Tensor(node, "clip");
        int attended = 0;
        for (int t = 0; t < 24; t++)
        {
            for (int head = 0; head < Heads; head++)
            {
                double[] p = [.. Enumerable.Range(0, 6).Select(j =>
                    Math.Exp(Enumerable.Range(head * Size, Size).Sum(c => v[q].Bit(t, c) == v[k].Bit(j, c) ? 1 : -1) / Math.Sqrt(Size)))];
                double sum = p.Sum();
                bool[] bits = [.. p.Select(x => x / sum / clip[head] > 0.5)];
                attended += bits.Count(b => b);
                for (int c = head * Size; c < (head + 1) * Size; c++)
                {
                    int count = Enumerable.Range(0, 6).Sum(j => bits[j] ? (v[val].Bit(j, c) ? 1 : -1) : 0);
                    Assert.Equal((float)(((double)Tensor(node, "scale")[c] * count) + Tensor(node, "offset")[c]), v[y].Floats[(t * Channels) + c]);
                }
            }
        }

        Assert.InRange(attended, 24, (24 * Heads * 6) - 24);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(0, 1)]
    [InlineData(2, 1)]
    [InlineData(9, 0)]
    public void ShiftedChannelsComeFromBothSides(int rows, int columns)
    {
        // A channel of the odd blocks moved back where it came from by the even ones' rule is itself, but for what left the grid.
        var b = new GraphBuilder(2, 3, 5, 7);
        string x = b.Conv2d("image", 3, 50, 1, 1);
        string y = b.Shift(x, rows, columns);
        ModelGraph graph = b.Build(b.Linear(b.MeanTokens(y), 50, 3, name: "logits"));
        IReadOnlyDictionary<string, Value> v = new GraphInterpreter(graph, b.Tensors).Run(SelfTest.Input(1, graph.InputShape));
        for (int i = 0; i < 35 * 50; i++)
        {
            (int t, int c) = int.DivRem(i, 50);
            int sign = c is (>= 16 and < 32) or >= 48 ? 1 : -1;
            (int row, int column) = ((t / 7) + (sign * rows), (t % 7) + (sign * columns));
            float expected = row is >= 0 and < 5 && column is >= 0 and < 7 ? v[x].Floats[(((row * 7) + column) * 50) + c] : 0;
            Assert.Equal(expected, v[y].Floats[i]);
        }
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(1, true)]
    [InlineData(3, true)]
    public void AttentionOfSeveralLevelsIsTheRoundedSoftmaxOfTheOtherTokens(int levels, bool maskDiagonal)
    {
        const int Heads = 5;
        const int Size = Channels / Heads;
        string q = _b.ShiftSign(_b.Affine(_x, Channels), Channels);
        string k = _b.ShiftSign(_x, Channels);
        string val = _b.ShiftSign(_b.Affine(_x, Channels), Channels);
        string y = _b.Attention(q, k, val, Channels, Heads, 24, levels, maskDiagonal, temperatures: true);
        (IReadOnlyDictionary<string, Value> v, GraphNode node) = Run(y);
        float[] clip = Tensor(node, "clip");
        long[] exp = TensorData.Integers(_b.Tensors[node.Tensors["exp"]]);
        var seen = new int[levels + 1];
        for (int t = 0; t < 24; t++)
        {
            for (int head = 0; head < Heads; head++)
            {
                // The temperature is what the table says of one match more or less.
                double unit = Math.Log((double)exp[(head * (Size + 1)) + Size] / exp[(head * (Size + 1)) + Size - 1]);
                double[] p = [.. Enumerable.Range(0, 24).Select(j => maskDiagonal && j == t
                    ? 0
                    : Math.Exp(unit * Enumerable.Range(head * Size, Size).Count(c => v[q].Bit(t, c) == v[k].Bit(j, c))))];
                double sum = p.Sum();
                int[] level = [.. p.Select(x => (int)Math.Clamp(Math.Round(x / sum / clip[head]), 0, levels))];
                foreach (int l in level)
                {
                    seen[l]++;
                }

                for (int c = head * Size; c < (head + 1) * Size; c++)
                {
                    int count = Enumerable.Range(0, 24).Sum(j => level[j] * (v[val].Bit(j, c) ? 1 : -1));
                    Assert.Equal((float)(((double)Tensor(node, "scale")[c] * count) + Tensor(node, "offset")[c]), v[y].Floats[(t * Channels) + c]);
                }
            }
        }

        Assert.All(seen, n => Assert.True(n > 24, string.Join(", ", seen)));
    }

    [Fact]
    public void PoolsCountTheirPadding()
    {
        string y = _b.Pool(_x, 3, 1, 1, 1, 1, 0);
        (IReadOnlyDictionary<string, Value> v, _) = Run(y);
        float[] x = v[_x].Floats;
        Assert.Equal((x[0] + x[6 * Channels]) * (float)(1 / 3.0), v[y].Floats[0]);
        Assert.Equal((x[0] + x[6 * Channels] + x[12 * Channels]) * (float)(1 / 3.0), v[y].Floats[6 * Channels]);
    }

    [Fact]
    public void SharesOfChannelsAndTokens()
    {
        string tile = _b.Tile(_x, 3);
        string mean = _b.GroupMean(tile, 7);
        string up = _b.Upsample(mean, 2);
        (IReadOnlyDictionary<string, Value> v, _) = Run(up, 30);
        float[] x = v[_x].Floats;
        Assert.Equal(x[Channels + 5], v[tile].Floats[(3 * Channels) + (2 * Channels) + 5]);
        float sum = 0;
        for (int c = 0; c < 7; c++)
        {
            sum += x[7 + c];
        }

        Assert.Equal(sum * (float)(1 / 7.0), v[mean].Floats[1]);
        Assert.Equal(v[mean].Floats[(7 * 30) + 2], v[up].Floats[(((3 * 12) + 2) * 30) + 2]);
    }

    [Fact]
    public void TheRestFollowsItsFormula()
    {
        string affine = _b.Affine(_x, Channels);
        string act = _b.RPReLU(affine, Channels);
        string position = _b.Position(act, 24, Channels);
        string y = _b.Add(position, _x, affine);
        (IReadOnlyDictionary<string, Value> v, _) = Run(y);
        GraphNode a = Node(y, affine);
        GraphNode r = Node(y, act);
        GraphNode p = Node(y, position);
        for (int i = 0; i < 24 * Channels; i++)
        {
            int c = i % Channels;
            float z = MathF.FusedMultiplyAdd(Tensor(a, "scale")[c], v[_x].Floats[i], Tensor(a, "offset")[c]);
            Assert.Equal(z, v[affine].Floats[i]);
            float u = z - Tensor(r, "shift")[c];
            float w = MathF.FusedMultiplyAdd(Math.Min(u, 0), Tensor(r, "slope")[c] - 1, u) + Tensor(r, "offset")[c];
            Assert.Equal(w, v[act].Floats[i]);
            Assert.Equal(w + Tensor(p, "position")[i], v[position].Floats[i]);
            Assert.Equal(v[position].Floats[i] + v[_x].Floats[i] + z, v[y].Floats[i]);
        }
    }

    private float[] Tensor(GraphNode node, string role) => TensorData.Floats(_b.Tensors[node.Tensors[role]]);

    private ModelGraph Graph(string output, int channels = Channels)
    {
        string tokens = output.StartsWith("ShiftSign", StringComparison.Ordinal) ? _x : output;
        ModelGraph graph = _b.Build(output);
        channels = tokens == _x ? Channels : channels;
        return graph.Nodes.Any(n => n.Name == "logits") ? graph with { OutputName = "logits" } : _b.Build(_b.Linear(_b.MeanTokens(tokens), channels, 2, name: "logits"));
    }

    private (IReadOnlyDictionary<string, Value> Values, GraphNode Node) Run(string output, int? channels = null)
    {
        GraphNode node = _b.Build(output).Nodes.Single(n => n.Output == output);
        int width = channels ?? node.Op switch
        {
            Op.BinaryLinear => 9,
            Op.BinaryConv => 5,
            _ => Channels,
        };
        ModelGraph graph = Graph(output, width);
        return (new GraphInterpreter(graph, _b.Tensors).Run(SelfTest.Input(1, graph.InputShape)), node);
    }

    private GraphNode Node(string output, string name) => _b.Build(output).Nodes.Single(n => n.Name == name);
}
