using System.Globalization;
using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A classifier from a file as teacher: an ONNX model through ONNX Runtime, on the GPU of the training where ONNX Runtime can, or an <c>.evit</c>
/// model through our runtime, on the processor. Pixels are normalised again, as the file says or the options do.</summary>
internal sealed class FileTeacher : ITeacher, IDisposable
{
    /// <summary>What most classifiers of photographs were trained with: means and deviations of red, green, blue of pixels in 0..1.</summary>
    private static readonly float[] s_usualMean = [0.485f, 0.456f, 0.406f], s_usualStd = [0.229f, 0.224f, 0.225f];

    private readonly Func<float[], int, float[]> _run;
    private readonly IDisposable _model;
    private readonly int _plane;
    private readonly bool _channelsLast;
    private readonly int _most;
    private readonly int[] _order;
    private readonly float[] _scale = new float[3], _shift = new float[3];

    private FileTeacher(
        string path, IDisposable model, Func<float[], int, float[]> run, bool channelsLast, int most, int outputs, IReadOnlyList<string>? labels,
        IReadOnlyList<float>? mean, IReadOnlyList<float>? std, PixelSource images, IConvertProgress progress)
    {
        (Name, _model, _run, _channelsLast, _most) = (Path.GetFileName(path), model, run, channelsLast, most);
        _plane = images.Preprocess.Height * images.Preprocess.Width;
        _order = Order(path, outputs, labels, images.Labels, progress);
        for (int c = 0; c < 3; c++)
        {
            // x * std + mean is the pixel in 0..1.
            float own = (std ?? s_usualStd)[c];
            _scale[c] = images.Preprocess.Std[c] / own;
            _shift[c] = (images.Preprocess.Mean[c] - (mean ?? s_usualMean)[c]) / own;
        }
    }

    public string Name { get; }

    /// <summary>Whether a path names such a file.</summary>
    public static bool Takes(string path) => IsOnnx(path) || path.EndsWith(".evit", StringComparison.OrdinalIgnoreCase);

    /// <summary>Opens a teacher for a data set.</summary>
    /// <param name="mean">What it subtracts from pixels in 0..1; null for what the file says, else what is usual.</param>
    /// <param name="std">What it divides by.</param>
    /// <exception cref="ConvertException">The file cannot be used, or does not fit the images; the message says why.</exception>
    public static FileTeacher Open(string path, IReadOnlyList<float>? mean, IReadOnlyList<float>? std, PixelSource images, Device device, IConvertProgress progress)
    {
        try
        {
            return IsOnnx(path) ? FromOnnx(path, mean, std, images, device, progress) : FromEvit(path, images, progress);
        }
        catch (Exception e) when (e is OnnxModelException or EvitFormatException)
        {
            throw new ConvertException($"--teacher {e.Message}", e);
        }
    }

