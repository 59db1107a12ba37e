namespace EdgeVit.Runtime;

/// <summary>What the graph knows of an op. Beside it, an op has a row in <c>ReferenceOps</c> (what it computes) and in <c>OnnxOps</c> (its ONNX form), both
/// of EdgeVit.Export, and the planner runs it: as an op of a row's epilogue (<see cref="EpilogueBuilder"/>) or as a step's source
/// (<see cref="StepFactory"/>, <see cref="FloatStepFactory"/>).</summary>
/// <param name="Op">The op.</param>
/// <param name="Name">As in files.</param>
/// <param name="Schema">Inputs, tensors, attributes.</param>
/// <param name="Shape">Checks a node's operands and gives its output's shape, from the validator, the node and its first input's shape.</param>
/// <param name="Cost">What a node costs; null where every element is visited once.</param>
internal sealed record OpRow(Op Op, string Name, OpSchema Schema, ShapeRule Shape, CostRule? Cost = null);

/// <summary>Checks a node's operands; gives its output's shape.</summary>
/// <exception cref="EvitFormatException">The operands do not fit.</exception>
internal delegate ValueShape ShapeRule(GraphValidator validator, GraphNode node, ValueShape input);

internal delegate NodeCost CostRule(OpCosts sizes);

/// <summary>All ops. The names stand here and not only in the enumeration, which gives them by reflection, slowly.</summary>
internal static class Ops
{
    // Windows and factors that no network needs would only serve to make a small file run for hours.
    private const int MaxWindow = 256;
    private const int MaxFactor = 1 << 16;
    private const int MaxSummands = 64;

    // Compiled code has a few instructions for each tap.
    private const int MaxTapRows = 16;

    private static readonly string[] s_affine = ["scale", "offset"];
    private static readonly string[] s_product = ["weight", "scale", "offset"];

    // Where a stride is absent, it is the kernel.
    private static readonly AttributeRange[] s_window =
    [
        new("kernel", 1, MaxWindow), AttributeRange.Flag(OpAttributes.Counts),
        new("stride", 1, MaxWindow, Absent: 1), new("padding", 0, MaxWindow, Absent: 0), new("dilation", 1, MaxWindow, Absent: 1),
    ];

