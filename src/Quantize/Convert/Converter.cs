using EdgeVit.Export;
using EdgeVit.Imaging;

namespace EdgeVit.Quantize;

/// <summary>The whole way: images → teacher → student → packed model, proven to compute what was trained.</summary>
internal static class Converter
{
    /// <summary>Converts a data set into a packed model.</summary>
    /// <param name="group">The processes that train together, of which this must be the first; null for this one alone. It has left them at the end.</param>
    /// <exception cref="ConvertException">It cannot be done, was stopped, or the packed model is not what was trained (exit code 3).</exception>
    /// <exception cref="DatasetException">The data cannot be used.</exception>
    /// <exception cref="ImageException">An image cannot be decoded.</exception>
    /// <exception cref="ModelFormatException">The student does not exist or does not fit the images.</exception>
    public static ConvertResult Convert(ConvertOptions options, IConvertProgress progress, CancellationToken cancel = default, ProcessGroup? group = null)
    {
        if (group is { IsFirst: false })
        {
            throw new ArgumentException($"rank {group.Rank} assists, see {nameof(Assist)}.", nameof(group));
        }

        return Run(options, progress, cancel, group)!;
    }

    /// <summary>Takes part in the trainings of a conversion that rank 0 does with <see cref="Convert"/>; writes nothing.</summary>
    /// <param name="group">The processes, of which this is another than the first.</param>
    /// <param name="cancel">Stops all processes after the step in progress.</param>
    public static void Assist(ConvertOptions options, ProcessGroup group, CancellationToken cancel = default) => Run(options, new SilentProgress(), cancel, group);

    /// <summary>Says what a conversion would do and cost: reads the images, measures some steps with networks that are thrown away, writes
    /// nothing.</summary>
    /// <param name="group">The processes that would train together and measure together, each of which calls this; null for this one alone.</param>
    /// <exception cref="ConvertException">It cannot be done.</exception>
    public static ConvertPlan Plan(ConvertOptions options, IConvertProgress progress, CancellationToken cancel = default, ProcessGroup? group = null) => InGroup(
        group, () => Planning.Of(new RunContext(Resolved(options, group), progress, cancel, group)), "Stopped; nothing was written.");

    private static ConvertResult? Run(ConvertOptions options, IConvertProgress progress, CancellationToken cancel, ProcessGroup? group)
    {
        try
        {
            return InGroup(
                group, () => new Conversion(new RunContext(Resolved(options, group), progress, cancel, group)).Run(),
                "Stopped; what was trained so far is saved. Go on with the same command and --resume.");
        }
        catch (ModelWriteException e)
        {
            throw new ConvertException(e.Message, e);
        }
    }

    /// <summary>Runs an action; where it fails, the other processes are left or ended first.</summary>
    private static T InGroup<T>(ProcessGroup? group, Func<T> action, string stopped)
    {
        LibTorch.Load();
        try
        {
            return action();
        }
        catch (Exception e) when (EndGroup(group, e))
        {
            throw;
        }
        catch (OperationCanceledException e)
        {
            throw new ConvertException(stopped, e, ConvertException.Interrupted);
        }
    }

    /// <summary>The options, checked, with what the data, the processes and the device decide.</summary>
    private static ConvertOptions Resolved(ConvertOptions options, ProcessGroup? group)
    {
        options = UnlabelledImages.Resolve(options.Validate());
        if (group is not null)
        {
            options = options with { Device = group.Device, Threads = options.Threads ?? Math.Max(1, Environment.ProcessorCount / group.Sharers) };
        }

        return options with { Precision = MixedPrecision.For(options.Precision, TrainingDevice.Choose(options.Device)) };
    }

    /// <summary>Leaves the other processes, where all have stopped alike, or lets them fail with this one; always false.</summary>
    private static bool EndGroup(ProcessGroup? group, Exception e)
    {
        if (e is ConvertException { ExitCode: ConvertException.Interrupted })
        {
            group?.Leave();
        }
        else
        {
            group?.Fail();
        }

        return false;
    }
}