    public Tensor Logits(Tensor images, Batch batch)
    {
        float[] pixels = ModelTensors.ToArray(images);
        int count = (int)images.shape[0];
        int length = 3 * _plane;
        int classes = _order.Length;
        var logits = new float[count * classes];
        for (int first = 0; first < count; first += _most)
        {
            int n = Math.Min(_most, count - first);
            var input = new float[n * length];
            for (int i = 0; i < input.Length; i++)
            {
                (int image, int at) = int.DivRem(i, length);
                (int channel, int pixel) = int.DivRem(at, _plane);
                int target = (image * length) + (_channelsLast ? (pixel * 3) + channel : at);
                input[target] = (pixels[(first * length) + i] * _scale[channel]) + _shift[channel];
            }
            float[] answers = _run(input, n);
            int outputs = answers.Length / n;
            for (int i = 0; i < n * classes; i++)
            {
                logits[(first * classes) + i] = answers[(i / classes * outputs) + _order[i % classes]];
            }
        }
        return torch.tensor(logits).view(count, classes).to(images.device);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _model.Dispose();

    private static bool IsOnnx(string path) => path.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    private static FileTeacher FromEvit(string path, PixelSource images, IConvertProgress progress)
    {
        EvitModel model = EvitModel.Open(path);
        Preprocess p = model.Preprocess;
        RequireSize(path, p.Height, p.Width, images.Preprocess);
        Session session = model.CreateSession(new SessionOptions { Threads = Math.Min(64, Environment.ProcessorCount) });
        int classes = model.Classes;
        return new FileTeacher(
            path, new Both(session, model),
            (input, n) =>
            {
                var logits = new float[n * classes];
                session.RunNchw(input, logits);
                return logits;
            },
            channelsLast: false, most: 64, classes, model.Labels, p.Mean, p.Std, images, progress);
    }

    private static FileTeacher FromOnnx(string path, IReadOnlyList<float>? mean, IReadOnlyList<float>? std, PixelSource images, Device device, IConvertProgress progress)
    {
        OnnxModel model = OnnxModel.Open(path, device.type == DeviceType.CUDA ? Math.Max(0, device.index) : null);
        try
        {
            if (model.NoCuda is { } reason)
            {
                progress.Report(new Warned($"{Path.GetFileName(path)} runs on the processor: {reason}"));
            }

            (bool channelsLast, int most) = InputForm(path, model, images.Preprocess);
            Preprocess? own = model.Metadata.TryGetValue(MetadataJson.PreprocessKey, out string? text) ? MetadataJson.ReadPreprocess(text) : null;
            IReadOnlyList<string>? labels = model.Metadata.TryGetValue(MetadataJson.LabelsKey, out string? names) ? MetadataJson.ReadLabels(names) : null;
            if (own is null && mean is null)
            {
                progress.Report(new Warned(string.Create(CultureInfo.InvariantCulture,
                    $"{Path.GetFileName(path)} does not say how its pixels were normalised; assumed: mean {string.Join(',', s_usualMean)}, std {string.Join(',', s_usualStd)} (--teacher-mean, --teacher-std)")));
            }
            (int height, int width) = (images.Preprocess.Height, images.Preprocess.Width);
            float[] Run(float[] input, int n) => model.Run(input, channelsLast ? [n, height, width, 3] : [n, 3, height, width], model.Outputs[0].Name)[0];
            int outputs = Run(new float[3 * height * width], 1).Length;
            RequireLogits(path, model, outputs);
            return new FileTeacher(path, model, Run, channelsLast, most, outputs, labels, mean ?? own?.Mean, std ?? own?.Std, images, progress);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Whether an ONNX model's input has its channels last, and how many images it takes at a time.</summary>
    private static (bool ChannelsLast, int Most) InputForm(string path, OnnxModel model, Preprocess images)
    {
        IReadOnlyList<int> input = model.InputShape;
        string shape = $"[{string.Join(", ", input.Select(v => v < 0 ? "n" : v.ToString(CultureInfo.InvariantCulture)))}]";
        if (input.Count != 4 || (input[1] != 3 && input[3] != 3))
        {
            throw new ConvertException($"--teacher {path}: its input '{model.InputName}' is {shape}, expected images [n, 3, H, W] or [n, H, W, 3].", ConvertException.Usage);
        }

        bool channelsLast = input[1] != 3;
        (int height, int width) = channelsLast ? (input[1], input[2]) : (input[2], input[3]);
        RequireSize(path, height < 0 ? images.Height : height, width < 0 ? images.Width : width, images);
        return (channelsLast, input[0] switch
        {
            < 0 => 64,
            1 => 1,
            int batch => throw new ConvertException($"--teacher {path}: its input {shape} takes exactly {batch} images at a time. Export it for one image, or with a free batch size.", ConvertException.Usage),
        });
    }

    private static void RequireLogits(string path, OnnxModel model, int outputs)
    {
        (string name, IReadOnlyList<int> shape) = model.Outputs[0];
        if (shape.Count > 0 && shape[^1] > 0 && outputs != shape[^1])
        {
            throw new ConvertException($"--teacher {path}: its output '{name}' is [{string.Join(", ", shape)}], expected logits [n, classes].", ConvertException.Usage);
        }
    }

    private static void RequireSize(string path, int height, int width, Preprocess images)
    {
        if (height != images.Height || width != images.Width)
        {
            throw new ConvertException(
                $"--teacher {path}: it takes images of {width}x{height} pixels, the student gets {images.Width}x{images.Height}. Choose a student or an --image-size of {height} pixels, or a teacher for {images.Height}.",
                ConvertException.Usage);
        }
    }

    /// <summary>For each class of the data, which of the teacher's outputs it is: by name where the teacher has names, else by position.</summary>
    private static int[] Order(string path, int outputs, IReadOnlyList<string>? labels, IReadOnlyList<string> classes, IConvertProgress progress)
    {
        if (labels is not null && labels.Count == outputs && classes.All(labels.Contains))
        {
            return [.. classes.Select(c => labels.ToList().IndexOf(c))];
        }

        if (outputs != classes.Count)
        {
            throw new ConvertException(
                $"--teacher {path}: it has {outputs} classes, the data {classes.Count} ({Some(classes)}). Take a teacher of the same classes.", ConvertException.Usage);
        }
        if (labels is not null)
        {
            progress.Report(new Warned($"the teacher's classes ({Some(labels)}) are called otherwise than the data's ({Some(classes)}); they are taken in their order"));
        }

        return [.. Enumerable.Range(0, outputs)];
    }

    private static string Some(IReadOnlyList<string> names) => string.Join(", ", names.Take(5)) + (names.Count > 5 ? ", ..." : "");

    private sealed class Both(IDisposable first, IDisposable second) : IDisposable
    {
        public void Dispose()
        {
            first.Dispose();
            second.Dispose();
        }
    }
}
