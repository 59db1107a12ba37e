using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Makes all processes begin a training as rank 0 does, which alone may have read a checkpoint.</summary>
internal static class SharedStart
{
    /// <summary>Takes over network, optimizer, position and number of parts of rank 0, and returns the position.</summary>
    internal static TrainState Of(World world, TrainState state, nn.Module model, TrainingStep learning)
    {
        double[] numbers = world.OfFirst(state.Step, state.BestTop1, state.Seconds, learning.Parts);
        state = new TrainState((long)numbers[0], numbers[1], numbers[2]);
        learning.Parts = (int)numbers[3];
        world.Broadcast(model);
        if (state.Step == 0)
        {
            return state;
        }

        using var memory = new MemoryStream();
        if (world.IsFirst)
        {
            using var writer = new BinaryWriter(memory, System.Text.Encoding.UTF8, leaveOpen: true);
            learning.Optimizer.save_state_dict(writer);
        }
        byte[] optimizer = world.Broadcast(memory.ToArray());
        if (!world.IsFirst)
        {
            using var reader = new BinaryReader(new MemoryStream(optimizer));
            learning.Optimizer.load_state_dict(reader);
        }
        return state;
    }
}
