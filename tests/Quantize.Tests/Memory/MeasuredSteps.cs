using System.Globalization;
using EdgeVit.Export;
using TorchSharp;

namespace EdgeVit.Quantize.Tests;

/// <summary>Steps whose memory is measured, each in a process of its own: in one that has run other tests, memory that they gave back serves again and is not
/// seen to be taken.</summary>
internal static class MeasuredSteps
{
    /// <summary>One hidden layer of a megabyte an image.</summary>
    internal const string Hidden = "hidden";

    /// <summary>Sixteen blocks whose values are kept for the backward pass.</summary>
    internal const string Kept = "kept";

    /// <summary>The same, computed again in it.</summary>
    internal const string Computed = "computed";

    /// <summary>Kept where memory is ample, then within what 24 of 32 images take: whether blocks are computed again, a line each, and the first note.</summary>
    internal const string Bounded = "bounded";

    private const string Unmeasured = "unmeasured";

    // More than any step takes.
    private static readonly MemoryBound s_ample = new(1L << 40, "the test");

    /// <summary>What a step takes in a new process; basis and bytes of an image.</summary>
    internal static BatchMemory InProcess(string step)
    {
        string[] numbers = Said(step).Split(' ');
        return new BatchMemory(long.Parse(numbers[0], CultureInfo.InvariantCulture), long.Parse(numbers[1], CultureInfo.InvariantCulture));
    }

    /// <summary>What a new process says of a step; skips the test where the system does not measure.</summary>
    internal static string Said(string step)
    {
        string said = MpiLauncher.Wait(MpiLauncher.Alone(["memory", step]), 0).Trim();
        Assert.SkipWhen(said == Unmeasured, "this system does not measure the most that was resident anew");
        return said;
    }

    /// <summary>What that process prints.</summary>
    internal static string Of(string step)
    {
        if (!ResidentMemory.Restart())
        {
            return Unmeasured;
        }

        torch.set_num_threads(1);
        (BatchMemory memory, bool ample, _) = step == Hidden ? (Wide(), false, []) : Blocks(again: step == Computed, s_ample);
        if (step == Bounded)
        {
            (_, bool again, List<string> notes) = Blocks(again: false, new MemoryBound(memory.Needed(24), "the test"));
            return $"{ample}\n{again}\n{notes[0]}";
        }

        return string.Create(CultureInfo.InvariantCulture, $"{memory.Basis} {memory.ImageBytes}");
    }

    /// <summary>A step through sixteen blocks within a bound: what was measured, whether blocks are computed again, and what was told.</summary>
    private static (BatchMemory Memory, bool Again, List<string> Notes) Blocks(bool again, MemoryBound bound)
    {
        var network = new BinaryViTConfig(
            "blocks", ImageSize: 32, PatchSize: 4, [new StageConfig(Depth: 16, Width: 64, FfnWidth: 256, Heads: 1, Reduction: 1)], Classes: 10, Branches: BranchKind.Pool);
        torch.manual_seed(5);
        using var model = new BinaryViT(network) { Recomputes = again };
        var notes = new Recorder();
        BatchMemory memory = Rehearsed(new ClassifyTask(model), 32, bound, notes);
        return (memory, model.Recomputes, [.. notes.Texts]);
    }

    private static BatchMemory Wide()
    {
        torch.manual_seed(5);
        using var model = new WideNetwork(1 << 18);
        return Rehearsed(new ClassifyTask(model), 128, s_ample, new Recorder());
    }

    private static BatchMemory Rehearsed(ITrainingTask task, int batch, MemoryBound bound, Recorder notes)
    {
        PixelSource source = DataTests.Shapes(batch);
        using var loader = new BatchLoader(source, [.. Enumerable.Range(0, batch)], batch, new Augmentation(0, true), seed: 3);
        using var step = new TrainingStep(task, new TrainSettings { Steps = 10, BatchSize = batch, Warmup = 0 }, source, torch.CPU, notes) { Bound = bound };
        step.Begin(0);
        step.Rehearse(loader.Get(0));
        return step.Memory!;
    }
}
