using EdgeVit.Export;

namespace EdgeVit.Runtime.Tests;

/// <summary>The graph that runs computes what the lowered one says.</summary>
public class GraphFoldingTests
{
    [Fact]
    public void RandomGraphsStayTheSameFunction()
    {
        int compared = 0;
        for (int seed = 0; seed < 150; seed++)
        {
            (ModelGraph graph, GraphBuilder b) = RandomGraphs.Build(seed);
            compared += Compare(graph, b, $"graph {seed}") ? 1 : 0;
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
            IReadOnlyList<GraphNode> nodes = FoldedModel.Of(new LoweredModel(graph, b.Tensors)).Model.Graph.Nodes;
            Assert.All(nodes.Where(n => n.Op == Op.RPReLU), n => Assert.Equal(["slope"], n.Tensors.Keys));
            Assert.All(nodes.Where(n => n.Op is Op.BinaryLinear or Op.BinaryConv), n => Assert.Contains(OpAttributes.Counts, n.Attributes.Keys));
            Assert.Equal(6, nodes.Count(n => n.Op == Op.ScaledSum));
            Assert.Equal(branches == Branches.Pools ? 3 * perLayer : 0, nodes.Count(n => n.Attributes.ContainsKey(OpAttributes.Sum)));
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
            GraphNode folded = FoldedModel.Of(new LoweredModel(graph, b.Tensors)).Model.Graph.Nodes[1];
            Assert.Equal(["offset", "shift", "slope"], folded.Tensors.Keys.Order());
        }
    }

    [Fact]
    public void WhatIsFoldedIsNotFoldedAgain()
    {
        foreach (Func<GraphBuilder, string, string> form in (Func<GraphBuilder, string, string>[])
            [
                (b, x) => b.Leaky(x, 8), (b, x) => b.ScaledSum(8, 2, x, x), (b, x) => b.Pool(x, 2, 2, 1, 1, 0, 0, sum: true),
                (b, x) => b.BinaryLinear(b.ShiftSign(x, 8), 8, 8, counts: true), (b, x) => b.BinaryConv(b.ShiftSign(x, 8), 8, 8, 2, counts: true),
            ])
        {
            var b = new GraphBuilder(3, 3, 4, 4);
            ModelGraph graph = b.Build(b.Linear(b.MeanTokens(form(b, b.Conv2d("image", 3, 8, 1, 1))), 8, 3));
            var error = Assert.Throws<ArgumentException>(() => FoldedModel.Of(new LoweredModel(graph, b.Tensors)));
            Assert.Contains($"node '{graph.Nodes[^3].Name}' ({graph.Nodes[^3].Op}) has a form that folding makes, expected a lowered network", error.Message, StringComparison.Ordinal);
        }

        (ModelGraph lowered, GraphBuilder network) = BinaryViTGraphs.Build(4, 16, 2, [new(1, 64, 128, 1, 2)], 5);
        Assert.False(FoldedModel.IsFolded(lowered));
        LoweredModel once = FoldedModel.Of(new LoweredModel(lowered, network.Tensors)).Model;
        Assert.True(FoldedModel.IsFolded(once.Graph));
        Assert.Throws<ArgumentException>(() => FoldedModel.Of(once));
    }

