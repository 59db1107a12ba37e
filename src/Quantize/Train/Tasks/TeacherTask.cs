using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>What a teacher that is trained here learns.</summary>
internal static class TeacherTask
{
    /// <summary>Images of a part of a batch, at least: fewer make poor statistics.</summary>
    private const int LeastPart = 64;

    private const int MostParts = 4;

    /// <summary>The task of training it.</summary>
    /// <param name="options">Label smoothing, distillation, threads.</param>
    /// <param name="from">Its own teacher besides the labels; null for the labels alone.</param>
    internal static ITrainingTask Of(TeacherNetwork teacher, nn.Module<Tensor, Tensor> model, TrainSettings settings, ConvertOptions options, Device device, ITeacher? from = null)
    {
        ITrainingTask Learn(nn.Module<Tensor, Tensor> network, Division? division) => (from, network) switch
        {
            (null, _) => new ClassifyTask(network, options.LabelSmoothing) { Division = division },
            (_, SmallViT { Form.DistillationToken: true } deit) => new TokenDistillTask(deit, from, options.LabelSmoothing) { Division = division },
            _ => new DistillTask(network, from, options.Temperature, options.TeacherWeight, options.HardDistillation) { Division = division },
        };

        // Answers from memory can be had on several threads at a time, a network in a file may not.
        return Learn(model, from is null or CachedTeacher ? Division(teacher, settings, options, () => Learn(teacher.Build(device), null)) : null);
    }

    /// <summary>How its batches are divided; null where they are not.</summary>
    internal static Division? Division(TeacherNetwork teacher, TrainSettings settings, ConvertOptions options, Func<ITrainingTask> copy)
    {
        int parts = Math.Clamp(settings.BatchSize / LeastPart, 1, MostParts);
        return teacher.Kind.Divides && parts > 1 ? new Division(parts, options.Threads ?? Environment.ProcessorCount, copy) : null;
    }
}
