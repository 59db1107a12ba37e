namespace EdgeVit.Runtime.Tests;

/// <content>The forms of constants that were moved: valid ones pass, others are refused with what is wrong.</content>
public partial class GraphValidatorTests
{
    [Fact]
    public void FoldedFormsPass()
    {
        string bits = _b.ShiftSign(_tokens, 8);
        string sum = _b.ScaledSum(8, 0b0100, _tokens, _b.Leaky(_tokens, 8), _tokens, _b.BinaryLinear(bits, 8, 8, counts: true));
        string pool = _b.Pool(_b.BinaryConv(_b.ShiftSign(sum, 8), 8, 8, 2, counts: true), 2, 2, 1, 1, 1, 1, sum: true);
        IReadOnlyDictionary<string, ValueShape> shapes = GraphValidator.Validate(Finish(pool, 8), _b.Tensors);
        Assert.Equal(new ValueShape(ValueKind.Tokens, 8, 4, 4), shapes[sum]);
        Assert.Equal(new ValueShape(ValueKind.Tokens, 8, 3, 3), shapes[pool]);
    }

    [Fact]
    public void ASumHas64InputsAtMost()
    {
        GraphValidator.Validate(Finish(_b.ScaledSum(8, 2, [.. Enumerable.Repeat(_tokens, 64)]), 8), _b.Tensors);
        var b = new GraphBuilder(1, 3, 4, 4);
        string x = b.Conv2d("image", 3, 8, 1, 1);
        Refused(b.Build(b.ScaledSum(8, 2, [.. Enumerable.Repeat(x, 65)])), b.Tensors, "graph node 'ScaledSum1' (ScaledSum): 65 inputs, expected 2 to 64");
    }

    [Theory]
    [InlineData(new string[0], "no tensors, expected at least one of scale1 to scale2 and no other, as there are 3 inputs")]
    [InlineData(new[] { "scale1", "scale3" }, "tensors scale1, scale3, expected at least one of scale1 to scale2 and no other, as there are 3 inputs")]
    [InlineData(new[] { "scale0", "scale1" }, "unknown tensor role 'scale0', expected only scale1 to scale63")]
    [InlineData(new[] { "scale64" }, "unknown tensor role 'scale64', expected only scale1 to scale63")]
    [InlineData(new[] { "scale01" }, "unknown tensor role 'scale01', expected only scale1 to scale63")]
    [InlineData(new[] { "scale" }, "unknown tensor role 'scale', expected only scale1 to scale63")]
    public void EveryScaleBelongsToAnInput(string[] roles, string expected)
    {
        ModelGraph graph = Finish(_b.ScaledSum(8, 2, _tokens, _tokens, _tokens), 8);
        string scale = graph.Nodes[^3].Tensors["scale1"];
        Refused(
            Edit(graph, graph.Nodes.Count - 3, n => n with { Tensors = roles.ToDictionary(r => r, _ => scale) }), _b.Tensors, $"graph node '{graph.Nodes[^3].Name}' (ScaledSum): {expected}");
    }

    [Fact]
    public void ASumOfTwoHasOneScale() => Refused(
        Edit(Finish(_b.ScaledSum(8, 2, _tokens, _tokens), 8), 1, n => n with { Tensors = With(n.Tensors, "scale2", "t0") }), _b.Tensors,
        "tensors scale1, scale2, expected scale1 and no other, as there are 2 inputs");

    [Fact]
    public void AScaleIsOneFiniteFloatAChannel()
    {
        ModelGraph graph = Finish(_b.ScaledSum(8, 4, _tokens, _tokens, _tokens), 8);
        string scale = graph.Nodes[1].Tensors["scale2"];
        Refused(graph, Replace(scale, TensorData.Of(scale, new float[7], 7)), $"(ScaledSum): tensor '{scale}' (scale2) is F32 [7], expected floats [8]");
        Refused(graph, Replace(scale, TensorData.Of(scale, new float[8], 1, 8)), "(scale2) is F32 [1, 8], expected floats [8]");
        Refused(graph, Replace(scale, TensorData.Of(scale, new ulong[8], 8)), "(scale2) is U64 [8], expected floats [8]");
        Refused(graph, Replace(scale, TensorData.Of(scale, [0, 0, 0, 0, 0, 0, 0, float.NaN], 8)), $"tensor '{scale}' (scale2) holds a NaN or an infinity, expected finite floats");
        GraphValidator.Validate(graph, Replace(scale, TensorData.Of(scale, [0, 0, 0, 0, 0, 0, 0, -0f], 8)));
    }

    [Fact]
    public void TheInputsOfAScaledSumAreAlike()
    {
        string other = _b.Pool(_tokens, 1, 2, 1, 1, 0, 0);
        (ValueShape found, ValueShape expected) = (new(ValueKind.Tokens, 8, 4, 3), new(ValueKind.Tokens, 8, 4, 4));
        Refused(Finish(_b.ScaledSum(8, 4, _tokens, _tokens, other), 8), _b.Tensors, $"(ScaledSum): input '{other}' is {found}, expected {expected} as its first input");
    }

