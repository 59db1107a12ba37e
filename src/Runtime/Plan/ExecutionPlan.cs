namespace EdgeVit.Runtime;

/// <summary>A model made ready for one kernel set: steps, packed weights, sizes of the memory that a session needs. It does not change
/// after it is built and is shared by the model's sessions; the last holder frees it.</summary>
internal sealed unsafe class ExecutionPlan
{
    private readonly KernelSet _kernels;
    private readonly EvitFile _file;
    private readonly ValuePlaces _places;
    private int _holders = 1;

    private ExecutionPlan(KernelSet kernels, EvitFile file, ValuePlaces places, PlanWeights weights, PlanStep[] steps)
    {
        _kernels = kernels;
        Weights = weights;
        Steps = steps;
        _file = file;
        _places = places;
        ArenaBytes = places.ArenaBytes;
        OutputOffset = places.Offset(file.Graph.OutputName);
        foreach (PlanStep step in steps)
        {
            ScratchBytes = Math.Max(ScratchBytes, step.ScratchBytes + 64);
        }
    }

    internal PlanStep[] Steps { get; }

    /// <summary>The packed weights, freed with the last holder.</summary>
    internal PlanWeights Weights { get; }

    /// <summary>Bytes of the values.</summary>
    internal long ArenaBytes { get; }

    /// <summary>Bytes that each thread needs.</summary>
    internal long ScratchBytes { get; }

    /// <summary>Bytes of the packed weights.</summary>
    internal long WeightBytes => Weights.Bytes;

    /// <summary>Where the logits lie in the arena.</summary>
    internal long OutputOffset { get; }

    /// <summary>Plans a model.</summary>
    internal static ExecutionPlan Build(EvitFile file, KernelSet kernels)
    {
        var grouping = new StepGrouping(file.Graph, file.Shapes);
        var places = new ValuePlaces(file.Graph, file.Shapes, grouping);
        var weights = new PlanWeights(file.Tensors);
        var steps = new List<PlanStep>();
        var factory = new StepFactory(file, grouping, places, weights, kernels);
        foreach (StepDraft draft in grouping.Steps)
        {
            steps.AddRange(factory.Build(draft));
            steps[^1].Draft = draft;
        }

        factory.Finish();
        return new ExecutionPlan(kernels, file, places, weights, [.. steps]);
    }

    /// <summary>What a step has to do.</summary>
    internal StepWork WorkOf(PlanStep step) => step.Draft is { } draft ? StepWork.Of(draft, _file, _places) : StepWork.None;

    /// <summary>What runs each node, by its name: <see cref="PlanStep.RunBy"/>, or a kernel set. Nodes that are mere views run nothing and are left
    /// out.</summary>
    internal Dictionary<string, string> NodeKernels()
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (PlanStep step in Steps)
        {
            if (step.Draft is { } draft)
            {
                foreach (GraphNode node in draft.Head is null ? draft.Nodes : draft.Nodes.Prepend(draft.Head))
                {
                    result[node.Name] = step.RunBy ?? _kernels.Name;
                }
            }
        }

        return result;
    }

    /// <summary>One more holder.</summary>
    internal ExecutionPlan Hold()
    {
        Interlocked.Increment(ref _holders);
        return this;
    }

    /// <summary>One holder fewer; the last one frees the weights.</summary>
    internal void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            Weights.Dispose();
        }
    }
}
