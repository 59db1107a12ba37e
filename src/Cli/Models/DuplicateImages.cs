using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Images that are measured on and are training images of the same data, too, by their pixels at the network's size: they make an accuracy too high.
/// The training images are looked at for a bounded time.</summary>
internal sealed class DuplicateImages
{
    private readonly Dictionary<UInt128, (int Least, int Count)> _measured = [];
    private readonly HashSet<UInt128> _found = [];
    private int _images;
    private (int Measured, int Training)? _pair;
    private string? _first;
    private int _looked;
    private int _training;

    /// <summary>How long training images are looked at.</summary>
    public static TimeSpan Time { get; } = TimeSpan.FromSeconds(10);

    /// <summary>Takes note of an image that is measured on.</summary>
    /// <param name="index">Of the set that is measured on.</param>
    /// <param name="pixels">At the network's size.</param>
    public void Add(int index, ReadOnlySpan<byte> pixels)
    {
        UInt128 hash = PixelHash.Of(pixels);
        lock (_measured)
        {
            _measured[hash] = _measured.TryGetValue(hash, out (int Least, int Count) same) ? (Math.Min(same.Least, index), same.Count + 1) : (index, 1);
        }
    }

    /// <summary>Looks for those images among the training images, in an order of its own, on several threads. Training images that cannot be decoded
    /// are passed over.</summary>
    public void Search(IImageDataset training, IImageDataset measured, Preprocess preprocess, int threads, TimeSpan time, CancellationToken cancel)
    {
        int[] order = [.. Enumerable.Range(0, training.Count)];
        new Random(1).Shuffle(order);
        _training = order.Length;
        long end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        Parallel.For(0, Math.Min(threads, order.Length), new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = threads }, worker =>
        {
            var pipeline = new PreprocessPipeline(preprocess);
            byte[] pixels = new byte[pipeline.Length];
            for (int i = worker; i < order.Length && Stopwatch.GetTimestamp() < end && !cancel.IsCancellationRequested; i += threads)
            {
                Look(training, order[i], pipeline, pixels);
            }
        });
        cancel.ThrowIfCancellationRequested();
        _first = _pair is { } pair ? $"{measured.SourceName(pair.Measured)} and {training.SourceName(pair.Training)}" : null;
    }

    /// <summary>What was found; null where there was nothing to compare with.</summary>
    public JsonObject? Json() => _training == 0 ? null : new JsonObject { ["images"] = _images, ["training_images_looked_at"] = _looked, ["training_images"] = _training };

    /// <summary>What to say about it; null where there is nothing to say.</summary>
    /// <param name="images">How many are measured on.</param>
    public string? Text(int images)
    {
        string rest = _looked < _training ? $"{Quantity.Count(_looked)} of {Quantity.Count(_training)} training images were looked at for it, within {Time.TotalSeconds:0} s" : "";
        return _images == 0 ? null
            : $"{Quantity.Count(_images)} of {Quantity.Count(images)} images have the same pixels as a training image of this data, so that the accuracy comes out too high; the first: {_first}{(rest.Length > 0 ? $" ({rest})" : "")}";
    }

    private void Look(IImageDataset training, int index, PreprocessPipeline pipeline, byte[] pixels)
    {
        bool decoded = true;
        try
        {
            pipeline.ToPixels(training.Load(index), pixels);
        }
        catch (ImageException)
        {
            decoded = false;
        }

        lock (_found)
        {
            _looked++;
            if (decoded && PixelHash.Of(pixels) is var hash && _measured.TryGetValue(hash, out (int Least, int Count) same))
            {
                _images += _found.Add(hash) ? same.Count : 0;
                // Threads and the order of looking do not choose the pair that is named.
                _pair = _pair is { } pair && pair.CompareTo((same.Least, index)) < 0 ? pair : (same.Least, index);
            }
        }
    }
}
