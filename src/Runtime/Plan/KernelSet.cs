namespace EdgeVit.Runtime;

/// <summary>The kernels of one instruction set.</summary>
/// <param name="Name">The name of the set whose kernels these are.</param>
/// <param name="Bits">Binary products.</param>
/// <param name="Rows">Float work on rows.</param>
/// <param name="Attention">Binary attention by rows.</param>
/// <param name="Tables">Binary attention by products of tiles, where the set has it.</param>
/// <param name="Many">True where <see cref="WeightTables"/> count faster than <paramref name="Bits"/> what has many tokens.</param>
/// <param name="Code">Makes steps of machine code wherever there is some; null for none.</param>
internal sealed record KernelSet(
    string Name, BitKernel Bits, RowKernel Rows, AttentionKernel Attention, TableAttention? Tables = null, bool Many = false, StepMaking? Code = null);

/// <summary>A maker of steps for a model.</summary>
internal delegate IStepMaker StepMaking(EvitFile file, StepGrouping grouping, ValuePlaces places, PlanWeights weights, RowKernel rows);

/// <summary>Makes steps that need no kernels: machine code of their own.</summary>
internal interface IStepMaker
{
    /// <summary>The steps of a draft; null where the kernels are to run it.</summary>
    /// <param name="draft">The draft.</param>
    /// <param name="kind">The ops in it.</param>
    PlanStep[]? TryBuild(StepDraft draft, string kind);

    /// <summary>A product's weights, in the order in which its input's bits stand.</summary>
    ReadOnlyMemory<byte> Rows(GraphNode head);

    /// <summary>Makes all code runnable; call after the last step.</summary>
    void Finish();
}
