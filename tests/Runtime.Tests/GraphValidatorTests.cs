using EdgeVit.Export;

namespace EdgeVit.Runtime.Tests;

public partial class GraphValidatorTests
{
    private readonly GraphBuilder _b = new(1, 3, 4, 4);
    private readonly string _tokens;

    public GraphValidatorTests() => _tokens = _b.Conv2d("image", 3, 8, 1, 1);

    [Fact]
    public void ShapesFollowTheOps()
    {
        string conv = _b.BinaryConv(_b.ShiftSign(_tokens, 8), 8, 12, 2);
        string up = _b.Upsample(_b.Tile(_b.GroupMean(conv, 3), 2), 3);
        ModelGraph graph = Finish(up, 8);
        IReadOnlyDictionary<string, ValueShape> shapes = GraphValidator.Validate(graph, _b.Tensors);
        Assert.Equal(new ValueShape(ValueKind.Tokens, 12, 2, 2), shapes[conv]);
        Assert.Equal(new ValueShape(ValueKind.Tokens, 8, 6, 6), shapes[up]);
        Assert.Equal(new ValueShape(ValueKind.Tokens, 5, 1, 1), shapes["logits"]);
    }

    [Fact]
    public void AValueMustBeWrittenBeforeItIsRead() => Wrong(g => g with { Nodes = [.. g.Nodes.Reverse()] }, "not written by an earlier node");

    [Fact]
    public void AValueIsWrittenOnce() => Wrong(g => Edit(g, 1, n => n with { Output = g.Nodes[0].Output }), "second time");

    [Fact]
    public void ANameIsUsedOnce() => Wrong(g => Edit(g, 1, n => n with { Name = g.Nodes[0].Name }), "used by an earlier node");

    [Fact]
    public void ATensorMustBeThere() => Wrong(g => Edit(g, 0, n => n with { Tensors = With(n.Tensors, "weight", "nowhere") }), "not in the file");

    [Fact]
    public void ARoleMustBeThere() => Wrong(g => Edit(g, 0, n => n with { Tensors = new Dictionary<string, string>() }), "'weight' is missing");

    [Fact]
    public void ARoleMustBeKnown() => Wrong(g => Edit(g, 0, n => n with { Tensors = With(n.Tensors, "wait", "t0") }), "unknown tensor role 'wait'");

    [Fact]
    public void AnAttributeMustBeKnown() => Wrong(g => Edit(g, 0, n => n with { Attributes = With(n.Attributes, "groups", 1) }), "unknown attribute 'groups'");

    [Fact]
    public void AnAttributeMustBeInRange() => Wrong(g => Edit(g, 0, n => n with { Attributes = With(n.Attributes, "stride", 0) }), "'stride' is 0");

    [Fact]
    public void TheOutputIsOneRow() => Wrong(g => g with { OutputName = g.Nodes[0].Output }, "expected Tokens [1, classes]");

