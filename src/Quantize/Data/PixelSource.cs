using System.Runtime.ExceptionServices;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>A data set at the network's size: <c>[H, W, 3]</c> bytes per image by the pipeline that the device uses. All images are decoded once
/// and kept when they fit, otherwise decoded every time. Thread-safe.</summary>
internal sealed class PixelSource
{
    /// <summary>Data sets of at most so many bytes at the network's size are kept in memory.</summary>
    public const long MemoryLimit = 1L << 30;

    private readonly IImageDataset _dataset;
    private readonly PreprocessPipeline _pipeline;
    private readonly byte[]? _pixels;

    private PixelSource(IImageDataset dataset, PreprocessPipeline pipeline, byte[]? pixels) =>
        (_dataset, _pipeline, _pixels) = (dataset, pipeline, pixels);

    /// <summary>Number of images.</summary>
    public int Count => _dataset.Count;

    /// <summary>Class names.</summary>
    public IReadOnlyList<string> Labels => _dataset.Labels;

    /// <summary>Whether all images are in memory.</summary>
    public bool InMemory => _pixels is not null;

    /// <summary>All images one after the other; null where they are decoded on demand.</summary>
    internal byte[]? Memory => _pixels;

    public int ImageBytes => _pipeline.Length;

    /// <summary>The preprocessing that the pixels went through and that normalisation continues.</summary>
    public Preprocess Preprocess => _pipeline.Preprocess;

    /// <summary>Label of an image.</summary>
    public int Label(int index) => _dataset.Label(index);

    /// <summary>How a message names an image.</summary>
    internal string SourceName(int index) => _dataset.SourceName(index);

    /// <summary>Decodes a data set on all processors, or prepares to decode it on demand when it is larger than <paramref name="limit"/> bytes.</summary>
    /// <exception cref="ImageException">An image cannot be decoded.</exception>
    public static PixelSource Open(IImageDataset dataset, Preprocess preprocess, CancellationToken cancel = default, long limit = MemoryLimit)
    {
        var pipeline = new PreprocessPipeline(preprocess);
        if ((long)dataset.Count * pipeline.Length > limit)
        {
            return new PixelSource(dataset, pipeline, null);
        }

        byte[] pixels = GC.AllocateUninitializedArray<byte>(dataset.Count * pipeline.Length);
        try
        {
            var options = new ParallelOptions { CancellationToken = cancel, MaxDegreeOfParallelism = Environment.ProcessorCount };
            Parallel.For(0, dataset.Count, options, i => pipeline.ToPixels(dataset.Load(i), pixels.AsSpan(i * pipeline.Length, pipeline.Length)));
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerException!);
        }
        return new PixelSource(dataset, pipeline, pixels);
    }

    /// <summary>The same images with another normalisation; pixels in memory are shared.</summary>
    public PixelSource Normalised(IReadOnlyList<float> mean, IReadOnlyList<float> std) =>
        new(_dataset, new PreprocessPipeline(Preprocess with { Mean = mean, Std = std }), _pixels);

    /// <summary>The same images with other labels, one for each; pixels in memory are shared.</summary>
    internal PixelSource Relabelled(IReadOnlyList<int> labels) => new(new RelabelledDataset(_dataset, labels), _pipeline, _pixels);

    /// <summary>The pixels of an image: a slice of memory, or decoded into <paramref name="scratch"/> of <see cref="ImageBytes"/> bytes.</summary>
    /// <exception cref="ImageException">The image cannot be decoded.</exception>
    public ReadOnlySpan<byte> Pixels(int index, Span<byte> scratch)
    {
        if (_pixels is not null)
        {
            return _pixels.AsSpan(index * ImageBytes, ImageBytes);
        }

        _pipeline.ToPixels(_dataset.Load(index), scratch);
        return scratch;
    }

    /// <summary>An image as far as it is known: as decoded, or at the network's size where only that is in memory.</summary>
    /// <exception cref="ImageException">The image cannot be decoded.</exception>
    internal RgbImage Image(int index) => _pixels is null
        ? _dataset.Load(index)
        : new RgbImage(Preprocess.Width, Preprocess.Height, _pixels.AsSpan(index * ImageBytes, ImageBytes).ToArray());

    /// <summary>Mean and standard deviation per channel over these images, of pixels in 0..1, rounded to four digits; a constant channel gets 1.</summary>
    public (float[] Mean, float[] Std) Statistics(IReadOnlyList<int> indices)
    {
        Span<long> sum = stackalloc long[3];
        Span<long> squares = stackalloc long[3];
        byte[] scratch = new byte[ImageBytes];
        foreach (int index in indices)
        {
            ReadOnlySpan<byte> pixels = Pixels(index, scratch);
            for (int i = 0; i < pixels.Length; i += 3)
            {
                for (int c = 0; c < 3; c++)
                {
                    sum[c] += pixels[i + c];
                    squares[c] += pixels[i + c] * pixels[i + c];
                }
            }
        }

        double n = Math.Max(1, (double)indices.Count * ImageBytes / 3);
        float[] mean = new float[3];
        float[] std = new float[3];
        for (int c = 0; c < 3; c++)
        {
            double m = sum[c] / n;
            double variance = Math.Max(0, (squares[c] / n) - (m * m));
            mean[c] = (float)Math.Round(m / 255, 4);
            double deviation = Math.Round(Math.Sqrt(variance) / 255, 4);
            std[c] = deviation > 0 ? (float)deviation : 1;
        }
        return (mean, std);
    }
}

/// <summary>Images with custom labels.</summary>
internal sealed class RelabelledDataset(IImageDataset images, IReadOnlyList<int> labels) : IImageDataset
{
    public string Name => images.Name;

    public IReadOnlyList<string> Labels => images.Labels;

    public int Count => images.Count;

    public int Label(int index) => labels[index];

    public string SourceName(int index) => images.SourceName(index);

    public RgbImage Load(int index) => images.Load(index);
}
