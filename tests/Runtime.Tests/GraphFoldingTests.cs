namespace EdgeVit.Runtime.Tests;

/// <summary>The graph that runs computes what the stored one says.</summary>
public class GraphFoldingTests
{
    [Fact]
    public void RandomGraphsStayTheSameFunction()
    {
        int compared = 0;
        for (int seed = 0; seed < 150; seed++)
        {
            (ModelGraph graph, GraphBuilder b) = RandomGraphs.Build(seed);
            compared += Compare(graph with { Version = ModelGraph.FoldedVersion }, b, $"graph {seed}") ? 1 : 0;
        }

        Assert.True(compared > 130, $"only {compared} graphs without a sign at its threshold");
    }

    [Theory]
    [InlineData(true, Branches.Pools, 4)]
    [InlineData(true, Branches.None, 0)]
    [InlineData(false, Branches.Pools, 4)]
    [InlineData(true, Branches.Shifts, 4)]
    internal void NetworksStayTheSameFunctionAndLoseTheirConstants(bool binaryDownsampling, Branches branches, int perLayer)
    {
        int compared = 0;
        for (int seed = 0; seed < 8; seed++)
        {
            (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(seed, 16, 2, [new(2, 64, 128, 1, 2), new(1, 128, 512, 2, 1)], 5, binaryDownsampling, branches);
            compared += Compare(graph, b, $"network {seed}") ? 1 : 0;
            IReadOnlyList<GraphNode> nodes = PlanGraph.Of(EvitFile.Parse(EvitBytes.Model(graph, b.Tensors))).Graph.Nodes;
            Assert.All(nodes.Where(n => n.Op == Op.RPReLU), n => Assert.Equal(["slope"], n.Tensors.Keys));
            Assert.All(nodes.Where(n => n.Op is Op.BinaryLinear or Op.BinaryConv), n => Assert.Contains(PlanGraph.Counts, n.Attributes.Keys));
            Assert.Equal(6, nodes.Count(n => n.Op == Op.ScaledSum));
            Assert.Equal(branches == Branches.Pools ? 3 * perLayer : 0, nodes.Count(n => n.Attributes.ContainsKey(PlanGraph.Sum)));
            Assert.Equal(graph.Nodes.Count(n => n.Op == Op.Affine) - 6 - (3 * perLayer), nodes.Count(n => n.Op == Op.Affine));
        }

        Assert.True(compared >= 6, $"only {compared} networks without a sign at its threshold");
    }

    [Fact]
    public void WhatCannotTakeAConstantStopsIt()
    {
        // A LayerNorm, a padded window, a float convolution, tokens put in front and the output itself see the values as they are.
        foreach (Func<GraphBuilder, string, string> reader in (Func<GraphBuilder, string, string>[])
            [
                (b, x) => b.LayerNorm(x, 8), (b, x) => b.Pool(x, 3, 3, 1, 1, 1, 1), (b, x) => b.Conv2d(x, 8, 8, 3, 1, 1), (b, x) => b.Gelu(x),
                (b, x) => b.Prepend(x, 1, 8), (b, x) => b.Add(x, b.Gelu(x)),
            ])
        {
            var b = new GraphBuilder(3, 3, 4, 4);
            string x = b.RPReLU(b.Conv2d("image", 3, 8, 1, 1), 8);
            ModelGraph graph = b.Build(b.Linear(b.MeanTokens(reader(b, x)), 8, 3));
            Assert.True(Compare(graph, b, $"{graph.Nodes[2].Op}"));
            GraphNode folded = PlanGraph.Of(EvitFile.Parse(EvitBytes.Model(graph, b.Tensors))).Graph.Nodes[1];
            Assert.Equal(["offset", "shift", "slope"], folded.Tensors.Keys.Order());
        }
    }

    [Fact]
    public void AFileOfTheFirstVersionRunsNodeByNode()
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(4, 16, 2, [new(1, 64, 128, 1, 2)], 5);
        graph = graph with { Version = 1 };
        var file = EvitFile.Parse(EvitBytes.Model(graph, b.Tensors));
        Assert.Equal(1, file.Graph.Version);
        Assert.Same(file.Graph, PlanGraph.Of(file).Graph);
        float[] input = SelfTest.Input(2, graph.InputShape);
        Assert.Equal(new GraphInterpreter(graph, b.Tensors).Run(input)[graph.OutputName].Floats, GraphInterpreter.OfRuns(file).Run(input)[graph.OutputName].Floats);
    }

    [Fact]
    public void FilesHoldNothingThatOnlyPlansMay()
    {
        var b = new GraphBuilder(1, 3, 4, 4);
        string x = b.Conv2d("image", 3, 8, 1, 1);
        ModelGraph graph = b.Build(b.Linear(b.MeanTokens(b.Add(x, x)), 8, 3));
        GraphNode[] nodes = [.. graph.Nodes.Select(n => n.Op == Op.Add ? n with { Op = Op.ScaledSum } : n)];
        Assert.Contains("ScaledSum", Assert.Throws<EvitFormatException>(() => GraphValidator.Validate(graph with { Nodes = nodes }, b.Tensors)).Message, StringComparison.Ordinal);
    }

    /// <summary>Compares logits, unless a sign lies so near to its threshold that rounding turned it.</summary>
    private static bool Compare(ModelGraph graph, GraphBuilder b, string what)
    {
        var file = EvitFile.Parse(EvitBytes.Model(graph, b.Tensors));
        float[] input = SelfTest.Input(1, graph.InputShape);
        IReadOnlyDictionary<string, Value> stored = new GraphInterpreter(graph, b.Tensors).Run(input);
        IReadOnlyDictionary<string, Value> folded = GraphInterpreter.OfRuns(file).Run(input);
        if (graph.Nodes.Any(n => n.Op == Op.ShiftSign && !stored[n.Output].Words.SequenceEqual(folded[n.Output].Words)))
        {
            return false;
        }

        float[] expected = stored[graph.OutputName].Floats;
        float[] found = folded[graph.OutputName].Floats;
        double scale = Math.Max(1, expected.Max(Math.Abs));
        Assert.All(expected.Zip(found), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= 1e-4 * scale, $"{what}: {pair.Second:R}, expected {pair.First:R}"));
        return true;
    }
}