    [Fact]
    public void BitsAndImagesAreNotSummed()
    {
        var b = new GraphBuilder(1, 8, 4, 4);
        Refused(b.Build(b.ScaledSum(8, 2, "image", "image")), b.Tensors, "expected Tokens");
        string bits = _b.ShiftSign(_tokens, 8);
        Refused(_b.Build(_b.ScaledSum(8, 2, bits, bits)), _b.Tensors, "expected Tokens");
    }

    [Fact]
    public void AJoinedSumBeginsWithAProductOfItsOwn()
    {
        string bits = _b.ShiftSign(_tokens, 8);
        string counts = _b.BinaryLinear(bits, 8, 8, counts: true);
        string attention = _b.Attention(bits, bits, bits, 8, 1, 16);
        string read = _b.BinaryLinear(bits, 8, 8, counts: true);
        string signs = _b.BinaryLinear(bits, 8, 8);
        string[] sums =
        [
            _b.Add(counts, _tokens), _b.ScaledSum(8, 4, attention, _tokens, _tokens),
            _b.Add(read, _tokens), _b.Add(signs, _tokens), _b.Add(_tokens, _tokens), _b.ScaledSum(8, 2, _b.BinaryLinear(bits, 8, 8, counts: true), _tokens),
        ];
        ModelGraph graph = Finish(_b.Add([.. sums, read]), 8);
        for (int i = 0; i < sums.Length; i++)
        {
            int index = graph.Nodes.ToList().FindIndex(n => n.Output == sums[i]);
            ModelGraph joined = Edit(graph, index, n => n with { Attributes = With(n.Attributes, "joined", 1) });
            if (i < 2)
            {
                GraphValidator.Validate(joined, _b.Tensors);
                Refused(Edit(graph, index, n => n with { Attributes = With(n.Attributes, "joined", 0) }), _b.Tensors, "attribute 'joined' is 0, expected 1 or no such attribute");
            }
            else
            {
                Refused(joined, _b.Tensors, "attribute 'joined', expected as first input a product that counts or an attention, which nothing else reads, and no scale1");
            }
        }
    }

    [Theory]
    [InlineData("shift", "tensor 'offset' without 'shift', expected both or neither")]
    [InlineData("offset", "tensor 'shift' without 'offset', expected both or neither")]
    [InlineData("slope", "tensor 'slope' is missing, expected slope")]
    public void ShiftAndOffsetComeTogether(string without, string expected)
    {
        ModelGraph graph = Finish(_b.RPReLU(_tokens, 8), 8);
        Refused(
            Edit(graph, 1, n => n with { Tensors = n.Tensors.Where(t => t.Key != without).ToDictionary(t => t.Key, t => t.Value) }), _b.Tensors, $"(RPReLU): {expected}");
    }

    [Theory]
    [InlineData(Op.BinaryLinear, "counts", 0, "attribute 'counts' is 0, expected 1 or no such attribute")]
    [InlineData(Op.BinaryLinear, "counts", 2, "attribute 'counts' is 2, expected 1 or no such attribute")]
    [InlineData(Op.BinaryConv, "counts", -1, "attribute 'counts' is -1, expected 1 or no such attribute")]
    [InlineData(Op.AvgPool2d, "sum", 0, "attribute 'sum' is 0, expected 1 or no such attribute")]
    [InlineData(Op.AvgPool2d, "sum", 2, "attribute 'sum' is 2, expected 1 or no such attribute")]
    [InlineData(Op.AvgPool2d, "counts", 1, "unknown attribute 'counts', expected only kernelH, kernelW, strideH, strideW, paddingH, paddingW, sum")]
    [InlineData(Op.BinaryLinear, "sum", 1, "unknown attribute 'sum', expected only counts")]
    [InlineData(Op.BinaryConv, "sum", 1, "unknown attribute 'sum', expected only kernel, counts, stride, padding, dilation")]
    [InlineData(Op.Linear, "counts", 1, "unknown attribute 'counts', expected only none")]
    [InlineData(Op.BinaryAttention, "counts", 1, "unknown attribute 'counts', expected only heads, levels, maskDiagonal")]
    [InlineData(Op.MeanTokens, "sum", 1, "unknown attribute 'sum', expected only none")]
    internal void FlagsAreOneAndBelongToTheirOps(Op op, string attribute, int value, string expected)
    {
        string bits = _b.ShiftSign(_b.Pool(_tokens, 1, 1, 1, 1, 0, 0), 8);
        string product = _b.BinaryLinear(_b.ShiftSign(_b.Attention(bits, bits, bits, 8, 2, 16), 8), 8, 8);
        ModelGraph graph = Finish(_b.BinaryConv(_b.ShiftSign(product, 8), 8, 8, 2), 8);
        GraphValidator.Validate(graph, _b.Tensors);
        int index = Enumerable.Range(0, graph.Nodes.Count).First(i => graph.Nodes[i].Op == op);
        Refused(Edit(graph, index, n => n with { Attributes = With(n.Attributes, attribute, value) }), _b.Tensors, $"graph node '{graph.Nodes[index].Name}' ({op}): {expected}");
    }
}
