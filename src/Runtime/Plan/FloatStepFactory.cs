namespace EdgeVit.Runtime;

/// <summary>Makes the steps of the ops of float transformers.</summary>
internal static unsafe class FloatStepFactory
{
    /// <summary>Whether the op starts a row in a way that this factory knows.</summary>
    internal static bool Makes(Op op) => op is Op.LayerNorm or Op.Gelu or Op.SoftmaxAttention or Op.PrependTokens or Op.SliceTokens;

    /// <summary>The steps of a draft whose head is such an op.</summary>
    internal static IEnumerable<PlanStep> Build(
        GraphNode head, string kind, RowProgram program, EvitFile file, ValuePlaces places, PlanWeights weights, KernelSet kernels)
    {
        ValueShape output = file.Shapes[head.Output];
        (string name, int items, int channels) = (head.Name, output.Tokens, output.Channels);
        if (head.Op == Op.SoftmaxAttention)
        {
            SoftmaxOperands operands = places.SoftmaxAttention(head, file.Shapes);
            float* zeros = weights.Zeros(Math.Max(operands.Keys, operands.HeadSize));
            return
            [
                new SoftmaxPrepareStep(name, operands),
                new SoftmaxAttentionStep(name, kind, items, program, kernels.Rows, operands, zeros),
            ];
        }

        long source = places.Offset(head.Inputs[0]);
        switch (head.Op)
        {
            case Op.LayerNorm:
                float* scale = weights.Rows(head.Tensors["scale"], channels);
                float* offset = weights.Rows(head.Tensors["offset"], channels);
                float epsilon = TensorData.Floats(file.Tensors[head.Tensors["epsilon"]])[0];
                return [new LayerNormStep(name, kind, items, program, channels, source, scale, offset, epsilon)];
            case Op.Gelu:
                return [new GeluStep(name, kind, items, program, channels, source)];
            case Op.PrependTokens when head.Inputs.Count == 2:
                return [new TokenRowsStep(name, kind, items, program, channels, source, 0, null, places.Offset(head.Inputs[1]), file.Shapes[head.Inputs[1]].Tokens)];
            case Op.PrependTokens:
                int rows = file.Tensors[head.Tensors["tokens"]].Shape[0];
                float* tokens = weights.Rows(head.Tensors["tokens"], channels);
                return [new TokenRowsStep(name, kind, items, program, channels, source, 0, tokens, 0, rows)];
            default:
                return [new TokenRowsStep(name, kind, items, program, channels, source, head.Attributes["start"], null, 0, 0)];
        }
    }
    /// <summary>A linear of many tokens.</summary>
    internal static PlanStep Linear(
        GraphNode head, string kind, RowProgram program, ValueShape input, ValueShape output, ValuePlaces places, PlanWeights weights, KernelSet kernels)
    {
        float* matrix = weights.TransposedBlocks(head.Tensors["weight"], output.Channels, TokenLinearStep.Block);
        return new TokenLinearStep(
            head.Name, kind, output.Tokens, program, kernels.Rows, input, places.Offset(head.Inputs[0]), matrix, weights.Bias(head, output.Channels), output.Channels);
    }
}
