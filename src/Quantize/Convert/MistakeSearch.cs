using EdgeVit.Runtime;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Looks for the validation images that a packed file takes for something else, and asks the teacher about them.</summary>
internal static class MistakeSearch
{
    /// <summary>Mistakes that a page shows.</summary>
    internal const int Shown = 24;

    /// <summary>Images that are looked at, evenly over all.</summary>
    internal const int MostImages = 5000;

    /// <param name="teacher">Asked about the mistakes that are shown; null for none.</param>
    internal static ValidationMistakes Run(EvitFile file, PixelSource source, IReadOnlyList<int> held, ITeacher? teacher, Device device, CancellationToken cancel)
    {
        int[] indices = held.Count <= MostImages ? [.. held] : [.. Enumerable.Range(0, MostImages).Select(i => held[(int)((long)i * held.Count / MostImages)])];
        using EvitModel model = EvitModel.Load(file);
        using Session session = model.CreateSession(new SessionOptions { Threads = Math.Min(SessionOptions.MaxThreads, Environment.ProcessorCount) });
        int classes = model.Classes, wrong = 0;
        var surest = new PriorityQueue<(int Index, Mistake Mistake), double>();
        foreach (Batch batch in BatchLoader.InOrder(source, indices, TrainSettings.EvaluationImages(source.Preprocess.Height), pixels: true))
        {
            cancel.ThrowIfCancellationRequested();
            byte[] pixels = batch.Pixels!;
            float[] logits = new float[batch.Count * classes];
            session.RunNhwc(pixels, logits);
            for (int i = 0; i < batch.Count; i++)
            {
                Prediction said = Prediction.Top(logits.AsSpan(i * classes, classes).ToArray(), model.Labels, 1)[0];
                if (said.Index == batch.Labels[i])
                {
                    continue;
                }

                wrong++;
                var image = new RgbImage(source.Preprocess.Width, source.Preprocess.Height, pixels.AsSpan(i * source.ImageBytes, source.ImageBytes).ToArray());
                surest.Enqueue((batch.Indices[i], new Mistake(source.SourceName(batch.Indices[i]), image, source.Labels[(int)batch.Labels[i]], said.Label, said.Probability)), said.Probability);
                if (surest.Count > Shown)
                {
                    surest.Dequeue();
                }
            }
        }

        (int Index, Mistake Mistake)[] shown = [.. surest.UnorderedItems.OrderByDescending(m => m.Priority).ThenBy(m => m.Element.Mistake.Source, StringComparer.Ordinal).Select(m => m.Element)];
        if (teacher is not null)
        {
            IReadOnlyList<int> answers = TeacherAccuracy.Answers(teacher, source, [.. shown.Select(s => s.Index)], TrainSettings.EvaluationImages(source.Preprocess.Height), device, cancel);
            shown = [.. shown.Zip(answers, (s, answer) => (s.Index, s.Mistake with { Teacher = source.Labels[answer] }))];
        }

        return new ValidationMistakes(indices.Length, wrong, [.. shown.Select(s => s.Mistake)]);
    }
}
