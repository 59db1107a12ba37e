using System.Runtime.ExceptionServices;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>A data set at the network's size: <c>[H, W, 3]</c> bytes per image by the pipeline that the device uses. All images are decoded once
/// and kept, in memory or in a temporary file, when they fit; otherwise they are decoded every time. Thread-safe.</summary>
internal sealed class PixelSource
{
    /// <summary>Data sets of at most so many bytes at the network's size are kept.</summary>
    public const long MemoryLimit = 1L << 30;

    private const int Chunk = 4096;

    private readonly IImageDataset _dataset;
    private readonly PreprocessPipeline _pipeline;
    private readonly PixelStore? _pixels;

    private PixelSource(IImageDataset dataset, PreprocessPipeline pipeline, PixelStore? pixels, Replacements replacements) =>
        (_dataset, _pipeline, _pixels, Replacements) = (dataset, pipeline, pixels, replacements);

    /// <summary>Number of images.</summary>
    public int Count => _dataset.Count;

    /// <summary>Class names.</summary>
    public IReadOnlyList<string> Labels => _dataset.Labels;

    /// <summary>Whether all images are decoded and kept, at the network's size.</summary>
    public bool IsKept => _pixels is not null;

    /// <summary>All images one after the other; null where they are decoded on demand.</summary>
    internal byte[]? ToArray() => _pixels?.ToArray(Count);

    /// <summary>What is shown in place of images that cannot be read any more.</summary>
    internal Replacements Replacements { get; }

    public int ImageBytes => _pipeline.Length;

    /// <summary>The preprocessing that the pixels went through and that normalisation continues.</summary>
    public Preprocess Preprocess => _pipeline.Preprocess;

    /// <summary>Label of an image.</summary>
    public int Label(int index) => _dataset.Label(index);

    /// <summary>How a message names an image.</summary>
    internal string SourceName(int index) => _dataset.SourceName(index);

    /// <summary>Decodes a data set on all processors, or prepares to decode it on demand when it is larger than <paramref name="limit"/> bytes.</summary>
    /// <param name="replacements">What may be shown in place of images that cannot be read; null: nothing may, until they are allowed.</param>
    /// <exception cref="ImageException">An image cannot be decoded.</exception>
    public static PixelSource Open(IImageDataset dataset, Preprocess preprocess, CancellationToken cancel = default, long limit = MemoryLimit, Replacements? replacements = null) =>
        Open(dataset, preprocess, new PixelPlace(limit, MemoryBound.None), cancel, replacements);

    /// <summary>Decodes a data set on all processors, or prepares to decode it on demand when there is no place for all of it.</summary>
    /// <param name="replacements">What may be shown in place of images that cannot be read; null: nothing may, until they are allowed.</param>
    /// <exception cref="ImageException">An image cannot be decoded.</exception>
    public static PixelSource Open(
        IImageDataset dataset, Preprocess preprocess, PixelPlace place, CancellationToken cancel, Replacements? replacements = null, IConvertProgress? progress = null)
    {
        replacements ??= new Replacements(dataset);
        var pipeline = new PreprocessPipeline(preprocess);
        if (PixelStore.For(dataset.Count, pipeline.Length, place) is not { } pixels)
        {
            return new PixelSource(dataset, pipeline, null, replacements);
        }

        try
        {
            var options = new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount };
            for (int at = 0; at < dataset.Count; at += Chunk)
            {
                int end = Math.Min(at + Chunk, dataset.Count);
                Parallel.For(at, end, options, i => pixels.Write(i, (index, span) => pipeline.ToPixels(replacements.Load(dataset, index), span)));
                progress?.Report(new StepProgress("decoding images", end, dataset.Count));
            }
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
        }
        return new PixelSource(dataset, pipeline, pixels, replacements);
    }

    /// <summary>The same images with another normalisation; pixels that are kept are shared.</summary>
    public PixelSource Normalised(IReadOnlyList<float> mean, IReadOnlyList<float> std) =>
        new(_dataset, new PreprocessPipeline(Preprocess with { Mean = mean, Std = std }), _pixels, Replacements);

    /// <summary>The same images with other labels, one for each; pixels that are kept are shared.</summary>
    internal PixelSource Relabelled(IReadOnlyList<int> labels) => new(new RelabelledDataset(_dataset, i => labels[i]), _pipeline, _pixels, Replacements);

    /// <summary>The pixels of an image: a slice of memory, or read or decoded into <paramref name="scratch"/> of <see cref="ImageBytes"/> bytes.</summary>
    /// <exception cref="ImageException">The image cannot be decoded.</exception>
    public ReadOnlySpan<byte> Pixels(int index, Span<byte> scratch)
    {
        if (_pixels is not null)
        {
            return _pixels.Read(index, scratch);
        }

        _pipeline.ToPixels(Replacements.Load(_dataset, index), scratch);
        return scratch;
    }

    /// <summary>An image as far as it is known: as decoded, or at the network's size where only that is kept.</summary>
    /// <exception cref="ImageException">The image cannot be decoded.</exception>
    internal RgbImage Image(int index) => _pixels is null
        ? Replacements.Load(_dataset, index)
        : new RgbImage(Preprocess.Width, Preprocess.Height, _pixels.Read(index, new byte[ImageBytes]).ToArray());

    /// <summary>Mean and standard deviation per channel over these images, of pixels in 0..1, rounded to four digits; a constant channel gets 1.</summary>
    public (float[] Mean, float[] Std) Statistics(IReadOnlyList<int> indices)
    {
        var sums = new ChannelSums();
        byte[] scratch = new byte[ImageBytes];
        foreach (int index in indices)
        {
            sums.Add(Pixels(index, scratch));
        }

        return sums.Statistics();
    }
}

/// <summary>Images with custom labels.</summary>
internal sealed class RelabelledDataset(IImageDataset images, Func<int, int> label) : IImageDataset
{
    public string Name => images.Name;

    public IReadOnlyList<string> Labels => images.Labels;

    public int Count => images.Count;

    public int Label(int index) => label(index);

    public string SourceName(int index) => images.SourceName(index);

    public RgbImage Load(int index) => images.Load(index);
}