    // In the order of the enumeration.
    private static readonly OpRow[] s_rows =
    [
        new(Op.Conv2d, "Conv2d", new(1, 1) { Tensors = ["weight"], OptionalTensors = ["bias"], Attributes = [new("stride", 1, MaxWindow), new("padding", 0, MaxWindow)] },
            (v, node, x) => v.Conv(node, x), c => new(0, c.Outputs * c.Channels * OpCosts.Square(c.Weight(2)), 0)),
        new(Op.Linear, "Linear", new(1, 1) { Tensors = ["weight"], OptionalTensors = ["bias"] }, (v, node, x) => v.Linear(node, x), c => new(0, c.Outputs * c.Channels, 0)),
        new(Op.Position, "Position", new(1, 1) { Tensors = ["position"] }, (v, node, x) => v.Position(node, x)),
        new(Op.Affine, "Affine", new(1, 1) { Tensors = s_affine }, (v, node, x) => v.Affine(node, x)),
        new(Op.ShiftSign, "ShiftSign", new(1, 1) { Tensors = ["shift"] }, (v, node, x) => v.ShiftSign(node, x)),
        new(Op.BinaryLinear, "BinaryLinear", new(1, 1) { Tensors = s_product, Attributes = [AttributeRange.Flag(OpAttributes.Counts)] },
            (v, node, x) => v.BinaryLinear(node, x), c => new(c.Outputs * c.Channels, 0, c.Outputs)),
        new(Op.BinaryConv, "BinaryConv", new(1, 1) { Tensors = s_product, Attributes = s_window },
            (v, node, x) => v.BinaryConv(node, x), c => new(c.Outputs * c.Channels * OpCosts.Square(c.Attribute("kernel")), 0, c.Outputs)),
        new(Op.BinaryAttention, "BinaryAttention",
            new(3, 3)
            {
                Tensors = ["exp", "clip", "scale", "offset"],
                OptionalTensors = ["bias", "zero"],
                Attributes =
                [
                    new("heads", 1, int.MaxValue), new("levels", 1, AttentionAttributes.MaxLevels, Absent: 1), new("maskDiagonal", 0, 1, Absent: 0),
                    new("window", 1, MaxWindow, Absent: 0), new("pattern", 0, 1, Absent: 0), new("shift", 0, MaxWindow, Absent: 0),
                ],
            },
            (v, node, x) => v.BinaryAttention(node, x), c => new((1.0 + AttentionAttributes.Levels(c.Node)) * c.Inputs * c.KeysOfQuery, 0, c.Outputs + c.Pairs)),
        new(Op.RPReLU, "RPReLU", new(1, 1) { Tensors = ["slope"], OptionalTensors = ["shift", "offset"] }, (v, node, x) => v.RPReLU(node, x)),
        new(Op.Add, "Add", new(2, MaxSummands) { Attributes = [AttributeRange.Flag(OpAttributes.Joined)] }, (v, node, x) => v.Add(node, x), c => new(0, 0, c.Outputs * c.Operands)),
        new(Op.AvgPool2d, "AvgPool2d",
            new(1, 1)
            {
                Attributes =
                [
                    new("kernelH", 1, MaxWindow), new("kernelW", 1, MaxWindow), new("strideH", 1, MaxWindow), new("strideW", 1, MaxWindow),
                    new("paddingH", 0, MaxWindow), new("paddingW", 0, MaxWindow), AttributeRange.Flag(OpAttributes.Sum),
                ],
            },
            (v, node, x) => v.AvgPool2d(node, x), c => new(0, 0, c.Outputs * c.Attribute("kernelH") * c.Attribute("kernelW"))),
        new(Op.Upsample, "Upsample", new(1, 1) { Attributes = [new("factor", 1, MaxWindow)] }, (v, node, x) => v.Upsample(node, x)),
        new(Op.TileChannels, "TileChannels", new(1, 1) { Attributes = [new("factor", 1, MaxFactor)] }, (v, node, x) => v.TileChannels(node, x)),
        new(Op.GroupMeanChannels, "GroupMeanChannels", new(1, 1) { Attributes = [new("factor", 1, MaxFactor)] }, (v, node, x) => v.GroupMeanChannels(node, x)),
        new(Op.MeanTokens, "MeanTokens", new(1, 1), (v, _, x) => v.Tokens(x) with { Height = 1, Width = 1 }),
        new(Op.LayerNorm, "LayerNorm", new(1, 1) { Tensors = ["scale", "offset", "epsilon"] }, (v, node, x) => v.LayerNorm(node, x), c => new(0, 0, 3 * c.Outputs)),
        new(Op.Gelu, "Gelu", new(1, 1), (v, _, x) => v.Tokens(x)),
        new(Op.SoftmaxAttention, "SoftmaxAttention", new(3, 3) { Attributes = [new("heads", 1, int.MaxValue)] },
            (v, node, x) => v.SoftmaxAttention(node, x), c => new(0, 2.0 * c.Inputs * c.Keys, c.Outputs + (OpCosts.Exponential * c.Pairs))),
        new(Op.PrependTokens, "PrependTokens", new(1, 2) { OptionalTensors = ["tokens"] }, (v, node, x) => v.PrependTokens(node, x)),
        new(Op.SliceTokens, "SliceTokens", new(1, 1) { Attributes = [new("start", 0, int.MaxValue), new("count", 1, int.MaxValue)] }, (v, node, x) => v.SliceTokens(node, x)),
        new(Op.SpatialShift, "SpatialShift", new(1, 1) { Attributes = [new("rows", 0, MaxWindow), new("columns", 0, MaxWindow)] }, (v, node, x) => v.SpatialShift(node, x)),
        new(Op.ScaledSum, "ScaledSum", new(2, MaxSummands)
            {
                OptionalTensors = [.. Enumerable.Range(1, MaxSummands - 1).Select(OpAttributes.Scale)],
                Attributes = [AttributeRange.Flag(OpAttributes.Joined)],
            },
            (v, node, x) => v.ScaledSum(node, x), c => new(0, 0, c.Outputs * c.Operands)),
        new(Op.DepthwiseConv2d, "DepthwiseConv2d",
            new(1, 1) { Tensors = ["weight"], OptionalTensors = ["bias"], Attributes = [new("kernel", 1, MaxTapRows), new("stride", 1, MaxWindow), new("padding", 0, MaxTapRows)] },
            (v, node, x) => v.DepthwiseConv(node, x), c => new(0, c.Outputs * OpCosts.Square(c.Attribute("kernel")), 0)),
        new(Op.Gate, "Gate", new(2, 2), (v, node, x) => v.Gate(node, x)),
    ];

    internal static IReadOnlyList<OpRow> All => s_rows;

    /// <summary>The row of an op.</summary>
    /// <exception cref="EvitFormatException">There is no such op.</exception>
    internal static OpRow Of(Op op) => (uint)op < (uint)s_rows.Length ? s_rows[(int)op] : throw new EvitFormatException($"op {(int)op} is unknown to this runtime");

    /// <summary>The op of a name; null where there is none.</summary>
    internal static Op? Parse(string name) => Array.Find(s_rows, r => r.Name == name)?.Op;
}
