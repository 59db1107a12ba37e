namespace EdgeVit.Runtime;

/// <summary>One operation of a graph. Values are named; every value is written once, by the node whose <see cref="Output"/> it is.</summary>
/// <param name="Op">What it computes.</param>
/// <param name="Name">The node's name, the module path of the network that it was lowered from; unique.</param>
/// <param name="Inputs">Names of values written earlier, or of the graph's input.</param>
/// <param name="Output">Name of the value written.</param>
/// <param name="Tensors">Role (such as <c>weight</c>) → name of a stored tensor.</param>
/// <param name="Attributes">Integer attributes by name.</param>
internal sealed record GraphNode(
    Op Op,
    string Name,
    IReadOnlyList<string> Inputs,
    string Output,
    IReadOnlyDictionary<string, string> Tensors,
    IReadOnlyDictionary<string, int> Attributes);

/// <summary>A network as a list of nodes in execution order (schema <c>edgevit.graph/4</c>).</summary>
/// <param name="Name">The network's name, such as <c>binaryvit-32</c>.</param>
/// <param name="InputName">The value that the caller supplies.</param>
/// <param name="InputShape"><c>[3, H, W]</c>.</param>
/// <param name="OutputName">The value that holds the logits, <c>[1, classes]</c>.</param>
/// <param name="Nodes">In execution order.</param>
internal sealed record ModelGraph(string Name, string InputName, IReadOnlyList<int> InputShape, string OutputName, IReadOnlyList<GraphNode> Nodes)
{
    /// <summary>What the schema in <c>edgevit.graph</c> begins with; the version follows.</summary>
    public const string Schema = "edgevit.graph/";

    /// <summary>The version that is written and that runs, as it is stored, node by node. <c>edgevit import</c> writes graphs of earlier versions as
    /// graphs of this one.</summary>
    public const int CurrentVersion = 4;

    /// <summary>The first version that stored graphs whose constants are where they cost nothing.</summary>
    internal const int FoldedSince = 3;

    /// <summary>The first version whose sums join products (<see cref="OpAttributes.Joined"/>) and whose <see cref="Op.RPReLU"/> adds what is below 0 a
    /// second time.</summary>
    internal const int JoinedSince = 4;

    /// <summary>1 to <see cref="CurrentVersion"/>.</summary>
    public int Version { get; init; } = CurrentVersion;
}
