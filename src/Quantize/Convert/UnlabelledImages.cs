using System.Globalization;
using System.Numerics.Tensors;
using EdgeVit.Export;
using EdgeVit.Export.Onnx;
using EdgeVit.Imaging;
using EdgeVit.Runtime;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Images without classes: what they show is what the teacher says. The student learns from the teacher alone, and every figure is its
/// agreement with the teacher.</summary>
internal static class UnlabelledImages
{
    /// <summary>Whether the images of a conversion are such.</summary>
    internal static bool Are(ConvertOptions options) => options.Split is null && DatasetFolder.IsUnlabelled(options.Data);

    /// <summary>The options for such images; others as they are.</summary>
    /// <exception cref="ConvertException">There is no teacher that knows classes.</exception>
    internal static ConvertOptions Resolve(ConvertOptions options)
    {
        if (!Are(options))
        {
            return options;
        }

        if (options.Teacher == TeacherList.None || TeacherTable.TrainedOf(options.Teacher) is not null)
        {
            throw new ConvertException(
                $"--data {options.Data}: images without class folders say nothing about what they show, so a teacher that knows must be there: --teacher with a checkpoint of an earlier run, an ONNX classifier or an .evit model. Or put the images into one folder per class.",
                ConvertException.Usage);
        }
        return options with { TeacherWeight = 1 };
    }

    /// <summary>The classes that the first of some teachers knows.</summary>
    /// <exception cref="ConvertException">The file cannot be used.</exception>
    internal static IReadOnlyList<string> Labels(string teachers)
    {
        string path = TeacherList.Split(teachers)[0];
        try
        {
            if (path.EndsWith(".evit", StringComparison.OrdinalIgnoreCase))
            {
                return EvitFile.Read(path).Labels;
            }

            if (!FileTeacher.Takes(path))
            {
                return Numbered(int.Parse(Checkpoint.Setting(path, "student.classes") ?? "", CultureInfo.InvariantCulture));
            }

            using OnnxModel model = OnnxModel.Open(path);
            if (model.Metadata.TryGetValue(MetadataJson.LabelsKey, out string? names))
            {
                return MetadataJson.ReadLabels(names);
            }

            int outputs = model.Outputs[0].Shape.LastOrDefault();
            return outputs > 1 ? Numbered(outputs) : throw new ConvertException($"--teacher {path}: it does not say how many classes it knows.", ConvertException.Usage);
        }
        catch (Exception e) when (e is OnnxModelException or EvitFormatException or FormatException)
        {
            throw new ConvertException($"--teacher {path}: it does not say which classes it knows: {e.Message}", e);
        }
    }

    /// <summary>The same images with the teachers' decisions as labels.</summary>
    internal static PixelSource Labelled(
        PixelSource images, ConvertOptions options, BinaryViTConfig student, Device device, IConvertProgress progress, CancellationToken cancel)
    {
        (float[] mean, float[] std) = images.Statistics([.. Enumerable.Range(0, images.Count)]);
        PixelSource normalised = images.Normalised(mean, std);
        using var teacher = new MeanTeacher([.. TeacherList.Split(options.Teacher).Select(t => TeacherFiles.Open(t, options, normalised, student, device, progress))]);
        var labels = new int[images.Count];
        using IDisposable mixed = MixedPrecision.Scope(options.Precision == ConvertOptions.BFloat16);
        int at = 0;
        foreach (Batch batch in BatchLoader.InOrder(normalised, [.. Enumerable.Range(0, images.Count)], 256))
        {
            cancel.ThrowIfCancellationRequested();
            using DisposeScope scope = torch.NewDisposeScope();
            float[] logits = ModelTensors.ToArray(teacher.Logits(batch.ToTensor(normalised, device), batch));
            int classes = logits.Length / batch.Count;
            for (int i = 0; i < batch.Count; i++, at++)
            {
                labels[at] = TensorPrimitives.IndexOfMax(logits.AsSpan(i * classes, classes));
            }

            progress.Report(new StepProgress("teacher decisions", at, images.Count));
        }
        int[] seen = [.. Enumerable.Range(0, images.Labels.Count).Select(c => labels.Count(l => l == c))];
        progress.Report(new Note($"no labels: the student learns from the teacher alone, and accuracies are agreement with it; it finds {seen.Count(n => n > 0)} of {seen.Length} classes, {seen.Max()} images of the most frequent"));
        return images.Relabelled(labels);
    }

    private static string[] Numbered(int count) => [.. Enumerable.Range(0, count).Select(i => $"class {i}")];
}
