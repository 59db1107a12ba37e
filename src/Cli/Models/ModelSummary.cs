using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>One line of the layer table: a node, or a module with all of its nodes. <c>Bits</c> are those of weights, as they are stored, and of
/// the activations that they are multiplied with, such as <c>1/1</c> or <c>16/32</c>; <c>-</c> where it multiplies no weights. <c>Kernel</c> is
/// what runs it on this machine; <c>-</c> for nodes that only rearrange values.</summary>
internal sealed record LayerLine(string Name, string Kind, string Shape, string Bits, long Bytes, double BinaryMacs, double FloatMacs, double ElementOps, string Kernel);

/// <summary>What of a model is not 1-bit, and why. Bytes are those of float tensors.</summary>
internal sealed record FloatPart(string Kind, int Nodes, long Bytes, double FloatMacs, double ElementOps, string Reason);

/// <summary>The sizes and costs of a model: what <c>inspect</c> shows. Operations are counted per image.</summary>
internal sealed class ModelSummary
{
    private static readonly Dictionary<Op, string> s_reasons = new()
    {
        [Op.Conv2d] = "the patch embedding sees pixels, not signs",
        [Op.Linear] = "the classifier decides by small differences; it is tiny",
        [Op.Position] = "added once per stage",
        [Op.Affine] = "batch norms and layer scales, folded",
        [Op.ShiftSign] = "thresholds that make the bits",
        [Op.BinaryLinear] = "scale and offset of each output of a 1-bit product",
        [Op.BinaryConv] = "scale and offset of each output of a 1-bit product",
        [Op.BinaryAttention] = "the softmax table and the scales of 1-bit attention",
        [Op.RPReLU] = "the activation works on real values",
        [Op.AvgPool2d] = "averages are real values",
        [Op.Add] = "shortcuts carry real values past the 1-bit products",
        [Op.ScaledSum] = "shortcuts and layer scales carry real values past the 1-bit products",
        [Op.GroupMeanChannels] = "averages are real values",
        [Op.MeanTokens] = "averages are real values",
        [Op.LayerNorm] = "divides by a deviation of real values",
        [Op.Gelu] = "the activation works on real values",
        [Op.SoftmaxAttention] = "attention of a float network",
        [Op.DepthwiseConv2d] = "nine taps of signs would give ten values",
        [Op.SpatialShift] = "the channels of neighbours, real values",
        [Op.Gate] = "multiplies by real values",
        [Op.PrependTokens] = "the class token",
    };

    private readonly IReadOnlyList<NodeFacts> _facts;
    private readonly Lazy<IReadOnlyDictionary<string, string>> _kernels;

    public ModelSummary(EvitFile file)
    {
        File = file;
        _kernels = new(() =>
        {
            using EvitModel model = EvitModel.Load(file);
            return model.NodeKernels();
        });
        _facts = GraphCost.Of(file.Graph, file.Tensors);
        BinaryWeights = _facts.Sum(f => f.WeightBits);
        long tensorBytes = _facts.Sum(f => f.Bytes);
        BinaryBytes = _facts.Sum(f => f.WeightBits > 0 ? TensorBytes(f.Node, StoredType.U64) : 0);
        FloatParameters = file.Tensors.Values.Sum(t => t.Type is StoredType.F32 or StoredType.F16 ? Elements(t) : 0);
        FloatBytes = tensorBytes - BinaryBytes;
        BinaryMacs = _facts.Sum(f => f.Cost.BinaryMacs);
        FloatMacs = _facts.Sum(f => f.Cost.FloatMacs);
        ElementOps = _facts.Sum(f => f.Cost.ElementOps);
    }

    public EvitFile File { get; }

    public long BinaryWeights { get; }

    public long FloatParameters { get; }

    /// <summary>Bytes of the packed sign bits.</summary>
    public long BinaryBytes { get; }

    /// <summary>Bytes of everything else among the tensors.</summary>
    public long FloatBytes { get; }

    public double BinaryMacs { get; }

    public double FloatMacs { get; }

    public double ElementOps { get; }

    /// <summary>Bytes of the same parameters as 32-bit floats.</summary>
    public long Fp32Bytes => 4 * (BinaryWeights + FloatParameters);

    /// <summary>Share of the multiply-adds that are binary, 0 to 1.</summary>
    public double BinaryShare => BinaryMacs + FloatMacs > 0 ? BinaryMacs / (BinaryMacs + FloatMacs) : 0;

    /// <summary>One line per node, in execution order.</summary>
    public IReadOnlyList<LayerLine> Nodes() => [.. _facts.Select(f => new LayerLine(
        f.Node.Name, f.Node.Op.ToString(), f.Shape.ToString(), Bits(f), f.Bytes, f.Cost.BinaryMacs, f.Cost.FloatMacs, f.Cost.ElementOps, Kernel(f)))];

    /// <summary>One line per module: a block, a down-sampling, the embeddings, the head.</summary>
    public IReadOnlyList<LayerLine> Modules() => [.. _facts.GroupBy(f => GraphModule.Of(f.Node.Name)).Select(g => new LayerLine(
        g.Key,
        $"{g.Count()} nodes",
        g.Last().Shape.ToString(),
        string.Join(' ', g.Select(Bits).Where(b => b != "-").Distinct()) is { Length: > 0 } bits ? bits : "-",
        g.Sum(f => f.Bytes),
        g.Sum(f => f.Cost.BinaryMacs),
        g.Sum(f => f.Cost.FloatMacs),
        g.Sum(f => f.Cost.ElementOps),
        string.Join(", ", g.Select(Kernel).Where(k => k != "-").Distinct())))];

    /// <summary>What stays float and why, the largest first.</summary>
    public IReadOnlyList<FloatPart> NotBinary() => [.. _facts.GroupBy(f => f.Node.Op)
        .Select(g => new FloatPart(
            g.Key.ToString(),
            g.Count(),
            g.Sum(f => f.Bytes - (f.WeightBits > 0 ? TensorBytes(f.Node, StoredType.U64) : 0)),
            g.Sum(f => f.Cost.FloatMacs),
            g.Sum(f => f.Cost.ElementOps),
            g.Key == Op.Linear && BinaryWeights == 0 ? "the products of a float network" : s_reasons.GetValueOrDefault(g.Key, "moves values without computing")))
        .OrderByDescending(p => p.FloatMacs + p.ElementOps)];

    private string Kernel(NodeFacts facts) => _kernels.Value.GetValueOrDefault(facts.Node.Name, "-");

    private string Bits(NodeFacts facts) => facts.Node.Op switch
    {
        Op.BinaryLinear or Op.BinaryConv => "1/1",
        Op.BinaryAttention => AttentionAttributes.Levels(facts.Node) == 1 ? "-/1" : "-/2",
        Op.SoftmaxAttention => "-/32",
        Op.Conv2d or Op.DepthwiseConv2d or Op.Linear => File.Tensors[facts.Node.Tensors["weight"]].Type == StoredType.F16 ? "16/32" : "32/32",
        _ => "-",
    };

    private long TensorBytes(GraphNode node, StoredType type) =>
        node.Tensors.Values.Select(t => File.Tensors[t]).Where(t => t.Type == type).Sum(t => (long)t.Bytes.Length);

    private static long Elements(StoredTensor tensor) => tensor.Shape.Aggregate(1L, (product, size) => product * size);
}
