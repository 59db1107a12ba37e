using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>A stage: blocks whose tokens lie on one grid and have one width.</summary>
/// <param name="Value">What it ends with, after its last residual sum.</param>
/// <param name="Grid">Where its tokens lie.</param>
/// <param name="Channels">Width of a token.</param>
internal sealed record NetworkStage(string Value, TokenGrid Grid, int Channels);

/// <summary>A layer of binary attention.</summary>
/// <param name="Node">The graph's node.</param>
/// <param name="Stage">Index of its stage; the number of stages where it belongs to the head.</param>
/// <param name="Queries">Where its queries lie.</param>
/// <param name="Keys">Where its keys lie.</param>
internal sealed record AttentionLayer(GraphNode Node, int Stage, TokenGrid Queries, TokenGrid Keys)
{
    public int Heads => Node.Attributes["heads"];

    /// <summary>Nested bits of a pair of query and key.</summary>
    public int Levels => AttentionAttributes.Levels(Node);

    /// <summary>Whether a query does not attend to its own token.</summary>
    public bool MasksDiagonal => AttentionAttributes.MasksDiagonal(Node);

    /// <summary>The windows within which its tokens meet; null where every query meets every key.</summary>
    public TokenWindows? Windows() => WindowForm.Of(Node) is { } form ? new TokenWindows(form, Queries.Rows, Queries.Columns) : null;

    /// <summary>The windows in words, as on a page: <c>windows of 7 x 7, moved by 3</c>; empty for none.</summary>
    public string WindowText => WindowForm.Of(Node) is not { } form ? ""
        : $"{(form.IsGrid ? "grids" : "windows")} of {form.Side} x {form.Side}{(form.Shift > 0 ? $", moved by {form.Shift}" : "")}";

    /// <summary>Whether matches have a bias by the places of query and key.</summary>
    public bool HasBias => Node.Tensors.ContainsKey("bias");

    /// <summary>The block's name in the network, such as <c>vit.encoder.layer.3</c>.</summary>
    public string Block => Node.Name.IndexOf(".attention.", StringComparison.Ordinal) is var at && at > 0 ? Node.Name[..at] : Node.Name;
}

/// <summary>What a graph says about a network's form: its stages and its attention, whatever the network is called.</summary>
/// <param name="Stages">In the order of computation.</param>
/// <param name="Attention">Binary attention, in the order of computation.</param>
/// <param name="FloatAttention">How many layers attend in floats.</param>
/// <param name="OtherMixers">Names of the other ways in which tokens see each other, such as pooling.</param>
internal sealed record NetworkLayout(
    IReadOnlyList<NetworkStage> Stages, IReadOnlyList<AttentionLayer> Attention, int FloatAttention, IReadOnlyList<string> OtherMixers)
{
    /// <summary>Reads a graph with the shapes of its values.</summary>
    public static NetworkLayout Of(ModelGraph graph, IReadOnlyDictionary<string, ValueShape> shapes)
    {
        Dictionary<string, TokenGrid> grids = Grids(graph, shapes);
        (List<NetworkStage> stages, List<int> ends) = FindStages(graph, shapes, grids);
        List<AttentionLayer> attention = [];
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            GraphNode node = graph.Nodes[i];
            if (node.Op == Op.BinaryAttention)
            {
                int stage = ends.FindIndex(end => end > i);
                attention.Add(new AttentionLayer(node, stage < 0 ? stages.Count : stage, grids[node.Inputs[0]], grids[node.Inputs[1]]));
            }
        }

        return new NetworkLayout(stages, attention, graph.Nodes.Count(n => n.Op == Op.SoftmaxAttention), [.. Mixers(graph).Distinct()]);
    }

    private static IEnumerable<string> Mixers(ModelGraph graph) => graph.Nodes.Select(n => n.Op switch
    {
        Op.AvgPool2d when n.Attributes["strideH"] == 1 => "pooling of neighbours",
        Op.SpatialShift => "shifted tokens",
        Op.BinaryConv when ConvWindow.Of(n).KeepsGrid => "binary convolutions",
        Op.BinaryConv when n.Attributes["kernel"] > 1 => "convolutions between the stages",
        Op.Conv2d when n.Inputs[0] != graph.InputName => "convolutions",
        Op.DepthwiseConv2d => "convolutions of single channels",
        Op.Gate => "gates of channels",
        _ => "",
    }).Where(n => n.Length > 0);

    /// <summary>The grid of every value. Ops that work on single tokens keep that of their first input; those that make a grid say so by their shape.</summary>
    private static Dictionary<string, TokenGrid> Grids(ModelGraph graph, IReadOnlyDictionary<string, ValueShape> shapes)
    {
        var grids = new Dictionary<string, TokenGrid>(StringComparer.Ordinal) { [graph.InputName] = Own(shapes[graph.InputName]) };
        foreach (GraphNode node in graph.Nodes)
        {
            ValueShape shape = shapes[node.Output];
            TokenGrid x = grids[node.Inputs[0]];
            grids[node.Output] = node.Op switch
            {
                Op.Conv2d or Op.BinaryConv or Op.DepthwiseConv2d or Op.AvgPool2d or Op.Upsample => Own(shape),
                Op.MeanTokens => new TokenGrid(0, 0, 1),
                Op.PrependTokens => x with { Leading = x.Leading + shape.Tokens - x.Tokens },
                Op.SliceTokens => Slice(x, node.Attributes["start"], shape.Tokens),
                _ => x,
            };
        }

        return grids;
    }

    private static TokenGrid Own(ValueShape shape) => new(shape.Height, shape.Width, 0);

    /// <summary>Some patches of a grid alone have lost their places.</summary>
    private static TokenGrid Slice(TokenGrid x, int start, int count) =>
        start <= x.Leading && start + count == x.Tokens ? x with { Leading = x.Leading - start } : new TokenGrid(0, 0, count);

    /// <summary>The stages, and for each the index of its last node. The residual way through a network leads over first inputs, from the logits back.</summary>
    private static (List<NetworkStage> Stages, List<int> Ends) FindStages(
        ModelGraph graph, IReadOnlyDictionary<string, ValueShape> shapes, Dictionary<string, TokenGrid> grids)
    {
        Dictionary<string, int> makers = [];
        for (int i = 0; i < graph.Nodes.Count; i++)
        {
            makers[graph.Nodes[i].Output] = i;
        }

        List<int> way = [];
        for (string value = graph.OutputName; makers.TryGetValue(value, out int maker); value = graph.Nodes[maker].Inputs[0])
        {
            way.Insert(0, maker);
        }

        List<NetworkStage> stages = [];
        List<int> ends = [];
        foreach (int i in way.Where(i => graph.Nodes[i].Op is Op.Add or Op.ScaledSum))
        {
            string value = graph.Nodes[i].Output;
            TokenGrid grid = grids[value];
            if (grid.Patches == 0)
            {
                continue;
            }

            int channels = shapes[value].Channels;
            if (stages.Count > 0 && stages[^1].Channels == channels && (stages[^1].Grid.Rows, stages[^1].Grid.Columns) == (grid.Rows, grid.Columns))
            {
                stages.RemoveAt(stages.Count - 1);
                ends.RemoveAt(ends.Count - 1);
            }

            stages.Add(new NetworkStage(value, grid, channels));
            ends.Add(i);
        }

        return (stages, ends);
    }
}