    [Fact]
    public void WrongShapesAreNamed()
    {
        StoredTensor wrong = TensorData.Of("t0", new float[9], 9);
        EvitFormatException e = Assert.Throws<EvitFormatException>(() => GraphValidator.Validate(Finish(_tokens, 8), Replace("t0", wrong)));
        Assert.Contains("floats [outputs, 3, k, k]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NotANumberIsNoWeight()
    {
        StoredTensor wrong = TensorData.Of("t1", [0, 0, 0, float.NaN, 0, 0, 0, 0], 8);
        EvitFormatException e = Assert.Throws<EvitFormatException>(() => GraphValidator.Validate(Finish(_tokens, 8), Replace("t1", wrong)));
        Assert.Contains("NaN", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PaddingBitsAreZero()
    {
        ModelGraph graph = Finish(_b.BinaryLinear(_b.ShiftSign(_tokens, 8), 8, 2), 2);
        string name = graph.Nodes.Single(n => n.Op == Op.BinaryLinear).Tensors["weight"];
        EvitFormatException e = Assert.Throws<EvitFormatException>(() => GraphValidator.Validate(graph, Replace(name, TensorData.Of(name, [1UL, 1UL << 8], 2, 1))));
        Assert.Contains("padding bits set in row 1", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("levels", 0, "'levels' is 0, expected 1 to 3")]
    [InlineData("levels", 4, "'levels' is 4, expected 1 to 3")]
    [InlineData("maskDiagonal", 2, "'maskDiagonal' is 2, expected 0 to 1")]
    [InlineData("level", 3, "unknown attribute 'level', expected only heads, levels, maskDiagonal")]
    public void AttentionsOptionsAreInRange(string attribute, int value, string expected)
    {
        ModelGraph graph = Finish(Attention(_tokens), 8);
        Refused(Edit(graph, graph.Nodes.Count - 3, n => n with { Attributes = With(n.Attributes, attribute, value) }), _b.Tensors, expected);
    }

    [Theory]
    [InlineData("stride", 0, "'stride' is 0, expected 1 to 256")]
    [InlineData("padding", 3, "a window of 3 rows with padding 3 does not fit 4 rows; expected padding < window <= rows + 2 * padding")]
    [InlineData("dilation", 3, "a window of 7 rows with padding 1 does not fit 4 rows")]
    [InlineData("dilation", 256, "a window of 513 rows")]
    [InlineData("dilate", 1, "unknown attribute 'dilate', expected only kernel, counts, stride, padding, dilation")]
    public void AConvolutionsWindowFitsTheGrid(string attribute, int value, string expected)
    {
        ModelGraph graph = Finish(_b.BinaryConv(_b.ShiftSign(_tokens, 8), 8, 4, new ConvWindow(3, 1, 1, 1)), 4);
        Refused(Edit(graph, graph.Nodes.Count - 3, n => n with { Attributes = With(n.Attributes, attribute, value) }), _b.Tensors, expected);
    }

    [Fact]
    public void AttentionWithoutOptionsIsThatOfOneLevel()
    {
        ModelGraph graph = Finish(Attention(_tokens), 8);
        ModelGraph spelled = Edit(graph, graph.Nodes.Count - 3, n => n with { Attributes = With(With(n.Attributes, "levels", 1), "maskDiagonal", 0) });
        float[] input = SelfTest.Input(1, graph.InputShape);
        Assert.Equal(new GraphInterpreter(graph, _b.Tensors).Run(input)["logits"].Floats, new GraphInterpreter(spelled, _b.Tensors).Run(input)["logits"].Floats);
    }

    [Fact]
    public void OnlyWhatAttendsToItselfHasADiagonal()
    {
        Refused(Finish(Attention(_b.Pool(_tokens, 2, 2, 2, 2, 0, 0), mask: true), 8), _b.Tensors, "expected the same tokens, at least two");
        var b = new GraphBuilder(1, 3, 1, 1);
        string bits = b.ShiftSign(b.Conv2d("image", 3, 8, 1, 1), 8);
        Refused(b.Build(b.Attention(bits, bits, bits, 8, 2, 1, maskDiagonal: true)), b.Tensors, "at least two");
    }

    [Fact]
    public void CountsOfAllLevelsFitSixteenBits()
    {
        var b = new GraphBuilder(1, 1, 104, 106);
        string bits = b.ShiftSign(b.Conv2d("image", 1, 8, 1, 1), 8);
        Refused(b.Build(b.Attention(bits, bits, bits, 8, 2, 104 * 106, levels: 3)), b.Tensors, "11024 keys at 3 levels, expected at most 10922");
    }

    [Fact]
    public void EachHeadsTableAscends()
    {
        ModelGraph graph = Finish(Attention(_tokens), 8);
        string name = graph.Nodes.Single(n => n.Op == Op.BinaryAttention).Tensors["exp"];
        Refused(graph, Replace(name, TensorData.Of(name, new long[15], 3, 5)), "expected I64 [5] or [2, 5] for 2 heads of 4 channels");
        Refused(graph, Replace(name, TensorData.Of(name, [1L, 2, 3, 4, 5, 0, 1, 9, 8, 9], 2, 5)), "holds 8 after 9");
        Assert.NotEmpty(GraphValidator.Validate(graph, Replace(name, TensorData.Of(name, [1L, 2, 3, 4, 5, 0, 1, 8, 8, 9], 2, 5))));
    }

    [Fact]
    public void AFewBytesCanNotAskForGigabytes()
    {
        string x = _tokens;
        for (int i = 0; i < 4; i++)
        {
            x = _b.Upsample(x, 200);
        }

        EvitFormatException e = Assert.Throws<EvitFormatException>(() => GraphValidator.Validate(Finish(x, 8), _b.Tensors));
        Assert.Contains("at most", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SizesThatWrapAroundAreRefused()
    {
        var b = new GraphBuilder(1, 3, 1, 1 << 23);
        string x = b.Conv2d("image", 3, 1, 1, 1, 0);
        EvitFormatException e = Assert.Throws<EvitFormatException>(() => GraphValidator.Validate(b.Build(b.Pool(x, 2, 2, 1, 1, 1, 1)), b.Tensors));
        Assert.Contains("at most", e.Message, StringComparison.Ordinal);

        b = new GraphBuilder(1, 1, 1, 1 << 25);
        ModelGraph graph = b.Build(b.Conv2d("image", 1, 1, 256, 1, 255));
        e = Assert.Throws<EvitFormatException>(() => GraphValidator.Validate(graph, b.Tensors));
        Assert.Contains("at most", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AShiftMoves()
    {
        foreach ((int rows, string complaint) in new[] { (0, "that is no shift"), (257, "'rows' is 257, expected 0 to 256") })
        {
            var b = new GraphBuilder(1, 3, 4, 4);
            ModelGraph graph = b.Build(b.Linear(b.MeanTokens(b.Shift(b.Conv2d("image", 3, 8, 1, 1), rows, 0)), 8, 3, name: "logits"));
            EvitFormatException e = Assert.Throws<EvitFormatException>(() => GraphValidator.Validate(graph, b.Tensors));
            Assert.Contains(complaint, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AFewBytesCanNotRunForHours()
    {
        string x = _b.Upsample(_tokens, 100);
        for (int i = 0; i < 200; i++)
        {
            x = _b.Pool(x, 255, 255, 1, 1, 127, 127);
        }

        EvitFormatException e = Assert.Throws<EvitFormatException>(() => GraphValidator.Validate(Finish(x, 8), _b.Tensors));
        Assert.Contains("no network", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CostsAreCounted()
    {
        ModelGraph graph = Finish(_b.BinaryLinear(_b.ShiftSign(_tokens, 8), 8, 20), 20);
        IReadOnlyList<NodeFacts> facts = GraphCost.Of(graph, _b.Tensors);
        Assert.Equal(16 * 3 * 8, facts[0].Cost.FloatMacs);
        NodeFacts linear = facts.Single(f => f.Node.Op == Op.BinaryLinear);
        Assert.Equal(16 * 8 * 20, linear.Cost.BinaryMacs);
        Assert.Equal(160, linear.WeightBits);
        Assert.Equal((20 * 8) + (2 * 20 * 4), linear.Bytes);
    }

    private static ModelGraph Edit(ModelGraph graph, int index, Func<GraphNode, GraphNode> edit) =>
        graph with { Nodes = [.. graph.Nodes.Select((n, i) => i == index ? edit(n) : n)] };

    private static Dictionary<string, T> With<T>(IReadOnlyDictionary<string, T> from, string key, T value) => new(from) { [key] = value };

    private Dictionary<string, StoredTensor> Replace(string name, StoredTensor tensor) => new(_b.Tensors) { [name] = tensor };

    private ModelGraph Finish(string x, int channels) => _b.Build(_b.Linear(_b.MeanTokens(x), channels, 5, name: "logits"));

    /// <summary>Attention of all tokens, two heads, to some.</summary>
    private string Attention(string keys, bool mask = false)
    {
        string bits = _b.ShiftSign(keys, 8);
        return _b.Attention(_b.ShiftSign(_tokens, 8), bits, bits, 8, 2, 16, maskDiagonal: mask);
    }

    private static void Refused(ModelGraph graph, IReadOnlyDictionary<string, StoredTensor> tensors, string expected) =>
        Assert.Contains(expected, Assert.Throws<EvitFormatException>(() => GraphValidator.Validate(graph, tensors)).Message, StringComparison.Ordinal);

    private void Wrong(Func<ModelGraph, ModelGraph> edit, string expected)
    {
        ModelGraph graph = edit(Finish(_b.RPReLU(_tokens, 8), 8));
        EvitFormatException e = Assert.Throws<EvitFormatException>(() => GraphValidator.Validate(graph, _b.Tensors));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryOpHasItsName()
    {
        Assert.Equal(Enum.GetNames<Op>(), Ops.All.Select(r => r.Name));
        Assert.All(Enum.GetValues<Op>(), op => Assert.Equal(op, Ops.Parse(Ops.Of(op).Name)));
        Assert.Null(Ops.Parse("0"));
    }
}
