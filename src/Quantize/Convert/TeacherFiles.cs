using EdgeVit.Export;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

internal static class TeacherFiles
{
    /// <summary>A teacher for these images: a classifier or model in a file, or the network in a checkpoint of an earlier run.</summary>
    /// <exception cref="ConvertException">The file cannot be used.</exception>
    internal static ITeacher Open(string path, ConvertOptions options, PixelSource images, BinaryViTConfig student, Device device, IConvertProgress progress)
    {
        if (FileTeacher.Takes(path))
        {
            return FileTeacher.Open(path, options.TeacherMean, options.TeacherStd, images, device, progress);
        }

        nn.Module<Tensor, Tensor> model = In(path, images.Labels.Count, images.Preprocess.Height, student).Build(device);
        Checkpoint.Load(path, model);
        return new ModuleTeacher(Path.GetFileName(path), model);
    }

    /// <summary>The network that a checkpoint of an earlier run holds.</summary>
    /// <exception cref="ConvertException">The file is damaged, or holds no teacher.</exception>
    private static TeacherNetwork In(string path, int classes, int imageSize, BinaryViTConfig student)
    {
        TeacherKind kind = TeacherTable.TrainedOf(Checkpoint.Setting(path, "teacher") ?? "") ?? throw new ConvertException(
            $"--teacher {path}: it does not say which network it holds. Expected the checkpoint of a teacher that was trained here, such as runs/demo/teacher/best.safetensors.",
            ConvertException.Usage);
        if (!int.TryParse(Checkpoint.Setting(path, "teacher.width"), out int width))
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
