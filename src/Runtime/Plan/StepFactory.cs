using System.Runtime.InteropServices;
using System.Text;

namespace EdgeVit.Runtime;

/// <summary>Makes the runnable steps of a draft.</summary>
internal sealed unsafe class StepFactory(EvitFile file, StepGrouping grouping, ValuePlaces places, PlanWeights weights, KernelSet kernels)
{
    private readonly IStepMaker? _code = kernels.Code?.Invoke(file, grouping, places, weights, kernels.Rows);

    /// <summary>Call after the last step.</summary>
    internal void Finish() => _code?.Finish();

    /// <summary>The steps of a draft.</summary>
    internal IEnumerable<PlanStep> Build(StepDraft draft)
    {
        int items = draft.Height * draft.Width;
        string kind = Kind(draft);
        if (_code?.TryBuild(draft, kind) is { } steps)
        {
            return steps;
        }

        var builder = new RowProgramBuilder(grouping, places, file.Shapes, weights, kernels.Rows, draft);
        if (draft.Head is not { } head)
        {
            RowProgram plain = builder.Build(null);
            return [new RowStep(draft.Nodes[0].Name, kind, items, plain)];
        }

        ValueShape output = file.Shapes[head.Output];
        ValueShape input = file.Shapes[head.Inputs[0]];
        RowProgram program = builder.Build(Source(head, input, output, weights));
        if (FloatStepFactory.Makes(head.Op))
        {
            return FloatStepFactory.Build(head, kind, program, file, places, weights, kernels);
        }

        switch (head.Op)
        {
            case Op.BinaryLinear or Op.BinaryConv:
                int window = head.Attributes.GetValueOrDefault("kernel", 1);
                var source = new BitsSource(places.Offset(head.Inputs[0]), input.Channels, input.Width, output.Width, window);
                ReadOnlyMemory<byte> bytes = _code is null ? weights.Words(head.Tensors["weight"]) : _code.Rows(head);
                byte* packed = kernels.Bits.Pack(MemoryMarshal.Cast<byte, ulong>(bytes.Span), output.Channels, source.Inputs, weights.Allocate);
                return [new BinaryProductStep(head.Name, kind, items, program, kernels.Bits, source, packed, output.Channels)];

            case Op.BinaryAttention:
                (AttentionOperands operands, long prepared) = places.Attention(head, file);
                long* exp = weights.Integers(head.Tensors["exp"]);
                float* clip = weights.Rows(head.Tensors["clip"], operands.Heads);
                if (kernels.Tables is { } tables && TableAttentionStep.Takes(operands))
                {
                    int count = operands.TableStride == 0 ? 1 : operands.Heads;
                    nint[] perHead = [.. Enumerable.Range(0, count).Select(i => (nint)tables.Table(exp + (i * operands.TableStride), operands.HeadSize, weights.Allocate))];
                    double* twice = weights.TwiceReversed(exp, operands.HeadSize + 1, count);
                    return
                    [
                        new TableAttentionPrepareStep(head.Name, operands, prepared, kernels.Bits),
                        new TableAttentionStep(head.Name, kind, items, program, kernels.Bits, tables, operands, prepared, perHead, exp, twice, clip),
                    ];
                }

                return
                [
                    new AttentionPrepareStep(head.Name, operands, prepared),
                    new AttentionStep(head.Name, kind, items, program, kernels.Attention, operands, prepared, exp, clip),
                ];

            case Op.Linear when items > 1:
                return [FloatStepFactory.Linear(head, kind, program, input, output, places, weights, kernels)];

            default:
                FloatSource floats = FloatSource.Of(head, file, places);
                float* matrix = weights.Transposed(head.Tensors["weight"], output.Channels);
                float* bias = weights.Bias(head, output.Channels);
                return [new FloatProductStep(head.Name, kind, items, program, kernels.Rows, floats, matrix, bias, output.Channels)];
        }
    }

    /// <summary>The op that loads a head's row.</summary>
    internal static EpilogueOp Source(GraphNode head, ValueShape input, ValueShape output, PlanWeights weights)
    {
        int padded = ValueShape.Pad(output.Channels);
        if (head.Op is not (Op.BinaryLinear or Op.BinaryConv or Op.BinaryAttention))
        {
            return new EpilogueOp { Kind = EpilogueOpKind.Load, Space = RowSpace.Tile, Stride = padded * sizeof(float), Factor = 1 };
        }

        int window = head.Attributes.GetValueOrDefault("kernel", 1);
        bool isCount = head.Op == Op.BinaryAttention || head.Attributes.ContainsKey(OpAttributes.Counts);
        return new EpilogueOp
        {
            Kind = isCount ? EpilogueOpKind.LoadCounts : EpilogueOpKind.LoadDifferences,
            Space = RowSpace.Tile,
            Stride = padded * sizeof(ushort),
            Factor = 1,
            Number = head.Op == Op.BinaryAttention ? -1 : isCount ? 0 : window * window * input.Channels,
            P0 = weights.Rows(head.Tensors["scale"], output.Channels),
            P1 = weights.Rows(head.Tensors["offset"], output.Channels),
        };
    }

    /// <summary>The ops of a step, runs of equal ones as <c>name x count</c>.</summary>
    private static string Kind(StepDraft draft)
    {
        var text = new StringBuilder();
        GraphNode[] nodes = draft.All;
        int count = 1;
        for (int i = 0; i < nodes.Length; i++, count++)
        {
            if (i + 1 < nodes.Length && nodes[i + 1].Op == nodes[i].Op)
            {
                continue;
            }

            text.Append(text.Length == 0 ? "" : " + ").Append(Ops.Of(nodes[i].Op).Name);
            if (count > 1)
            {
                text.Append(" x ").Append(count);
            }

            count = 0;
        }

        return text.ToString();
    }
}
