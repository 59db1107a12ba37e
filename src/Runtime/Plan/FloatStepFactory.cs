namespace EdgeVit.Runtime;

/// <summary>Makes the steps of the ops of float transformers.</summary>
internal static unsafe class FloatStepFactory
{
    /// <summary>Whether the op starts a row in a way that this factory knows.</summary>
    internal static bool Makes(Op op) => Maker(op) is not null;

    /// <summary>The steps of a draft whose head is such an op.</summary>
    internal static IEnumerable<PlanStep> Build(
        GraphNode head, string kind, RowPasses passes, EvitFile file, ValuePlaces places, PlanWeights weights, KernelSet kernels) =>
        Maker(head.Op)!(new FloatHead(head, kind, passes, file, places, weights, kernels));

    /// <summary>A linear of many tokens.</summary>
    internal static PlanStep Linear(
        GraphNode head, string kind, RowPasses passes, ValueShape input, ValueShape output, ValuePlaces places, PlanWeights weights, KernelSet kernels)
    {
        float* matrix = weights.TransposedBlocks(head.Tensors["weight"], output.Channels, TokenLinearStep.Block);
        return new TokenLinearStep(
            head.Name, kind, output.Tokens, passes, kernels.Rows, input, places.Offset(head.Inputs[0]), matrix, weights.Bias(head, output.Channels), output.Channels);
    }

    private static Func<FloatHead, PlanStep[]>? Maker(Op op) => op switch
    {
        Op.LayerNorm => h => [new LayerNormStep(
            h.Name, h.Kind, h.Items, h.Passes, h.Channels, h.Source, h.Rows("scale"), h.Rows("offset"), TensorData.Floats(h.File.Tensors[h.Node.Tensors["epsilon"]])[0])],
        Op.Gelu => h => [new GeluStep(h.Name, h.Kind, h.Items, h.Passes, h.Channels, h.Source)],
        Op.Gate => h => [new GateStep(h.Name, h.Kind, h.Items, h.Passes, h.Channels, h.Source, h.Places.Offset(h.Node.Inputs[1]))],
        Op.SoftmaxAttention => SoftmaxAttention,
        Op.PrependTokens => h => [h.Node.Inputs.Count == 2
            ? new TokenRowsStep(h.Name, h.Kind, h.Items, h.Passes, h.Channels, h.Source, 0, null, h.Places.Offset(h.Node.Inputs[1]), h.File.Shapes[h.Node.Inputs[1]].Tokens)
            : new TokenRowsStep(h.Name, h.Kind, h.Items, h.Passes, h.Channels, h.Source, 0, h.Rows("tokens"), 0, h.File.Tensors[h.Node.Tensors["tokens"]].Shape[0])],
        Op.SliceTokens => h => [new TokenRowsStep(h.Name, h.Kind, h.Items, h.Passes, h.Channels, h.Source, h.Node.Attributes["start"], null, 0, 0)],
        _ => null,
    };

    private static PlanStep[] SoftmaxAttention(FloatHead h)
    {
        SoftmaxOperands operands = h.Places.SoftmaxAttention(h.Node, h.File.Shapes);
        float* zeros = h.Weights.Zeros(Math.Max(operands.Keys, operands.HeadSize));
        return
        [
            new SoftmaxPrepareStep(h.Name, operands),
            new SoftmaxAttentionStep(h.Name, h.Kind, h.Items, h.Passes, h.Kernels.Rows, operands, zeros),
        ];
    }

    /// <summary>A step's head and what the step is made of.</summary>
    private sealed record FloatHead(GraphNode Node, string Kind, RowPasses Passes, EvitFile File, ValuePlaces Places, PlanWeights Weights, KernelSet Kernels)
    {
        internal string Name => Node.Name;

        internal int Items => File.Shapes[Node.Output].Tokens;

        internal int Channels => File.Shapes[Node.Output].Channels;

        /// <summary>Where the first input lies.</summary>
        internal long Source => Places.Offset(Node.Inputs[0]);

        /// <summary>A tensor's rows, padded.</summary>
        internal float* Rows(string role) => Weights.Rows(Node.Tensors[role], Channels);
    }
}
