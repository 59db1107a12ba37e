using EdgeVit.Export;

namespace EdgeVit.Runtime.Tests;

/// <summary>The ops of float transformers: the interpreter against their definition in double, the kernels against the interpreter, and what
/// the validator refuses.</summary>
public class FloatOpsTests
{
    private const int Channels = 70;
    private readonly GraphBuilder _b = new(4, 3, 4, 6);
    private readonly string _x;

    public FloatOpsTests() => _x = _b.Conv2d("image", 3, Channels, 1, 1);

    public static TheoryData<string> Kernels => SessionTests.Kernels;

    [Fact]
    public void LayerNormNormsEachToken()
    {
        string y = _b.LayerNorm(_x, Channels);
        (IReadOnlyDictionary<string, Value> v, GraphNode node) = Run(y);
        for (int t = 0; t < 24; t++)
        {
            double[] row = [.. v[_x].Floats[(t * Channels)..((t + 1) * Channels)].Select(f => (double)f)];
            double mean = row.Average();
            double deviation = Math.Sqrt(row.Average(x => (x - mean) * (x - mean)) + 1e-5f);
            for (int c = 0; c < Channels; c++)
            {
                double expected = ((row[c] - mean) / deviation * Tensor(node, "scale")[c]) + Tensor(node, "offset")[c];
                Assert.Equal(expected, v[y].Floats[(t * Channels) + c], 3e-6);
            }
        }
    }

    [Fact]
    public void SoftmaxAttentionIsTheWeightedMeanOfValues()
    {
        const int Heads = 5;
        const int Size = Channels / Heads;
        string pooled = _b.Pool(_x, 2, 2, 2, 2, 0, 0);
        string values = _b.Affine(pooled, Channels);
        string y = _b.SoftmaxAttention(_x, pooled, values, Heads);
        (IReadOnlyDictionary<string, Value> v, _) = Run(y);
        for (int t = 0; t < 24; t++)
        {
            for (int head = 0; head < Heads; head++)
            {
                double[] p = [.. Enumerable.Range(0, 6).Select(j => Math.Exp(Enumerable.Range(head * Size, Size).Sum(c =>
                    (double)v[_x].Floats[(t * Channels) + c] * v[pooled].Floats[(j * Channels) + c]) / Math.Sqrt(Size)))];
                for (int c = head * Size; c < (head + 1) * Size; c++)
                {
                    double expected = Enumerable.Range(0, 6).Sum(j => p[j] * v[values].Floats[(j * Channels) + c]) / p.Sum();
                    Assert.Equal(expected, v[y].Floats[(t * Channels) + c], 3e-6);
                }
            }
        }
    }

    [Fact]
    public void TokensArePutBeforeAndTakenOut()
    {
        string more = _b.Prepend(_b.Gelu(_x), 2, Channels);
        string slice = _b.Slice(more, 1, 3);
        (IReadOnlyDictionary<string, Value> v, _) = Run(slice);
        float[] tokens = TensorData.Floats(_b.Tensors[_b.Build(slice).Nodes.Single(n => n.Op == Op.PrependTokens).Tensors["tokens"]]);
        Assert.Equal(new ValueShape(ValueKind.Tokens, Channels, 26, 1), v[more].Shape);
        Assert.Equal(new ValueShape(ValueKind.Tokens, Channels, 3, 1), v[slice].Shape);
        Assert.Equal(tokens[Channels..], v[slice].Floats[..Channels]);
        Assert.Equal(v[_x].Floats[..(2 * Channels)].Select(FloatMath.Gelu), v[slice].Floats[Channels..]);
    }

    [Fact]
    public void TokensOfAnotherValueArePutBefore()
    {
        string first = _b.Pool(_x, 2, 2, 2, 2, 0, 0);
        string both = _b.Prepend(_x, first);
        (IReadOnlyDictionary<string, Value> v, _) = Run(both);
        Assert.Equal(new ValueShape(ValueKind.Tokens, Channels, 30, 1), v[both].Shape);
        Assert.Equal([.. v[first].Floats, .. v[_x].Floats], v[both].Floats);
    }