    [Fact]
    public void AGraphThatIsNotFoldedRunsNodeByNode()
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(4, 16, 2, [new(1, 64, 128, 1, 2)], 5);
        graph = graph with { Name = EvitBytes.AsItIs };
        EvitFile file = EvitFile.Parse(EvitBytes.Model(graph, b.Tensors));
        Assert.Equal(graph.Nodes.Select(n => n.Op), file.Graph.Nodes.Select(n => n.Op));
        float[] input = SelfTest.Input(2, graph.InputShape);
        using EvitModel model = EvitModel.Load(file);
        using Session session = model.CreateSession();
        float[] logits = new float[model.Classes];
        session.RunNchw(input, logits);
        Assert.Equal(new GraphInterpreter(graph, b.Tensors).Run(input)[graph.OutputName].Floats, logits);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void AFileOfAnEarlierVersionIsReadButNotRun(int version)
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(4, 16, 2, [new(1, 64, 128, 1, 2)], 5);
        string json = GraphJson.Write(graph with { Version = version });
        byte[] bytes = EvitBytes.Model(graph with { Name = EvitBytes.AsItIs }, b.Tensors, edit: metadata => metadata[MetadataJson.GraphKey] = json);
        var error = Assert.Throws<EvitFormatException>(() => EvitFile.Parse(bytes));
        Assert.Contains($"'edgevit.graph/{version}'", error.Message, StringComparison.Ordinal);
        Assert.StartsWith("'edgevit import old.evit --out new.evit' writes", new EvitFormatException("in a file", error).Remedy, StringComparison.Ordinal);
        Assert.Equal(version, EvitFile.Parse(bytes, former: true).Graph.Version);
    }

    [Fact]
    public void EveryFoldedValueIsTheLoweredOneLessItsConstantTimesItsFactor()
    {
        int moved = 0, summed = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            (ModelGraph graph, GraphBuilder b) = seed < 40
                ? RandomGraphs.Build(seed)
                : BinaryViTGraphs.Build(seed, 16, 2, [new(1, 64, 128, 1, 2), new(1, 128, 512, 2, 1)], 5, true, seed % 2 == 0 ? Branches.Pools : Branches.Shifts);
            var folded = FoldedModel.Of(new LoweredModel(graph, b.Tensors));
            float[] input = SelfTest.Input((ulong)seed, graph.InputShape);
            IReadOnlyDictionary<string, Value> lowered = new GraphInterpreter(graph, b.Tensors).Run(input);
            IReadOnlyDictionary<string, Value> running = new GraphInterpreter(folded.Model.Graph, folded.Model.Tensors).Run(input);
            foreach (GraphNode node in folded.Model.Graph.Nodes)
            {
                (Value expected, Value found) = (lowered[node.Output], running[node.Output]);
                if (expected.Shape.Kind == ValueKind.Bits)
                {
                    if (!expected.Words.SequenceEqual(found.Words))
                    {
                        break;
                    }

                    continue;
                }

                double scale = Math.Max(1, expected.Floats.Max(Math.Abs));
                FoldedValue? value = folded.Values.GetValueOrDefault(node.Output);
                (moved, summed) = (moved + (value?.Missing is null ? 0 : 1), summed + (value is { Factor: > 1 } ? 1 : 0));
                for (int i = 0; i < found.Floats.Length; i++)
                {
                    double lowerOne = (found.Floats[i] / (value?.Factor ?? 1)) + (value?.Missing is { } missing ? missing[i % missing.Length] : 0);
                    Assert.True(Math.Abs(lowerOne - expected.Floats[i]) <= 1e-4 * scale, $"graph {seed}, {node.Output}: {lowerOne:R}, expected {expected.Floats[i]:R}");
                }

                if (value is not null)
                {
                    Assert.All(value.Of(expected.Floats).Zip(found.Floats), p => Assert.True(Math.Abs(p.First - p.Second) <= 1e-4 * scale * value.Factor));
                }
            }
        }

        Assert.True(moved > 200 && summed > 20, $"{moved} values with a constant, {summed} sums of windows");
    }

    /// <summary>Version 3 had moved its constants and not joined its sums.</summary>
    [Fact]
    public void AGraphOfVersion3HasItsSumsJoinedAndNothingElse()
    {
        (ModelGraph graph, GraphBuilder b) = BinaryViTGraphs.Build(4, 16, 2, [new(1, 64, 128, 1, 2)], 5);
        LoweredModel former = FoldedModel.AsRun(new LoweredModel(graph, b.Tensors)).Model;
        Assert.Equal(ModelGraph.FoldedSince, former.Graph.Version);
        FoldedModel joined = FoldedModel.Of(former);
        Assert.Empty(joined.Values);
        Assert.Same(former.Tensors, joined.Model.Tensors);
        Assert.Equal(former.Graph.Nodes.Select(n => n.Output), joined.Model.Graph.Nodes.Select(n => n.Output));
        GraphNode[] sums = [.. joined.Model.Graph.Nodes.Where(n => n.Attributes.ContainsKey(OpAttributes.Joined))];
        Assert.Equal(former.Graph.Nodes.Count(n => n.Op is Op.BinaryLinear or Op.BinaryConv or Op.BinaryAttention), sums.Length);
        float[] input = SelfTest.Input(1, graph.InputShape);
        Assert.NotEqual(
            new GraphInterpreter(former.Graph, former.Tensors).Run(input)[graph.OutputName].Floats,
            new GraphInterpreter(joined.Model.Graph, former.Tensors).Run(input)[graph.OutputName].Floats);
    }

    /// <summary>The rounding of a joined sum is one, of the shortcut with the offset; worked out in double precision.</summary>
    [Fact]
    public void AJoinedSumRoundsTheShortcutWithTheOffset()
    {
        var b = new GraphBuilder(5, 3, 4, 4);
        string x = b.Conv2d("image", 3, 8, 1, 1);
        string product = b.BinaryLinear(b.ShiftSign(x, 8), 8, 8, counts: true);
        string sum = b.Add(x, product);
        ModelGraph graph = JoinedSums.Of(b.Build(b.Linear(b.MeanTokens(b.Leaky(sum, 8)), 8, 3)));
        Assert.Equal([product, x], graph.Nodes.Single(n => n.Output == sum).Inputs);
        IReadOnlyDictionary<string, Value> values = new GraphInterpreter(graph, b.Tensors).Run(SelfTest.Input(1, graph.InputShape));
        (float[] scale, float[] offset, float[] slope) = (Of(Op.BinaryLinear, "scale"), Of(Op.BinaryLinear, "offset"), Of(Op.RPReLU, "slope"));
        for (int i = 0; i < values[sum].Floats.Length; i++)
        {
            int c = i % 8;
            double count = Math.Round((values[product].Floats[i] - (double)offset[c]) / scale[c]);
            float expected = (float)((scale[c] * count) + (values[x].Floats[i] + offset[c]));
            Assert.Equal(expected, values[sum].Floats[i]);
            double below = Math.Min(expected, 0) * (double)(slope[c] - 1);
            Assert.Equal((float)(below + expected), values[graph.Nodes.Single(n => n.Op == Op.RPReLU).Output].Floats[i]);
        }

        float[] Of(Op op, string role) => TensorData.Floats(b.Tensors[graph.Nodes.Single(n => n.Op == op).Tensors[role]]);
    }

    /// <summary>Compares logits, unless a sign lies so near to its threshold that rounding turned it.</summary>
    private static bool Compare(ModelGraph graph, GraphBuilder b, string what)
    {
        LoweredModel model = FoldedModel.Of(new LoweredModel(graph, b.Tensors)).Model;
        float[] input = SelfTest.Input(1, graph.InputShape);
        IReadOnlyDictionary<string, Value> stored = new GraphInterpreter(graph, b.Tensors).Run(input);
        IReadOnlyDictionary<string, Value> folded = new GraphInterpreter(model.Graph, model.Tensors).Run(input);
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
