using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>Finds out what a conversion would do and cost.</summary>
internal static class Planning
{
    internal static ConvertPlan Of(RunContext run)
    {
        BinaryViTConfig preset = StudentLayout.Of(run.Options);
        using RunInputs inputs = RunInputs.Read(run, preset, TrainingDevice.Choose(run.Options.Device));
        run.Introduce();
        var lengths = new TrainingLengths(run);
        (PhasePlan? teacher, PhasePlan student) = lengths.Measure(inputs);
        if (run.Options.Budget is { } budget)
        {
            Recipe recipe = lengths.Fit(inputs, budget - run.Elapsed, teacher, student);
            teacher = teacher is null ? null : teacher with { Steps = recipe.Teacher.Steps };
            student = student with { Steps = recipe.Student.Steps };
        }

        run.Group?.Leave();

        using var fresh = new BinaryViT(inputs.Network);
        LoweredModel lowered = FoldedModel.Of(Lowering.Lower(inputs.Network, ModelTensors.Export(fresh))).Model;
        long bits = GraphCost.Of(lowered.Graph, lowered.Tensors).Sum(n => n.WeightBits);
        ImageData data = inputs.Data;
        byte[] packed = EvitWriter.ToBytes(lowered, data.Source.Preprocess, data.Source.Labels, "{}", run.Options.Seed);
        return new ConvertPlan(
            inputs.Network.Name, ConfigJson.Write(inputs.Network), fresh.parameters().Sum(p => p.numel()), bits, packed.Length, data.Split.Train.Count,
            teacher, student, RunContext.PeakMemory())
        { Processes = run.Group?.Size ?? 1 };
    }
}
