using System.Collections.Concurrent;
using System.Runtime.ExceptionServices;

namespace EdgeVit.Quantize;

/// <summary>Makes batches ahead of the training step on a thread of its own. What batch <c>step</c> holds is a function of the seed and the step
/// alone: epochs are random orders of the images, a last part smaller than a batch is left out, and every image's augmentation is drawn from
/// (seed, epoch, image).</summary>
internal sealed class BatchLoader : IDisposable
{
    /// <summary>Batches that are made ahead, at most, and of large ones so many bytes.</summary>
    private const int Ahead = 3, AheadBytes = 64 << 20;

    /// <summary>Bytes of batches after which those that are done with are collected: the collector by itself lets hundreds of megabytes of them pile up.</summary>
    private const long Uncollected = 128L << 20;

    private static long s_made;

    private readonly PixelSource _source;
    private readonly int[] _indices;
    private readonly Augmentation _augmentation;
    private readonly PixelWriter _writer;
    private readonly ulong _seed;
    private readonly int[] _positions;
    private readonly DeviceImages? _onDevice;
    private BlockingCollection<Batch>? _queue;
    private Thread? _thread;
    private Exception? _failure;
    private long _next = -1;

    /// <summary>Prepares batches of these images.</summary>
    /// <param name="batchSize">Images per batch; fewer when there are fewer.</param>
    /// <param name="share">Which part of each batch is made; null for all of it.</param>
    /// <param name="onDevice">The same images on a device, where batches are then made; null for the processor.</param>
    public BatchLoader(
        PixelSource source, IReadOnlyList<int> indices, int batchSize, Augmentation augmentation, ulong seed, BatchShare? share = null, DeviceImages? onDevice = null)
    {
        ArgumentOutOfRangeException.ThrowIfZero(indices.Count);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        _source = source;
        _indices = [.. indices];
        BatchSize = Math.Min(batchSize, _indices.Length);
        _augmentation = augmentation;
        _writer = new PixelWriter(source.Preprocess);
        _seed = seed;
        _positions = (share ?? BatchShare.All).Of(BatchSize);
        _onDevice = onDevice;
    }

    /// <summary>Images per batch, of all shares together.</summary>
    public int BatchSize { get; }

    /// <summary>Batches per pass over the data.</summary>
    public long StepsPerEpoch => _indices.Length / BatchSize;

    /// <summary>The batch of a step; fast when steps are asked for in order.</summary>
    public Batch Get(long step)
    {
        if (step != _next)
        {
            Restart(step);
        }

        _next = step + 1;
        try
        {
            return _queue!.Take();
        }
        catch (InvalidOperationException) when (_failure is not null)
        {
            ExceptionDispatchInfo.Throw(_failure);
            throw;
        }
    }

    /// <summary>All images of a set in order, as they are, for evaluation.</summary>
    /// <param name="pixels">Whether batches have the images' pixels besides: to ask for them later is to decode a picture twice.</param>
    public static IEnumerable<Batch> InOrder(PixelSource source, IReadOnlyList<int> indices, int batchSize, bool pixels = false)
    {
        var writer = new PixelWriter(source.Preprocess);
        for (int start = 0; start < indices.Count; start += batchSize)
        {
            int[] part = [.. indices.Skip(start).Take(batchSize)];
            yield return Fill(source, writer, part, 0, new Variation(Augmentation.None, 0, 0), pixels) with { Unvaried = source };
        }
    }

    /// <summary>All variations of images, one pass after the other in order, as <see cref="Augmentation.Views"/> shows them; nothing is mixed.</summary>
    internal static IEnumerable<Batch> Views(PixelSource source, IReadOnlyList<int> indices, int batchSize, Augmentation augmentation, ulong seed)
    {
        var writer = new PixelWriter(source.Preprocess);
        var variation = new Variation(augmentation, seed, 0);
        for (int view = 0; view < augmentation.Views; view++)
        {
            for (int start = 0; start < indices.Count; start += batchSize)
            {
                Batch batch = Fill(source, writer, [.. indices.Skip(start).Take(batchSize)], view, variation);
                Erase(source, batch, variation);
                yield return batch;
            }
        }
    }

    public void Dispose() => Stop();

    private void Restart(long step)
    {
        Stop();
        _queue = new BlockingCollection<Batch>(Math.Clamp(AheadBytes / ((int)Math.Min(int.MaxValue, sizeof(float) * (long)_source.ImageBytes * _positions.Length)), 1, Ahead));
        BlockingCollection<Batch> queue = _queue;
        _thread = new Thread(() => Produce(queue, step)) { IsBackground = true, Name = "batch loader" };
        _thread.Start();
    }

    private void Stop()
    {
        if (_thread is null)
        {
            return;
        }

        _queue!.CompleteAdding();
        while (_queue.TryTake(out _))
        {
        }
        _thread.Join();
        _queue.Dispose();
        _thread = null;
    }

