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
    internal static bool Are(ConvertOptions options) => options.Split is null && options.LabelsCsv is null && DatasetFolder.IsUnlabelled(options.Data);

    /// <summary>The options for such images; others as they are.</summary>
    /// <exception cref="ConvertException">There is no teacher that knows classes.</exception>
    internal static ConvertOptions Resolve(ConvertOptions options)
    {
        if (options.Unlabelled is { } beside && (options.Teacher == TeacherList.None || Are(options)))
        {
            throw new ConvertException(
                options.Teacher == TeacherList.None ? $"--unlabelled {beside}: pictures without labels teach nothing without a teacher. Leave out --teacher none."
                    : $"--unlabelled {beside}: the pictures of --data have no labels either. Put all of them into one folder.",
                ConvertException.Usage);
        }

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
    internal static IReadOnlyList<string> Labels(ConvertOptions options, int imageSize)
    {
        string path = TeacherList.Split(options.Teacher)[0];
        try
        {
            if (ModelFile.IsOnnx(path))
            {
                using var model = OnnxClassifier.Open(path, new OnnxClassifierWishes(imageSize, imageSize, null, options.TeacherOutput, AnyImages: true) { Labels = options.TeacherLabels });
                return model.Labels is { } labels && labels.Count == model.Width ? labels : Numbered(model.Width);
            }

            return ModelFile.Takes(path) ? EvitFile.Read(path).Labels : int.TryParse(Checkpoint.Setting(path, "student.classes"), NumberStyles.None, CultureInfo.InvariantCulture, out int classes) ? Numbered(classes)
                : throw new ConvertException($"--teacher {path}: it does not say which classes it knows. Expected the checkpoint of a teacher that was trained here, an ONNX classifier or an .evit model.", ConvertException.Usage);
        }
        catch (OnnxModelException e)
        {
            throw new ConvertException($"--teacher {e.Message}", e, e.IsUsage ? ConvertException.Usage : ConvertException.Failure);
        }
        catch (EvitFormatException e)
        {
            throw new ConvertException($"--teacher {e.Message}", e);
        }
    }

    /// <summary>The same images with the teachers' decisions as labels.</summary>
    internal static PixelSource Labelled(
        PixelSource images, ConvertOptions options, BinaryViTConfig student, Device device, IConvertProgress progress, CancellationToken cancel)
    {
        (float[] mean, float[] std) = images.Statistics([.. Enumerable.Range(0, images.Count)]);
        PixelSource normalised = images.Normalised(mean, std);
        using var teacher = new MeanTeacher([.. TeacherList.Split(options.Teacher).Select(t => TeacherFiles.Open(t, options, normalised, student, device, progress))]);
        using IDisposable mixed = MixedPrecision.Scope(options.Precision == ConvertOptions.BFloat16);
        int[] labels = Decisions(teacher, normalised, [.. Enumerable.Range(0, images.Count)], device, progress, cancel);
        int[] seen = [.. Enumerable.Range(0, images.Labels.Count).Select(c => labels.Count(l => l == c))];
        progress.Report(new Note($"no labels: the student learns from the teacher alone, and accuracies are agreement with it; it finds {seen.Count(n => n > 0)} of {seen.Length} classes, {seen.Max()} images of the most frequent"));
        return images.Relabelled(labels);
    }

    /// <summary>Images of which some have no labels: those get the teacher's decisions.</summary>
    internal static PixelSource Answered(PixelSource images, DataSplit split, ITeacher teacher, Device device, IConvertProgress progress, CancellationToken cancel)
    {
        int[] decisions = Decisions(teacher, images, split.Unlabelled, device, progress, cancel), labels = [.. Enumerable.Range(0, images.Count).Select(images.Label)];
        for (int i = 0; i < decisions.Length; i++)
        {
            labels[split.Unlabelled[i]] = decisions[i];
        }

        string seen = string.Join(", ", Enumerable.Range(0, Math.Min(10, images.Labels.Count)).Select(c => $"{decisions.Count(d => d == c)} {images.Labels[c]}"));
        progress.Report(new Note($"the teacher's decisions on {decisions.Length} pictures without labels: {seen}{(images.Labels.Count > 10 ? ", ..." : "")}"));
        return images.Relabelled(labels);
    }

    private static int[] Decisions(ITeacher teacher, PixelSource images, IReadOnlyList<int> indices, Device device, IConvertProgress progress, CancellationToken cancel)
    {
        var labels = new int[indices.Count];
        int at = 0;
        foreach (Batch batch in BatchLoader.InOrder(images, indices, TrainSettings.EvaluationImages(images.Preprocess.Height)))
        {
            cancel.ThrowIfCancellationRequested();
            using DisposeScope scope = torch.NewDisposeScope();
            float[] logits = ModelTensors.ToArray(teacher.Logits(batch.ToTensor(images, device), batch));
            int classes = logits.Length / batch.Count;
            for (int i = 0; i < batch.Count; i++, at++)
            {
                labels[at] = TensorPrimitives.IndexOfMax(logits.AsSpan(i * classes, classes));
            }

            progress.Report(new StepProgress("teacher decisions", at, indices.Count));
        }

        return labels;
    }

    private static string[] Numbered(int count) => [.. Enumerable.Range(0, count).Select(i => $"class {i}")];
}
