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

        var builder = new EpilogueBuilder(grouping, places, file.Shapes, weights, kernels.Rows, draft);
        if (draft.Head is not { } head)
        {
            RowPasses plain = builder.Build(null);
            return [new RowStep(draft.Nodes[0].Name, kind, items, plain)];
        }

        ValueShape output = file.Shapes[head.Output];
        ValueShape input = file.Shapes[head.Inputs[0]];
        RowPasses passes = builder.Build(Source(head, output, weights));
        if (FloatStepFactory.Makes(head.Op))
        {
            return FloatStepFactory.Build(head, kind, passes, file, places, weights, kernels);
        }

        switch (head.Op)
        {
            case Op.BinaryLinear or Op.BinaryConv:
                var source = new BitsSource(places.Offset(head.Inputs[0]), input, output.Width, ConvWindow.Of(head));
                ReadOnlyMemory<byte> bytes = _code is null ? weights.Words(head.Tensors["weight"]) : _code.Rows(head);
                BitKernel bits = kernels.Bits.For(output.Channels);
                passes = HiddenLayer.InGroups(passes, kernels.Rows, weights, out GroupOrder? order);
                ReadOnlySpan<byte> rows = order is null ? bytes.Span : HiddenLayer.Rows(bytes.Span, order);
                byte* packed = bits.Pack(MemoryMarshal.Cast<byte, ulong>(rows), output.Channels, source.Inputs, weights.Allocate);
                ulong* columns = null;
                if (kernels.Many && items >= WeightTables.FewestTokens)
                {
                    columns = (ulong*)weights.Allocate(WeightTables.PackedBytes(output.Channels, source.Inputs));
                    fixed (byte* words = rows)
                    {
                        WeightTables.Pack((ulong*)words, output.Channels, source.Inputs, columns);
                    }
                }

                return [new BinaryProductStep(head.Name, kind, items, passes, bits, source, packed, columns, output.Channels, IsCount(head))];

            case Op.BinaryAttention:
                return Attention(head, kind, items, passes);

            case Op.Linear when items > 1:
                return [FloatStepFactory.Linear(head, kind, passes, input, output, places, weights, kernels)];

            default:
                FloatSource floats = FloatSource.Of(head, file, places);
                float* matrix = weights.Transposed(head.Tensors["weight"], output.Channels);
                float* bias = weights.Bias(head, output.Channels);
                return [new FloatProductStep(head.Name, kind, items, passes, kernels.Rows, floats, matrix, bias, output.Channels)];
        }
    }

    private PlanStep[] Attention(GraphNode head, string kind, int items, RowPasses passes)
    {
        (AttentionOperands operands, long prepared) = places.Attention(head, file);
        long* exp = weights.Integers(head.Tensors["exp"]);
        float* clip = weights.Rows(head.Tensors["clip"], operands.Heads);
        float* zero = operands.HasZero ? weights.Rows(head.Tensors["zero"], operands.Heads) : null;
        var bias = AttentionBias.Of(head, file, operands, weights);
        if (kernels.Tables is { } tables && TableAttentionStep.Takes(operands))
        {
            int count = operands.TableStride == 0 ? 1 : operands.Heads;
            nint[] perHead = [.. Enumerable.Range(0, count).Select(i => (nint)tables.Table(exp + (i * operands.TableStride), operands.HeadSize, weights.Allocate))];
            double* twice = weights.TwiceReversed(exp, operands.HeadSize + 1, count);
            return
            [
                new TableAttentionPrepareStep(head.Name, operands, prepared, kernels.Bits),
                new TableAttentionStep(head.Name, kind, items, passes, kernels.Bits, tables, operands, prepared, perHead, exp, twice, clip, zero, bias),
            ];
        }

        return
        [
            new AttentionPrepareStep(head.Name, operands, prepared),
            new AttentionStep(head.Name, kind, items, passes, kernels.Attention, operands, prepared, exp, clip, zero, bias),
        ];
    }

    /// <summary>The slot that loads a head's row.</summary>
    internal static Slot Source(GraphNode head, ValueShape output, PlanWeights weights)
    {
        int padded = ValueShape.Pad(output.Channels);
        return head.Op is Op.BinaryLinear or Op.BinaryConv or Op.BinaryAttention
            ? new Slot
            {
                Space = RowSpace.Tile,
                Stride = padded * sizeof(ushort),
                P0 = weights.Rows(head.Tensors["scale"], output.Channels),
                P1 = weights.Rows(head.Tensors["offset"], output.Channels),
            }
            : new Slot { Space = RowSpace.Tile, Stride = padded * sizeof(float) };
    }

    /// <summary>True where a binary product counts the differing bits; false where it is the product of the signs.</summary>
    internal static bool IsCount(GraphNode head) => head.Attributes.ContainsKey(OpAttributes.Counts);

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
