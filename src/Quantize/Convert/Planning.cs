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
        using KnownTeachers known = KnownTeachers.Open(run, inputs);
        AnswerCost? answers = AnswerCost.Of(run, inputs, known);
        var lengths = new TrainingLengths(run);
        PhasePlan? pretraining = lengths.MeasurePretraining(inputs);
        (PhasePlan? teacher, PhasePlan student) = lengths.Measure(inputs);
        if (run.Options.Budget is { } budget)
        {
            Recipe recipe = lengths.Fit(inputs, budget - run.Elapsed, teacher, student);
            teacher = teacher is null ? null : teacher with { Steps = recipe.Teacher.Steps };
            student = student with { Steps = recipe.Student.Steps };
        }

        run.Group?.Leave();
        RequireMemory(run);

        using var fresh = new BinaryViT(inputs.Network);
        LoweredModel lowered = FoldedModel.Of(Lowering.Lower(inputs.Network, ModelTensors.Export(fresh))).Model;
        long bits = GraphCost.Of(lowered.Graph, lowered.Tensors).Sum(n => n.WeightBits);
        ImageData data = inputs.Data;
        byte[] packed = EvitWriter.ToBytes(lowered, data.Source.Preprocess, data.Source.Labels, "{}", run.Options.Seed);
        return new ConvertPlan(
            inputs.Network.Name, ConfigJson.Write(inputs.Network), fresh.parameters().Sum(p => p.numel()), bits, packed.Length, data.Split.WithUnlabelled().Train.Count,
            teacher, student, RunContext.PeakMemory())
        { Pretraining = pretraining, Answers = answers, LearningRate = inputs.Recipe.Student.LearningRate, Flip = inputs.Recipe.Augmentation.Flip, Pad = inputs.Recipe.Augmentation.Pad, Processes = run.Group?.Size ?? 1, Bound = run.Memory.IsKnown ? (run.Memory.Bytes, run.Memory.Reason) : null };
    }

    /// <summary>What was measured stays within what <c>--memory</c> gives.</summary>
    /// <exception cref="ConvertException">It does not.</exception>
    private static void RequireMemory(RunContext run)
    {
        if (run.Options.Memory is { } given && RunContext.PeakMemory() is var taken && taken > given)
        {
            throw new ConvertException(
                $"--memory {ByteText.Of(given)}: the images and the measured steps took {ByteText.Of(taken)}. Give more with --memory, or choose a smaller --image-size, --teacher or --student, or --accumulate with more parts.");
        }
    }
}
