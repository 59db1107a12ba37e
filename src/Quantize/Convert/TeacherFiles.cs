using System.Globalization;
using EdgeVit.Export;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Opens teachers from files.</summary>
internal static class TeacherFiles
{
    /// <summary>A teacher of these images' classes: a classifier or model in a file, or the network in a checkpoint of an earlier run.</summary>
    /// <exception cref="ConvertException">The file cannot be used, or has other classes.</exception>
    internal static ITeacher Open(string path, ConvertOptions options, PixelSource images, BinaryViTConfig student, Device device, IConvertProgress progress) =>
        Open(path, options, images, student, device, progress, heads: false).Teacher!;

    /// <summary>The same; where <paramref name="heads"/> allows, a network of other classes as backbone.</summary>
    /// <exception cref="ConvertException">The file cannot be used.</exception>
    internal static OpenedTeacher Open(string path, ConvertOptions options, PixelSource images, BinaryViTConfig student, Device device, IConvertProgress progress, bool heads)
    {
        if (ModelFile.Takes(path))
        {
            return FileTeacher.Of(ModelFile.Open(path, options, images, device, progress, features: heads), images, options, progress, heads);
        }

        int own = int.TryParse(Checkpoint.Setting(path, "student.classes"), NumberStyles.None, CultureInfo.InvariantCulture, out int classes) ? classes : images.Labels.Count;
        bool head = heads && (options.TeacherHead == true || (own != images.Labels.Count && options.TeacherHead != false));
        if (!head)
        {
            RequireNormalisation(path, images.Preprocess);
        }

        nn.Module<Tensor, Tensor> model = In(path, head ? own : images.Labels.Count, images.Preprocess.Height, student).Build(device);
        Checkpoint.Load(path, model);
        if (!head)
        {
            return new OpenedTeacher(new ModuleTeacher(Path.GetFileName(path), model), null);
        }

        using (DisposeScope scope = TorchSharp.torch.NewDisposeScope())
        {
            model.eval();
            int width = (int)((IFeatureNetwork)model).WithFeatures(TorchSharp.torch.zeros(1, 3, images.Preprocess.Height, images.Preprocess.Width, device: device)).Features.shape[1];
            float[] Of(string key, IReadOnlyList<float> usual) => Configuration.Floats(Checkpoint.Setting(path, key)) ?? [.. usual];
            var pixels = new Renormalisation(images.Preprocess, Of(ConfigurationKeys.Mean, images.Preprocess.Mean), Of(ConfigurationKeys.Std, images.Preprocess.Std));
            return new OpenedTeacher(null, new ModuleBackbone(path, $"it has learnt {own} classes, the data has {images.Labels.Count}; a head is trained on its {width:N0} features", model, width, pixels));
        }
    }

    /// <summary>Who hears what is to be said about a teacher's file: nobody a second time, as where it has made the labels.</summary>
    internal static IConvertProgress Said(RunContext run, ImageData data) => data.Unlabelled ? new SilentProgress() : run.Progress;

    /// <summary>A checkpoint sees the student's pixels: it must have learnt from pixels with the same normalisation.</summary>
    private static void RequireNormalisation(string path, Preprocess images)
    {
        foreach ((string key, IReadOnlyList<float> its) in new[] { (ConfigurationKeys.Mean, images.Mean), (ConfigurationKeys.Std, images.Std) })
        {
            if (Checkpoint.Setting(path, key) is string learnt && !ConfigurationKeys.Near(learnt, Configuration.Numbers(its)))
            {
                throw new ConvertException(
                    $"--teacher {path}: it learnt from images with {key} {learnt}, these images have {Configuration.Numbers(its)}, so its answers would mean nothing. Take a teacher of the same data, or train one here (--teacher {ConvNetTeacher.Name}).",
                    ConvertException.Usage);
            }
        }
    }

    /// <summary>The network that a checkpoint of an earlier run holds.</summary>
    /// <exception cref="ConvertException">The file is damaged, or holds no teacher.</exception>
    private static TeacherNetwork In(string path, int classes, int imageSize, BinaryViTConfig student)
    {
        TeacherKind kind = TeacherTable.TrainedOf(Checkpoint.Setting(path, "teacher") ?? "") ?? throw new ConvertException(
            $"--teacher {path}: it does not say which network it holds. Expected the checkpoint of a teacher that was trained here, such as runs/demo/teacher/best.safetensors.",
            ConvertException.Usage);
        if (!int.TryParse(Checkpoint.Setting(path, "teacher.width"), NumberStyles.Integer, CultureInfo.InvariantCulture, out int width))
        {
            width = TeacherNetwork.UsualWidth(imageSize);
        }

        if (kind.OfStudent)
        {
            student = Checkpoint.Setting(path, ConfigurationKeys.Layout) is { } layout
                ? ConfigJson.Read(layout)
                : BinaryViTPresets.Get(Checkpoint.Setting(path, "student") ?? student.Name).With(classes: classes, imageSize: imageSize);
        }
        return new TeacherNetwork(kind, classes, imageSize, width, student);
    }
}
