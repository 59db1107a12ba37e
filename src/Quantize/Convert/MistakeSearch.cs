using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>Looks for the validation images that a packed file takes for something else.</summary>
internal static class MistakeSearch
{
    /// <summary>Mistakes that a page shows.</summary>
    internal const int Shown = 24;

    /// <summary>Images that are looked at, evenly over all.</summary>
    internal const int MostImages = 5000;

    internal static ValidationMistakes Run(EvitFile file, PixelSource source, IReadOnlyList<int> held, CancellationToken cancel)
    {
        int[] indices = held.Count <= MostImages ? [.. held] : [.. Enumerable.Range(0, MostImages).Select(i => held[(int)((long)i * held.Count / MostImages)])];
        using EvitModel model = EvitModel.Load(file);
        using Session session = model.CreateSession(new SessionOptions { Threads = Math.Min(SessionOptions.MaxThreads, Environment.ProcessorCount) });
        int classes = model.Classes, wrong = 0;
        var surest = new PriorityQueue<Mistake, double>();
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
                surest.Enqueue(new Mistake(source.SourceName(batch.Indices[i]), image, source.Labels[(int)batch.Labels[i]], said.Label, said.Probability), said.Probability);
                if (surest.Count > Shown)
                {
                    surest.Dequeue();
                }
            }
        }

        return new ValidationMistakes(indices.Length, wrong, [.. surest.UnorderedItems.OrderByDescending(m => m.Priority).ThenBy(m => m.Element.Source, StringComparer.Ordinal).Select(m => m.Element)]);
    }
}
