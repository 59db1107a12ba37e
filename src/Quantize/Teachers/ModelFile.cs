using System.Globalization;
using EdgeVit.Export;
using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A network from a file that is asked about the student's images: an ONNX model through ONNX Runtime, on the GPU of the training where ONNX Runtime can, or an
/// <c>.evit</c> model through our runtime, on the processor. Pixels are normalised again, as the file says or the options do, and resized where it takes another size.</summary>
internal sealed class ModelFile : IDisposable
{
    /// <summary>Pixels of 0 to 255 as they are.</summary>
    private static readonly float[] s_pixelMean = [0, 0, 0], s_pixelStd = [1f / 255, 1f / 255, 1f / 255];

    private readonly Func<float[], int, float[]> _run;
    private readonly IDisposable _model;
    private readonly int _most, _height, _width;
    private readonly Renormalisation _pixels;

    private ModelFile(string path, IDisposable model, Func<float[], int, float[]> run, int most, (int Height, int Width) size, Renormalisation pixels)
    {
        (Path, _model, _run, _most, _pixels) = (path, model, run, most, pixels);
        (_height, _width) = size;
    }

    /// <summary>As it was named.</summary>
    public string Path { get; }

    /// <summary>How reports name it.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Its numbers for an image.</summary>
    public required int Width { get; init; }

    /// <summary>The names of its classes; null where nothing says them.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>Whether its numbers are features, not classes.</summary>
    public bool IsFeatures { get; init; }

    /// <summary>The value of the network that they are; null where it has but one.</summary>
    public string? Value { get; init; }

    /// <summary>Whether a path names such a file.</summary>
    public static bool Takes(string path) => IsOnnx(path) || path.EndsWith(".evit", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a path names an ONNX file.</summary>
    public static bool IsOnnx(string path) => path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    /// <summary>Opens a network for a data set.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">What an ONNX model subtracts from pixels in 0..1 and divides by, where its file does not say, and which output is meant.</param>
    /// <param name="images">What it will be asked about.</param>
    /// <param name="device">Where it runs if it can.</param>
    /// <param name="progress">Told what was found out.</param>
    /// <param name="features">Whether features are taken where its outputs are not the classes of the data.</param>
    /// <exception cref="ConvertException">The file cannot be used, or does not fit the images; the message says why.</exception>
    public static ModelFile Open(string path, ConvertOptions options, PixelSource images, Device device, IConvertProgress progress, bool features)
    {
        try
        {
            ModelFile file = IsOnnx(path) ? FromOnnx(path, options, images, device, progress, features) : FromEvit(path, images);
            if ((file._height, file._width) != (images.Preprocess.Height, images.Preprocess.Width))
            {
                progress.Report(new Note($"{file.Name} takes images of {file._width}x{file._height} pixels: it sees the student's of {images.Preprocess.Width}x{images.Preprocess.Height}, resized"));
            }

            return file;
        }
        catch (Exception e) when (e is OnnxModelException or EvitFormatException)
        {
            throw new ConvertException($"--teacher {e.Message}", e, e is OnnxModelException { IsUsage: true } ? ConvertException.Usage : ConvertException.Failure);
        }
    }

    /// <summary>What it says: rows <c>[B, Width]</c> of images <c>[B, 3, H, W]</c>.</summary>
    public float[] Rows(Tensor images)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        float[] pixels = ModelTensors.ToArray(Resized(_pixels.Of(images)));
        int count = (int)images.shape[0], length = 3 * _height * _width;
        var rows = new float[count * Width];
        for (int first = 0; first < count; first += _most)
        {
            int n = Math.Min(_most, count - first);
            _run(pixels[(first * length)..((first + n) * length)], n).CopyTo(rows.AsSpan(first * Width));
        }

        return rows;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _model.Dispose();

    private Tensor Resized(Tensor images)
    {
        long[] size = [_height, _width];
        bool smaller = images.shape[2] > _height || images.shape[3] > _width;
        return (images.shape[2], images.shape[3]) == (_height, _width) ? images
            : nn.functional.interpolate(images, size, mode: smaller ? InterpolationMode.Area : InterpolationMode.Bicubic, align_corners: smaller ? null : false);
    }

    private static ModelFile FromEvit(string path, PixelSource images)
    {
        EvitModel model = EvitModel.Open(path);
        Preprocess p = model.Preprocess;
        Session session = model.CreateSession(new SessionOptions { Threads = Math.Min(64, Environment.ProcessorCount) });
        int classes = model.Classes;
        return new ModelFile(
            path, new Both(session, model),
            (input, n) =>
            {
                var logits = new float[n * classes];
                session.RunNchw(input, logits);
                return logits;
            },
            most: 64, (p.Height, p.Width), new Renormalisation(images.Preprocess, p.Mean, p.Std))
        { Width = classes, Labels = model.Labels };
    }

    private static ModelFile FromOnnx(string path, ConvertOptions options, PixelSource images, Device device, IConvertProgress progress, bool features)
    {
        OnnxClassifierWishes wishes = new(images.Preprocess.Height, images.Preprocess.Width, images.Labels, options.TeacherOutput, AnyImages: true)
        {
            Features = features && options.TeacherHead != false,
            FeaturesOnly = features && options.TeacherHead == true,
            Labels = options.TeacherLabels,
        };
        OnnxClassifier model = OnnxClassifier.Open(path, wishes, device.type == DeviceType.CUDA ? Math.Max(0, device.index) : null);
        string file = System.IO.Path.GetFileName(path);
        Tell(model, file, progress);
        Preprocess? own = model.Preprocess;
        (IReadOnlyList<float> mean, IReadOnlyList<float> std) = model.TakesPixels ? (s_pixelMean, s_pixelStd) : (PhotographPixels.Mean, PhotographPixels.Std);
        if (own is null && options.TeacherMean is null && !model.TakesPixels)
        {
            progress.Report(new Warned(string.Create(CultureInfo.InvariantCulture,
                $"{file} does not say how its pixels were normalised; assumed: mean {string.Join(',', PhotographPixels.Mean)}, std {string.Join(',', PhotographPixels.Std)} (--teacher-mean, --teacher-std)")));
        }

        return new ModelFile(
            path, model, (input, _) => model.Logits(input), model.Most, (model.Height, model.ImageWidth),
            new Renormalisation(images.Preprocess, options.TeacherMean ?? own?.Mean ?? mean, options.TeacherStd ?? own?.Std ?? std))
        { Width = model.Width, Labels = model.Labels, IsFeatures = model.IsFeatures, Value = model.Output };
    }

    private static void Tell(OnnxClassifier model, string file, IConvertProgress progress)
    {
        if (model.NoCuda is { } reason)
        {
            progress.Report(new Warned($"{file} runs on the processor: {reason}"));
        }

        foreach (string note in model.Notes)
        {
            progress.Report(new Note($"{file}: {note}"));
        }
    }

    private sealed class Both(IDisposable first, IDisposable second) : IDisposable
    {
        public void Dispose()
        {
            first.Dispose();
            second.Dispose();
        }
    }
}
