namespace EdgeVit.Runtime.Tests;

/// <content>Windows and biases of attention that fit nothing.</content>
public partial class GraphValidatorTests
{
    [Theory]
    [InlineData("window", 0, "'window' is 0, expected 1 to 256")]
    [InlineData("window", 3, "'window' is 3, but query is Bits [16, 8] of 4 x 4 and key Bits [16, 8] of 4 x 4; expected the same tokens, on a grid whose sides are multiples of it")]
    [InlineData("pattern", 1, "'pattern' is given without 'window'")]
    [InlineData("shift", 1, "'shift' is given without 'window'")]
    public void WindowsDivideTheGrid(string attribute, int value, string expected)
    {
        ModelGraph graph = Finish(Attention(_tokens), 8);
        Refused(Edit(graph, graph.Nodes.Count - 3, n => n with { Attributes = With(n.Attributes, attribute, value) }), _b.Tensors, expected);
    }

    [Theory]
    [InlineData("shift", 2, 0, "'shift' is 2, expected 0 to 1, less than 'window'")]
    [InlineData("shift", 1, 1, "'shift' is 1, expected 0, as 'pattern' is 1, a grid")]
    [InlineData("pattern", 2, 0, "'pattern' is 2, expected 0 to 1")]
    [InlineData("shift", 1, 0, null)]
    public void ShiftsAreLessThanAWindow(string attribute, int value, int pattern, string? expected)
    {
        ModelGraph graph = Finish(Attention(_tokens), 8);
        ModelGraph windows = Edit(graph, graph.Nodes.Count - 3, n => n with { Attributes = With(With(With(n.Attributes, "window", 2), "pattern", pattern), attribute, value) });
        if (expected is null)
        {
            Assert.NotEmpty(GraphValidator.Validate(windows, _b.Tensors));
            return;
        }

        Refused(windows, _b.Tensors, expected);
    }

    [Fact]
    public void WindowsAreOfQueriesAndKeysOfOneGrid()
    {
        ModelGraph graph = Finish(Attention(_b.Pool(_tokens, 2, 2, 2, 2, 0, 0)), 8);
        Refused(Edit(graph, graph.Nodes.Count - 3, n => n with { Attributes = With(n.Attributes, "window", 2) }), _b.Tensors, "expected the same tokens, on a grid");
    }

    [Fact]
    public void ABiasHasAValueForEachHeadQueryAndKey()
    {
        ModelGraph graph = Finish(Attention(_tokens), 8);
        ModelGraph biased = Edit(graph, graph.Nodes.Count - 3, n => n with { Tensors = new Dictionary<string, string>(n.Tensors) { ["bias"] = "b" } });
        Refused(biased, Replace("b", TensorData.Of("b", new sbyte[2 * 16 * 15], 2, 16, 15)), "expected I8 [2, 16, 16] for 2 heads, 16 queries and 16 keys");
        Refused(biased, Replace("b", TensorData.Of("b", new float[512], 2, 16, 16)), "tensor 'b' (bias) is F32 [2, 16, 16], expected I8");
        Assert.NotEmpty(GraphValidator.Validate(biased, Replace("b", TensorData.Of("b", new sbyte[512], 2, 16, 16))));
        ModelGraph windows = Edit(biased, biased.Nodes.Count - 3, n => n with { Attributes = With(n.Attributes, "window", 2) });
        Refused(windows, Replace("b", TensorData.Of("b", new sbyte[512], 2, 16, 16)), "expected I8 [2, 4, 4] for 2 heads, 4 queries and 4 keys of a window");
        Assert.NotEmpty(GraphValidator.Validate(windows, Replace("b", TensorData.Of("b", new sbyte[32], 2, 4, 4))));
    }
}
