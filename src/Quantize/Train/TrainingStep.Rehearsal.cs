using System.Globalization;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <content>What is tried before the first step.</content>
internal sealed partial class TrainingStep
{
    /// <summary>Images of the parts that are measured: the first says whether the second is small enough.</summary>
    private const int FewImages = 2, MoreImages = 16;

    /// <summary>How much memory the process may have.</summary>
    internal MemoryBound Bound { get; init; } = MemoryBound.None;

    /// <summary>Stands for what would be measured: tests of how a batch is divided need numbers that do not vary.</summary>
    internal BatchMemory? Known { get; init; }

    /// <summary>What the training was found to need; null where that was not, or could not be, measured.</summary>
    internal BatchMemory? Memory { get; private set; }

    /// <summary>Parts of a batch at most, so that every process has two images of each.</summary>
    internal static int MostParts(int images, int processes) => Math.Max(1, images / (2 * processes));

    /// <summary>Finds into how many parts a batch must be divided for memory to suffice on every process, from the memory that small parts take: a system that has
    /// promised more than it has kills a process instead of refusing it memory. Several processes try a batch besides, each by itself, without the others, whom
    /// one that runs out of memory in the middle of a step would leave waiting; then all take the largest number. Changes nothing else.</summary>
    /// <exception cref="ConvertException">Memory does not even suffice for parts of two images on one of them.</exception>
    internal void Rehearse(Batch batch)
    {
        bool measures = Bound.IsKnown && _device.type == DeviceType.CPU;
        if (measures)
        {
            Measure(batch);
        }

        if (_group is not null && _replicas is null)
        {
            if (_student is not null)
            {
                // Norms sum over the processes, in each pass through them.
                _student.Recomputes = _group.AllGather(_student.Recomputes ? 1 : 0).Max() > 0;
            }

            Alone(() => Gradient(batch));
            Parts = (int)_group.AllGather(Parts).Max();
        }
    }

    /// <summary>Measures two small parts, divides the batch by what they took, and measures one of its parts where memory is short.</summary>
    private void Measure(Batch batch)
    {
        int images = batch.Count;
        Require(new BatchMemory(ResidentMemory.Now(), 0), images);
        (Memory, int more) = SmallParts(batch);
        if (_student is not null && _replicas is null && Memory.Needed(Math.Min(images, BatchMemory.LargePart)) > Bound.Usable)
        {
            long kept = Memory.ImageBytes;
            _student.Recomputes = true;
            (Memory, more) = SmallParts(batch);
            _progress?.Report(new Note(
                $"memory: {ByteText.Of(kept)} an image would be kept for the backward pass, so that it computes the values inside each block again: {ByteText.Of(Memory.ImageBytes)} an image, about a third more time, the same numbers; not with more --memory"));
        }

        if (_replicas is not null)
        {
            LimitReplicas(images);
            return;
        }

        int before = Parts;
        Parts = Require(Memory, images);
        while (Parts > before && images / Parts > more)
        {
            // Extrapolated from small parts: look once at a part of the size that was chosen.
            int size = (images + Parts - 1) / Parts;
            BatchMemory seen = Measured(batch, size);
            if (seen.Needed(size) <= Bound.Usable)
            {
                break;
            }

            (Memory, Parts) = (seen, Require(seen, images));
        }
        // A run that goes on keeps the parts that it began with.
        int needed = Parts;
        Parts = _step == 0 ? Memory.ModestParts(Bound, images, Parts) : Parts;
        UseHeap((images + Parts - 1) / Parts);

        if (Parts > before)
        {
            _progress?.Report(new Note(string.Create(CultureInfo.InvariantCulture,
                $"memory: {Memory.Text(Bound)}: a batch of {images} is computed in {Parts} parts of {(images + Parts - 1) / Parts} whose gradients are added up (--accumulate {Parts}); norms see each part apart{(Parts > needed ? "; more with --memory" : "")}")));
        }
    }

    /// <summary>Measures two small parts of a batch.</summary>
    /// <returns>What they took, and the images of the larger.</returns>
    private (BatchMemory Memory, int Images) SmallParts(Batch batch)
    {
        int few = Math.Min(FewImages, batch.Count), more = Math.Min(MoreImages, batch.Count);
        BatchMemory memory = Measured(batch, few);
        while (more > few && memory.Needed(more) > Bound.Usable)
        {
            more /= 2;
        }

        return (more > few ? Measured(batch, more) : memory, more);
    }

