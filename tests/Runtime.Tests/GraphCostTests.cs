namespace EdgeVit.Runtime.Tests;

/// <summary>Operations and bytes of single nodes, counted by hand.</summary>
public class GraphCostTests
{
    [Fact]
    public void ConvolutionsAndLinears()
    {
        // 3 x 8 x 8 pixels: 16 tokens of 10 channels from patches of 2 x 2; then 10 to 7.
        var b = new GraphBuilder(1, 3, 8, 8);
        string x = b.Conv2d("image", 3, 10, 2, 2);
        ModelGraph graph = b.Build(b.Linear(b.MeanTokens(x), 10, 7, name: "logits"));
        NodeFacts[] facts = [.. GraphCost.Of(graph, b.Tensors)];
        Assert.Equal(new NodeCost(0, 16 * 10 * 3 * 4, 0), facts[0].Cost);
        Assert.Equal(4 * ((10 * 3 * 4) + 10), facts[0].Bytes);
        Assert.Equal(new NodeCost(0, 0, 160), facts[1].Cost);
        Assert.Equal(new NodeCost(0, 70, 0), facts[2].Cost);
        Assert.All(facts, f => Assert.Equal(0, f.WeightBits));
    }

    [Fact]
    public void BinaryProducts()
    {
        // 16 tokens of 64 channels: to 96 channels, and by windows of 2 x 2 to 4 tokens of 128.
        var b = new GraphBuilder(1, 3, 8, 8);
        string bits = b.ShiftSign(b.Conv2d("image", 3, 64, 2, 2), 64);
        string wide = b.BinaryLinear(bits, 64, 96);
        string conv = b.BinaryConv(bits, 64, 128, 2);
        ModelGraph graph = b.Build(b.Linear(b.Add(b.MeanTokens(b.BinaryLinear(b.ShiftSign(wide, 96), 96, 128)), b.MeanTokens(conv)), 128, 5, name: "logits"));
        Dictionary<string, NodeFacts> facts = GraphCost.Of(graph, b.Tensors).ToDictionary(f => f.Node.Output);
        Assert.Equal(new NodeCost(16 * 96 * 64, 0, 16 * 96), facts[wide].Cost);
        Assert.Equal(96 * 64, facts[wide].WeightBits);
        Assert.Equal((96 * 8) + (2 * 96 * 4), facts[wide].Bytes);
        Assert.Equal(new NodeCost(4 * 128 * 64 * 4, 0, 4 * 128), facts[conv].Cost);
        Assert.Equal(128 * 64 * 4, facts[conv].WeightBits);
        Assert.Equal(new NodeCost(0, 0, 16 * 64), facts[bits].Cost);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void AttentionComparesOnceAndCollectsOnceForEachLevel(int levels)
    {
        // 9 tokens of 2 heads of 32 channels.
        var b = new GraphBuilder(1, 3, 3, 3);
        string bits = b.ShiftSign(b.Conv2d("image", 3, 64, 1, 1), 64);
        string attention = b.Attention(bits, bits, bits, 64, 2, 9, levels);
        ModelGraph graph = b.Build(b.Linear(b.MeanTokens(attention), 64, 4, name: "logits"));
        NodeFacts facts = GraphCost.Of(graph, b.Tensors).Single(f => f.Node.Output == attention);
        Assert.Equal(new NodeCost((1 + levels) * 9 * 64 * 9, 0, (9 * 64) + (9 * 9 * 2)), facts.Cost);
        Assert.Equal(0, facts.WeightBits);
    }

    [Fact]
    public void AttentionWithinWindowsComparesWithTheirKeysAlone()
    {
        // 36 tokens of 2 heads of 32 channels, each meeting the 9 of its window.
        var b = new GraphBuilder(1, 3, 6, 6);
        string bits = b.ShiftSign(b.Conv2d("image", 3, 64, 1, 1), 64);
        string attention = b.Attention(bits, bits, bits, 64, 2, 36, windows: new WindowForm(3, IsGrid: false, Shift: 1));
        ModelGraph graph = b.Build(b.Linear(b.MeanTokens(attention), 64, 4, name: "logits"));
        Assert.Equal(new NodeCost(2 * 36 * 64 * 9, 0, (36 * 64) + (36 * 9 * 2)), GraphCost.Of(graph, b.Tensors).Single(f => f.Node.Output == attention).Cost);
    }

    [Fact]
    public void WhatVisitsElements()
    {
        var b = new GraphBuilder(1, 3, 4, 4);
        string x = b.Conv2d("image", 3, 8, 1, 1);
        string norm = b.LayerNorm(x, 8);
        string sum = b.Add(norm, x, x);
        string pool = b.Pool(sum, 2, 2, 2, 2, 0, 0);
        string tiled = b.Tile(pool, 3);
        ModelGraph graph = b.Build(b.Linear(b.MeanTokens(tiled), 24, 4, name: "logits"));
        Dictionary<string, NodeCost> costs = GraphCost.Of(graph, b.Tensors).ToDictionary(f => f.Node.Output, f => f.Cost);
        Assert.Equal(3 * 16 * 8, costs[norm].ElementOps);
        Assert.Equal(3 * 16 * 8, costs[sum].ElementOps);
        Assert.Equal(4 * 8 * 4, costs[pool].ElementOps);
        Assert.Equal(4 * 24, costs[tiled].ElementOps);
    }
}
