using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Makes all processes begin a training as rank 0 does, which alone may have read a checkpoint.</summary>
internal static class SharedStart
{
    /// <summary>Makes sure that every process has images enough in every part of a batch.</summary>
    /// <exception cref="ConvertException">The batch is too small, or divided into too many parts.</exception>
    internal static void RequireEnough(ProcessGroup? group, int batchSize, TrainSettings settings, string phase)
    {
        if (group is not null && batchSize < 2 * group.Size)
        {
            throw new ConvertException(
                $"{phase}: the batch has {batchSize} images, but every one of {group.Size} processes needs two: expected --batch {2 * group.Size} or more.", ConvertException.Usage);
        }
        if (group is not null && settings.Accumulate > TrainingStep.MostParts(batchSize, group.Size))
        {
            throw new ConvertException(
                $"{phase}: --accumulate is {settings.Accumulate}, expected 1 to {TrainingStep.MostParts(batchSize, group.Size)}, so that each of {group.Size} processes has two images of each part of {batchSize}.", ConvertException.Usage);
        }
    }

    /// <summary>Takes over network, optimizer, position and number of parts of rank 0, finds out together what fits into memory, and returns the position.</summary>
    internal static TrainState Of(ProcessGroup group, TrainState state, nn.Module model, TrainingStep learning, BatchLoader loader, long steps)
    {
        double[] numbers = group.Broadcast(state.Step, state.BestTop1, state.Seconds, learning.Parts);
        state = new TrainState((long)numbers[0], numbers[1], numbers[2]);
        learning.Parts = (int)numbers[3];
        group.Broadcast(model);
        if (state.Step > 0)
        {
            byte[] optimizer = group.Broadcast(group.IsFirst ? learning.Optimizer.Save() : []);
            if (!group.IsFirst)
            {
                learning.Optimizer.Restore(optimizer);
            }
        }
        if (state.Step < steps)
        {
            learning.Begin(state.Step);
            learning.Rehearse(loader.Get(state.Step));
        }

        return state;
    }
}
