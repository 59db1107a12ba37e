using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>The network up to the end of a stage, as a model of its own whose logits are the means of the channels over the tokens: the packed kernels then
/// tell how much an image activates a channel.</summary>
internal static class StageProbe
{
    /// <summary>Cuts a model.</summary>
    public static EvitModel Of(EvitFile file, NetworkStage stage)
    {
        List<GraphNode> nodes = [];
        HashSet<string> needed = [stage.Value];
        foreach (GraphNode node in file.Graph.Nodes.Reverse().Where(n => needed.Contains(n.Output)))
        {
            nodes.Insert(0, node);
            needed.UnionWith(node.Inputs);
        }

        const string Mean = "edgevit.explain.mean";
        nodes.Add(new GraphNode(Op.MeanTokens, Mean, [stage.Value], Mean, new Dictionary<string, string>(), new Dictionary<string, int>()));
        HashSet<string> tensors = [.. nodes.SelectMany(n => n.Tensors.Values)];
        var cut = new LoweredModel(
            file.Graph with { OutputName = Mean, Nodes = nodes }, file.Tensors.Where(t => tensors.Contains(t.Key)).ToDictionary(t => t.Key, t => t.Value));
        string[] labels = [.. Enumerable.Range(0, stage.Channels).Select(c => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"channel {c}"))];
        return EvitModel.Load(EvitWriter.ToBytes(cut, file.Preprocess, labels, "{}"));
    }
}