    /// <summary>Gates below 0, between and above 2, and one that is no number, in every lane and in the tail.</summary>
    [Fact]
    public unsafe void AGateIsBroughtToZeroToTwo()
    {
        string gate = _b.Affine(_b.MeanTokens(_x), Channels), y = _b.Gate(_x, gate);
        (IReadOnlyDictionary<string, Value> v, _) = Run(y);
        for (int i = 0; i < 24 * Channels; i++)
        {
            Assert.Equal((float)((double)v[_x].Floats[i] * Math.Clamp((double)v[gate].Floats[i % Channels], 0, 2)), v[y].Floats[i]);
        }

        float[] all = [float.NaN, float.NegativeInfinity, -1, -0f, 0, float.Epsilon, 0.75f, 1, 2, MathF.BitIncrement(2), float.PositiveInfinity];
        float[] expected = [0, 0, 0, 0, 0, float.Epsilon, 0.75f, 1, 2, 2, 2];
        for (int count = 1; count <= 9; count++)
        {
            for (int i = 0; i < all.Length * count; i++)
            {
                float[] gates = [.. Enumerable.Range(i, count).Select(j => all[j % all.Length])], x = [.. Enumerable.Repeat(-3f, count)], found = new float[count];
                fixed (float* from = x, by = gates, to = found)
                {
                    FloatKernel.Gate(from, by, count, to);
                }

                Models.AssertSameBits([.. Enumerable.Range(i, count).Select(j => -3f * expected[j % all.Length])], found, $"{count} gates from {i}");
            }
        }
    }

    /// <summary>Transformers of odd widths, heads and token counts: the plan gives the interpreter's bits on every kernel set, alone and in a
    /// team; also with inputs that are no numbers.</summary>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void FloatTransformersGiveTheInterpretersBits(string kernel)
    {
        foreach ((int image, int patch, int width, int heads) in new[] { (8, 2, 64, 1), (12, 2, 72, 3), (10, 1, 15, 5), (4, 4, 192, 3), (9, 1, 130, 2) })
        {
            var b = new GraphBuilder(image, 3, image, image);
            ModelGraph graph = Transformer(b, image / patch, patch, width, heads);
            using EvitModel model = Models.Load(graph, b);
            float[] input = SelfTest.Input(3, graph.InputShape);
            var logits = new float[7];
            foreach (int threads in new[] { 1, 3 })
            {
                using Session session = model.CreateSession(new SessionOptions { Kernel = Models.Choice(kernel), Threads = threads });
                session.RunNchw(input, logits);
                float[] expected = Models.Logits(graph, b.Tensors, input);
                Assert.All(expected, v => Assert.True(float.IsFinite(v)));
                Models.AssertSameBits(expected, logits, $"{width} / {heads}, {kernel}, {threads} threads");
            }

            foreach (float bad in new[] { float.NaN, float.PositiveInfinity, 1e30f })
            {
                input[5] = bad;
                using Session session = model.CreateSession(new SessionOptions { Kernel = Models.Choice(kernel) });
                session.RunNchw(input, logits);
                Models.AssertSameBits(Models.Logits(graph, b.Tensors, input), logits, $"{width}, {kernel}, {bad}");
            }
        }
    }

