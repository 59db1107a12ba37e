using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>What the answers of teachers from files take.</summary>
/// <param name="Teacher">Their names.</param>
/// <param name="ImageSeconds">Seconds for an image, all of them together.</param>
/// <param name="Passes">Images that they are shown: the training images, their mirror images and variations, and the test images.</param>
/// <param name="Bytes">Of the answers that are kept; 0 where they are asked at every step.</param>
/// <param name="OnDisk">Whether those are kept in the run folder.</param>
internal sealed record AnswerCost(string Teacher, double ImageSeconds, long Passes, long Bytes, bool OnDisk)
{
    private const int Measured = 16;

    /// <summary>Seconds in all.</summary>
    public double Seconds => ImageSeconds * Passes;

    /// <summary>Asks each of the teachers about a few images; null where none of the student's is from a file.</summary>
    internal static AnswerCost? Of(RunContext run, RunInputs inputs, KnownTeachers known)
    {
        foreach (OpenedTeacher its in known.Theirs)
        {
            Measure(its, inputs.Data, inputs.Device);
        }

        IReadOnlyList<OpenedTeacher> teachers = known.Teachers;
        double seconds = teachers.Sum(t => Measure(t, inputs.Data, inputs.Device));
        return teachers.Count == 0 ? null : Of(run.Options, inputs, string.Join(", ", teachers.Select(static t => Path.GetFileName(t.Name))), seconds, teachers.Any(static t => t.Backbone is not null));
    }

    private static AnswerCost Of(ConvertOptions options, RunInputs inputs, string names, double seconds, bool head)
    {
        (ImageData data, Augmentation augmentation) = (inputs.Data, inputs.Recipe.Augmentation);
        int looks = augmentation.Flip ? 2 : 1, views = options.TeacherViews;
        long images = data.Split.WithUnlabelled().Train.Count, answers = images * Math.Max(1, views), classes = data.Source.Labels.Count;
        bool kept = views > 0 || augmentation.IsNone || (inputs.Device.type == DeviceType.CPU && augmentation.KeepsContent);
        long training = kept ? answers : inputs.Recipe.Student.Steps * inputs.Recipe.Student.BatchSize;
        // A head looks at the whole images, whose answers are then known.
        long before = head && views > 0 ? data.Split.Train.Count * looks : 0;
        long tests = data.Unlabelled ? 0 : data.TestIndices.Count * (looks + (looks - 1L));
        long bytes = kept ? answers * classes * sizeof(float) : 0;
        return new AnswerCost(names, seconds, before + (training * looks) + tests, bytes, bytes > RowStore.InMemory);
    }

    /// <summary>Seconds for an image: the second of two goes.</summary>
    private static double Measure(OpenedTeacher opened, ImageData data, Device device)
    {
        double seconds = 0;
        int[] some = [.. data.Split.Train.Take(Measured)];
        for (int go = 0; go < 2; go++)
        {
            foreach (Batch batch in BatchLoader.InOrder(data.Source, some, some.Length))
            {
                using DisposeScope scope = torch.NewDisposeScope();
                Tensor images = batch.ToTensor(data.Source, device);
                long start = Stopwatch.GetTimestamp();
                Tensor answers = opened.Backbone?.Features(images) ?? opened.Teacher!.Logits(images, batch);
                ModelTensors.ToArray(answers);
                seconds = Stopwatch.GetElapsedTime(start).TotalSeconds / some.Length;
            }
        }
        return seconds;
    }
}
