using EdgeVit.Export;

namespace EdgeVit.Runtime.Tests;

/// <content>The forms of constants that were moved, on numbers that one can compute by heart.</content>
public partial class GraphInterpreterTests
{
    [Fact]
    public void AScaledSumAddsItsInputsTimesTheirScales()
    {
        var b = new GraphBuilder(1, 3, 1, 2);
        string x = b.Conv2d("image", 3, 3, 1, 1);
        (string first, string second) = (b.Affine(x, 3), b.Affine(x, 3));
        string sum = b.ScaledSum(3, 0b1010, x, first, second, x);
        float[] y = Evaluate(
            b, sum, [("scale1", TensorData.Of("", [0.5f, -1, 0.25f], 3)), ("scale3", TensorData.Of("", [2f, 0, -2], 3))],
            (x, Value.Tokens([1, 2, 3, 4, 5, 6], 3, 1, 2)),
            (first, Value.Tokens([10, 20, 30, 40, 50, 60], 3, 1, 2)),
            (second, Value.Tokens([7, -8, 9, 0, 1, 2], 3, 1, 2)));
        Assert.Equal([15, -26, 13.5f, 32, -44, 11], y);
    }

    [Fact]
    public void AScaledSumRoundsOnceForEachInput()
    {
        // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24, whose last bit is lost where the product is rounded by itself.
        var b = new GraphBuilder(1, 1, 1, 1);
        string x = b.Conv2d("image", 1, 1, 1, 1);
        string other = b.Affine(x, 1);
        float[] y = Evaluate(
            b, b.ScaledSum(1, 2, x, other), [("scale1", TensorData.Of("", [1 + MathF.ScaleB(1, -12)], 1))],
            (x, Value.Tokens([-1 - MathF.ScaleB(1, -11)], 1, 1, 1)),
            (other, Value.Tokens([1 + MathF.ScaleB(1, -12)], 1, 1, 1)));
        Assert.Equal([MathF.ScaleB(1, -24)], y);
    }

    [Fact]
    public void CountsAreThoseOfDifferingSigns()
    {
        var b = new GraphBuilder(1, 3, 1, 2);
        string bits = b.ShiftSign(b.Conv2d("image", 3, 70, 1, 1), 70);
        string y = b.BinaryLinear(bits, 70, 2, counts: true);
        (string, StoredTensor)[] tensors =
        [
            ("weight", TensorData.Of("", [0b0010UL, 0, ulong.MaxValue, 0b111111], 2, 2)), ("scale", TensorData.Of("", [0.5f, -2], 2)), ("offset", TensorData.Of("", [10f, 1], 2)),
        ];

        // The first token has bits 0, 1, 3, 64 and the second one all but bit 1.
        float[] found = Evaluate(b, y, tensors, (bits, Value.Bits([0b1011, 1, ~2UL, 0b111111], 70, 1, 2)));
        Assert.Equal([10 + (0.5f * 3), 1 - (2f * 66), 10 + (0.5f * 70), 1 - (2f * 1)], found);
    }

    [Fact]
    public void CountsOfWindowsAreThoseOfDifferingSigns()
    {
        var b = new GraphBuilder(1, 1, 2, 4);
        string bits = b.ShiftSign(b.Conv2d("image", 1, 1, 1, 1), 1);
        string y = b.BinaryConv(bits, 1, 1, 2, counts: true);
        (string, StoredTensor)[] tensors =
            [("weight", TensorData.Of("", [0b0111UL], 1, 1)), ("scale", TensorData.Of("", [3f], 1)), ("offset", TensorData.Of("", [-1f], 1))];

        // Windows 1 0 / 1 1 and 1 1 / 1 0 against 1 1 / 1 0.
        float[] found = Evaluate(b, y, tensors, (bits, Value.Bits([1, 0, 1, 1, 1, 1, 1, 0], 1, 2, 4)));
        Assert.Equal([(3 * 2) - 1, -1], found);
    }

    [Fact]
    public void APoolWithSumIsNotDivided()
    {
        var b = new GraphBuilder(1, 1, 2, 3);
        string x = b.Conv2d("image", 1, 1, 1, 1);
        (string, Value) grid = (x, Value.Tokens([1, 2, 4, 8, 16, 32], 1, 2, 3));
        Assert.Equal([9, 18, 36, 9, 18, 36], Evaluate(b, b.Pool(x, 3, 1, 1, 1, 1, 0, sum: true), [], grid));
        Assert.Equal([3, 6, 12, 3, 6, 12], Evaluate(b, b.Pool(x, 3, 1, 1, 1, 1, 0), [], grid));
        Assert.Equal([27, 54], Evaluate(b, b.Pool(x, 2, 2, 1, 1, 0, 0, sum: true), [], grid));
    }

    [Fact]
    public void AnRPReLUWithoutShiftOnlyMultipliesWhatIsNotPositive()
    {
        var b = new GraphBuilder(1, 3, 1, 2);
        string x = b.Conv2d("image", 3, 3, 1, 1);
        float[] y = Evaluate(b, b.Leaky(x, 3), [("slope", TensorData.Of("", [0.5f, -3, 2], 3))], (x, Value.Tokens([2, -2, 0, -0.5f, 3, -4], 3, 1, 2)));
        Assert.Equal([2, 6, 0, -0.25f, 3, -8], y);
    }

    [Fact]
    public void NoLogitIsMinusZero()
    {
        var b = new GraphBuilder(1, 3, 1, 1);
        string x = b.Conv2d("image", 3, 3, 1, 1);
        string logits = b.Leaky(x, 3);
        b.Fill(x, "weight", 1);
        b.Fill(x, "bias", 0);
        b.Fill(logits, "slope", -1);
        ModelGraph graph = b.Build(logits);
        float[] y = new GraphInterpreter(graph, b.Tensors).Run([0f, 0, 0])[logits].Floats;
        Assert.Equal([0, 0, 0], y.Select(BitConverter.SingleToUInt32Bits));
        using EvitModel model = Models.Load(graph, b);
        foreach (KernelChoice kernel in KernelSets.Available)
        {
            using Session session = model.CreateSession(new SessionOptions { Kernel = kernel });
            var found = new float[3];
            session.RunNchw([0f, 0, 0], found);
            Models.AssertSameBits(y, found, $"{kernel}");
        }
    }

    /// <summary>A node of some inputs with some tensors of its roles.</summary>
    private static float[] Evaluate(GraphBuilder b, string output, (string Role, StoredTensor Tensor)[] tensors, params (string Name, Value Value)[] inputs)
    {
        ModelGraph all = b.Build(output);
        GraphNode node = all.Nodes.Single(n => n.Output == output);
        var stored = new Dictionary<string, StoredTensor>(b.Tensors);
        foreach ((string role, StoredTensor tensor) in tensors)
        {
            stored[node.Tensors[role]] = tensor with { Name = node.Tensors[role] };
        }

        var mean = new GraphNode(Op.MeanTokens, "mean", [output], "mean", new Dictionary<string, string>(), new Dictionary<string, int>());
        ModelGraph graph = all with { OutputName = "mean", Nodes = [.. all.Nodes, mean] };
        return new GraphInterpreter(graph, stored).Evaluate(node, inputs.ToDictionary(i => i.Name, i => i.Value)).Floats;
    }
}