    private void Produce(BlockingCollection<Batch> queue, long step)
    {
        try
        {
            int[] order = [];
            for (long epoch = -1; !queue.IsAddingCompleted; step++)
            {
                if (step / StepsPerEpoch != epoch)
                {
                    epoch = step / StepsPerEpoch;
                    order = CounterRandom.Permutation(_indices.Length, _seed, (ulong)epoch);
                }
                int start = (int)(step % StepsPerEpoch) * BatchSize;
                // With repeats, image number start / repeats of the order is there so many times, one after the other.
                int[] part = [.. _positions.Select(i => _indices[order[(start + i) / Math.Max(1, _augmentation.Repeats)]])];
                var variation = new Variation(_augmentation, _seed, start, _positions);
                long shown = _augmentation.Shown(epoch);
                Batch batch = _onDevice is null ? Varied(Fill(_source, _writer, part, shown, variation), step, variation) : Draw(_onDevice, part, shown, step, variation);
                queue.Add(batch with { Whole = BatchSize, Places = _positions.Length == BatchSize ? null : _positions });
            }
        }
        catch (InvalidOperationException) when (queue.IsAddingCompleted)
        {
            // The consumer stopped while the queue was full.
        }
        catch (Exception e)
        {
            // Whatever it is belongs to the consumer: unhandled on this thread it would end the process.
            _failure = e;
            queue.CompleteAdding();
        }
    }

    /// <summary>What <see cref="Fill"/> and <see cref="Varied"/> draw, for the device.</summary>
    private Batch Draw(DeviceImages images, int[] part, long epoch, long step, Variation variation)
    {
        (int height, int width) = (_source.Preprocess.Height, _source.Preprocess.Width);
        var changes = new ImageChange[part.Length];
        for (int i = 0; i < part.Length; i++)
        {
            (int dx, int dy, bool mirror) = _augmentation.Draw(_seed, epoch, part[i], variation.Copy(i));
            changes[i] = new ImageChange(dx, dy, mirror, Erasing.Draw(height, width, _augmentation.Erase, _seed, epoch, part[i], variation.Copy(i)));
        }
        Mixture mixture = _augmentation.Mixing.Draw(part.Length, height, width, _seed, step);
        return new Batch(epoch, part, [], [.. part.Select(i => (long)_source.Label(i))], [.. changes.Select(c => c.Mirror)])
        {
            OwnShare = mixture.OwnShare,
            Drawn = new DrawnBatch(images, changes, mixture),
        };
    }

    /// <summary>Erases and mixes.</summary>
    private Batch Varied(Batch batch, long step, Variation variation)
    {
        Erase(_source, batch, variation);
        return batch with { OwnShare = _augmentation.Mixing.Apply(batch.Images, batch.Count, _source.Preprocess.Height, _source.Preprocess.Width, _seed, step) };
    }

    private static void Erase(PixelSource source, Batch batch, Variation variation)
    {
        int length = source.ImageBytes;
        for (int i = 0; i < batch.Count; i++)
        {
            Erasing.Apply(
                batch.Images.AsSpan(i * length, length), source.Preprocess.Height, source.Preprocess.Width, variation.Augmentation.Erase, variation.Seed, batch.Epoch, batch.Indices[i], variation.Copy(i));
        }
    }

    /// <summary>How the images of a batch vary.</summary>
    /// <param name="Start">The batch's place in the epoch.</param>
    /// <param name="Positions">The images' places in the batch; null where they are all of it.</param>
    private readonly record struct Variation(Augmentation Augmentation, ulong Seed, int Start, int[]? Positions = null)
    {
        /// <summary>Which of the times, from 0, that the epoch shows an image of the batch.</summary>
        public int Copy(int at) => (Start + (Positions?[at] ?? at)) % Math.Max(1, Augmentation.Repeats);
    }

    private static Batch Fill(PixelSource source, PixelWriter writer, int[] part, long epoch, Variation variation, bool keep = false)
    {
        int length = source.ImageBytes;
        if (Interlocked.Add(ref s_made, sizeof(float) * (long)part.Length * length) > Uncollected)
        {
            Interlocked.Exchange(ref s_made, 0);
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: false);
        }

        float[] images = GC.AllocateUninitializedArray<float>(part.Length * length);
        byte[]? kept = keep ? GC.AllocateUninitializedArray<byte>(part.Length * length) : null;
        long[] labels = new long[part.Length];
        bool[] mirrored = new bool[part.Length];
        void One(int i, byte[] scratch)
        {
            int copy = variation.Copy(i);
            (int dx, int dy, mirrored[i]) = variation.Augmentation.Draw(variation.Seed, epoch, part[i], copy);
            ReadOnlySpan<byte> pixels = variation.Augmentation.Pixels(source, part[i], scratch, variation.Seed, epoch, copy);
            if (kept is not null)
            {
                pixels.CopyTo(kept.AsSpan(i * length));
            }

            writer.Write(pixels, images.AsSpan(i * length, length), dx, dy, mirrored[i]);
            labels[i] = source.Label(part[i]);
        }

        if (source.IsKept && variation.Augmentation.KeepsContent)
        {
            byte[] scratch = new byte[length];
            for (int i = 0; i < part.Length; i++)
            {
                One(i, scratch);
            }
        }
        else
        {
            try
            {
                Parallel.For(0, part.Length, () => new byte[2 * length], (i, _, scratch) => { One(i, scratch); return scratch; }, static _ => { });
            }
            catch (AggregateException e)
            {
                ExceptionDispatchInfo.Throw(e.InnerException!);
            }
        }
        return new Batch(epoch, part, images, labels, mirrored) { Pixels = kept };
    }
}
