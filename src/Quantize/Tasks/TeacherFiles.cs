using EdgeVit.Export;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Opens teachers from files.</summary>
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

        nn.Module<Tensor, Tensor> model = TeacherNetwork.In(path, images.Classes.Count, images.Preprocess.Height, student).Build(device);
        Checkpoint.Load(path, model);
        return new ModuleTeacher(Path.GetFileName(path), model);
    }
}