    [Fact]
    public void WhatDoesNotFitIsRefused()
    {
        Refused((b, x) => b.SoftmaxAttention(x, x, x, 3), "70 channels can't be split into 3 heads");
        Refused((b, x) => b.SoftmaxAttention(x, x, b.Pool(x, 2, 2, 2, 2, 0, 0), 2), "keys like values");
        Refused((b, x) => b.SoftmaxAttention(x, b.ShiftSign(x, Channels), x, 2), "expected Tokens");
        Refused((b, x) => b.Slice(x, 20, 5), "tokens 20 to 24 are taken");
        Refused((b, x) => b.Slice(x, int.MaxValue, int.MaxValue), "are taken of");
        Refused((b, x) => b.Prepend(x, 1, Channels - 1), "floats [1, 70]");
        Refused((b, x) => b.Prepend(x, b.Linear(x, Channels, 3)), "expected Tokens of 70 channels");
        Refused((b, x) => b.Prepend(x, b.ShiftSign(x, Channels)), "expected Tokens of 70 channels");
        Refused((b, x) => b.Prepend(x, "image"), "expected Tokens of 70 channels");
        Refused((b, x) => b.Prepend(x, null, null), "neither a tensor 'tokens' nor a second input");
        Refused((b, x) => b.Prepend(x, x, Channels), "a tensor 'tokens' and a second input");
        Refused((b, x) => b.LayerNorm(x, Channels + 1), "floats [70]");
        Refused((b, x) => b.LayerNorm(x, Channels, -1e-5f), "at least 0");
        Refused((b, x) => b.LayerNorm(x, Channels, float.NaN), "at least 0");
        Refused((b, x) => b.Gate(x, x), "expected Tokens [1, 70]");
        Refused((b, x) => b.Gate(x, b.MeanTokens(b.Linear(x, Channels, 3))), "expected Tokens [1, 70]");
        Refused((b, x) => b.Gate(b.ShiftSign(x, Channels), b.MeanTokens(x)), "expected Tokens");
        Refused((b, x) => b.Gelu(b.ShiftSign(x, Channels)), "expected Tokens");

        // Tens of thousands of keys for as many queries: more work than any network's.
        var large = new GraphBuilder(1, 3, 180, 180);
        string tokens = large.Conv2d("image", 3, 64, 1, 1);
        string attended = large.SoftmaxAttention(tokens, tokens, tokens, 1);
        EvitFormatException e = Assert.Throws<EvitFormatException>(() => GraphValidator.Validate(large.Build(large.MeanTokens(attended)), large.Tensors));
        Assert.Contains("no network", e.Message, StringComparison.Ordinal);
    }

    private static ModelGraph Transformer(GraphBuilder b, int grid, int patch, int width, int heads)
    {
        string x = b.Prepend(b.Conv2d("image", 3, width, patch, patch), 1, width);
        x = b.Position(x, (grid * grid) + 1, width);
        for (int i = 0; i < 2; i++)
        {
            string a = b.LayerNorm(x, width);
            string attended = b.SoftmaxAttention(b.Linear(a, width, width), b.Linear(a, width, width), b.Linear(a, width, width), heads);
            x = b.Add(x, b.Linear(attended, width, width));
            string hidden = b.Gelu(b.Linear(b.LayerNorm(x, width), width, 2 * width));
            x = b.Add(x, b.Linear(hidden, 2 * width, width));
        }

        return b.Build(b.Linear(b.LayerNorm(b.Slice(x, 0, 1), width), width, 7, name: "logits"));
    }

    private static void Refused(Func<GraphBuilder, string, string> node, string expected)
    {
        var b = new GraphBuilder(2, 3, 4, 6);
        string output = node(b, b.Conv2d("image", 3, Channels, 1, 1));
        EvitFormatException e = Assert.Throws<EvitFormatException>(() => GraphValidator.Validate(b.Build(output), b.Tensors));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    private float[] Tensor(GraphNode node, string role) => TensorData.Floats(_b.Tensors[node.Tensors[role]]);

    private (IReadOnlyDictionary<string, Value> Values, GraphNode Node) Run(string output)
    {
        GraphNode node = _b.Build(output).Nodes.Single(n => n.Output == output);
        ModelGraph graph = _b.Build(_b.Linear(_b.MeanTokens(output), Channels, 2, name: "logits"));
        return (new GraphInterpreter(graph, _b.Tensors).Run(SelfTest.Input(1, graph.InputShape)), node);
    }
}