    /// <summary>The parts that fit.</summary>
    private int Require(BatchMemory memory, int images) => memory.Parts(Bound, images, Parts, MostParts(images, 1)) ?? throw new ConvertException(
        $"Memory does not suffice: the training needs {ByteText.Of(memory.Needed((images + MostParts(images, 1) - 1) / MostParts(images, 1)))} for two images at a time ({memory.Text(Bound)}). "
        + "Free memory or give more with --memory, or choose a smaller --student, --image-size or --teacher.");

    /// <summary>Copies of the network that compute at the same time: the numbers are the same for any.</summary>
    private void LimitReplicas(int images)
    {
        int each = (images + _replicas!.Copies - 1) / _replicas.Copies;
        while (Memory!.Needed(each * _replicas.Threads) > Bound.Usable)
        {
            if (_replicas.Threads == 1)
            {
                throw new ConvertException(
                    $"Memory does not suffice: the training needs {ByteText.Of(Memory.Needed(each))} for the {each} images that it computes at a time ({Memory.Text(Bound)}). Free memory or give more with --memory, or choose another --teacher or a smaller --image-size.");
            }

            _replicas.Threads--;
        }
        UseHeap(each * _replicas.Threads);
    }

    private void UseHeap(int images)
    {
        _keeps = Memory!.MayKeep(Bound, images);
        if (_keeps)
        {
            NativeHeap.KeepBlocks();
        }
        else
        {
            NativeHeap.ReturnBlocks();
        }
    }

    /// <summary>After a part: a heap that has kept more than could be foreseen gives it back, from now on, before the next part meets the bound. Blocks that
    /// were freed while it kept them are used again before the system is asked, whatever their size, so that they are given back after every part.</summary>
    private void KeepToBound(int images)
    {
        NativeHeap.TrimWhereShort();
        if (_keeps && Bound.IsKnown && ResidentMemory.Now() + (Memory!.ImageBytes * images / 2) > Bound.Usable)
        {
            _keeps = false;
            NativeHeap.ReturnBlocks();
        }
    }

    /// <summary>What a part of so many images of a batch takes.</summary>
    private BatchMemory Measured(Batch batch, int images)
    {
        if (Known is { } known)
        {
            return known;
        }

        NativeHeap.KeepBlocks();
        bool peaks = ResidentMemory.Restart();
        long basis = ResidentMemory.Now();
        Batch part = batch.Part(0, Math.Max(1, batch.Count / images));
        Alone(() => Gradient(part, 1));
        // Where the most cannot be measured anew, the heap has kept what was taken.
        long most = peaks ? ResidentMemory.Peak() : ResidentMemory.Now();
        return new BatchMemory(basis, Math.Max(0, most - basis) / part.Count);
    }

    private double Gradient(Batch batch, int parts)
    {
        int before = Parts;
        Parts = parts;
        try
        {
            return Gradient(batch with { Whole = batch.Count, Places = null });
        }
        finally
        {
            Parts = before;
        }
    }

    /// <summary>Computes without the other processes and leaves everything as it was.</summary>
    private void Alone(Func<double> compute)
    {
        ProcessGroup? group = _group;
        bool training = _task.Model.training;
        Tensor[] buffers = [.. _task.Model.buffers()];
        Tensor[] before;
        using (torch.no_grad())
        {
            before = [.. buffers.Select(b => b.clone().DetachFromDisposeScope())];
        }

        try
        {
            _group = null;
            SynchronisedNorm.Join(_task.Model, null);
            _task.Model.train();
            using DisposeScope scope = torch.NewDisposeScope();
            compute();
        }
        finally
        {
            _group = group;
            if (group is not null && _replicas is null)
            {
                SynchronisedNorm.Join(_task.Model, group);
            }

            _parameters.ClearGradients();
            if (!training)
            {
                _task.Model.eval();
            }

            using IDisposable frozen = torch.no_grad();
            foreach ((Tensor buffer, Tensor value) in buffers.Zip(before))
            {
                buffer.copy_(value);
                value.Dispose();
            }
        }
    }
}
