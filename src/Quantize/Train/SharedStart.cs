using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Makes all processes begin a training as rank 0 does, which alone may have read a checkpoint.</summary>
internal static class SharedStart
{
    /// <summary>Takes over network, optimizer, position and number of parts of rank 0, and returns the position.</summary>
    internal static TrainState Of(ProcessGroup group, TrainState state, nn.Module model, TrainingStep learning)
    {
        double[] numbers = group.Broadcast(state.Step, state.BestTop1, state.Seconds, learning.Parts);
        state = new TrainState((long)numbers[0], numbers[1], numbers[2]);
        learning.Parts = (int)numbers[3];
        group.Broadcast(model);
        if (state.Step == 0)
        {
            return state;
        }

        using var memory = new MemoryStream();
        if (group.IsFirst)
        {
            using var writer = new BinaryWriter(memory, System.Text.Encoding.UTF8, leaveOpen: true);
            learning.Optimizer.save_state_dict(writer);
        }
        byte[] optimizer = group.Broadcast(memory.ToArray());
        if (!group.IsFirst)
        {
            using var reader = new BinaryReader(new MemoryStream(optimizer));
            learning.Optimizer.load_state_dict(reader);
        }
        return state;
    }
}
