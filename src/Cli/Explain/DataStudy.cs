using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>An image of a data set, and what the model says of it.</summary>
/// <param name="Index">In the data set.</param>
/// <param name="Label">The model's class of it.</param>
/// <param name="Predicted">The class with the most probability.</param>
/// <param name="Probability">That probability.</param>
/// <param name="Means">For each stage the means of the channels over the tokens; empty where no channels were asked for.</param>
internal sealed record StudiedImage(int Index, int Label, int Predicted, double Probability, float[][] Means);

/// <summary>Right answers on pictures without the frequencies above a radius.</summary>
internal sealed record LowPassAccuracy(int Radius, int Images, int Correct);

/// <summary>A channel and the images that activate it most.</summary>
/// <param name="Stage">Index of the stage.</param>
/// <param name="Channel">Index in it.</param>
/// <param name="Ratio">Variance of its means between the classes by that within them.</param>
/// <param name="Images">The images, most activating first.</param>
internal sealed record ChannelImages(int Stage, int Channel, double Ratio, IReadOnlyList<StudiedImage> Images);

/// <summary>What a model does on a data set.</summary>
internal sealed class DataStudy
{
    /// <summary>Images of a channel.</summary>
    public const int ImagesOfChannel = 9;

    /// <summary>Low-pass pictures are computed of so many images at most.</summary>
    public const int LowPassImages = 200;

    private readonly StudiedImage[] _images;
    private readonly IReadOnlyList<int> _radii;
    private readonly int[] _lowPass;

    private DataStudy(IImageDataset data, int count, IReadOnlyList<int> radii)
    {
        Data = data;
        _images = new StudiedImage[count];
        _radii = radii;
        _lowPass = new int[radii.Count];
    }

    public IImageDataset Data { get; }

    public IReadOnlyList<StudiedImage> Images => _images;

    public int Correct => _images.Count(i => i.Label == i.Predicted);

    /// <summary>By radius, ascending.</summary>
    public IReadOnlyList<LowPassAccuracy> LowPass => [.. _radii.Select((r, i) => new LowPassAccuracy(r, Math.Min(LowPassImages, _images.Length), _lowPass[i]))];

    /// <summary>The images that <see cref="LowPass"/> is measured on, as they are.</summary>
    public LowPassAccuracy Unfiltered =>
        new(0, Math.Min(LowPassImages, _images.Length), _images.Take(LowPassImages).Count(i => i.Label == i.Predicted));

    /// <summary>Those that are not recognised, the surest mistakes first, then the others, the least sure first.</summary>
    public IEnumerable<StudiedImage> WrongFirst() => _images.OrderBy(i => i.Label == i.Predicted).ThenBy(i => i.Label == i.Predicted ? i.Probability : -i.Probability).ThenBy(i => i.Index);

    /// <summary>Runs a model on images of a data set, several at a time.</summary>
    /// <param name="model">The model.</param>
    /// <param name="layout">Its stages.</param>
    /// <param name="data">The images.</param>
    /// <param name="indices">Which of them.</param>
    /// <param name="labels">The model's class for each class of the data.</param>
    /// <param name="channels">Whether means of channels are wanted.</param>
    /// <param name="threads">Images at a time.</param>
    /// <param name="done">Called after each image, from any thread.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static DataStudy Of(
        EvitModel model, NetworkLayout layout, IImageDataset data, int[] indices, int[] labels, bool channels, int threads, Action done, CancellationToken cancel)
    {
        (int height, int width) = (model.InputShape[1], model.InputShape[2]);
        var study = new DataStudy(data, indices.Length, Export.LowPass.Radii(height, width));
        EvitModel[] probes = channels ? [.. layout.Stages.Select(s => StageProbe.Of(model.File, s))] : [];
        try
        {
            SessionRuns.Each(indices.Length, threads, cancel, () => new StudySessions(model, probes), (sessions, i) =>
            {
                int label = labels[data.Label(indices[i])];
                sessions.Prepare(data.Load(indices[i]));
                (int predicted, double probability) = sessions.Predict();
                study._images[i] = new StudiedImage(indices[i], label, predicted, probability, sessions.Means());
                if (i < LowPassImages)
                {
                    var spectrum = new LowPass(sessions.Pixels, height, width);
                    for (int r = 0; r < study._radii.Count; r++)
                    {
                        if (sessions.Predict(spectrum.Keep(study._radii[r])).Class == label)
                        {
                            Interlocked.Increment(ref study._lowPass[r]);
                        }
                    }
                }

                done();
            });
        }
        finally
        {
            foreach (EvitModel probe in probes)
            {
                probe.Dispose();
            }
        }

        return study;
    }

    /// <summary>The channels of a stage that tell the classes apart best, and the images that activate each most.</summary>
    public IEnumerable<ChannelImages> Channels(int stage, int count)
    {
        int channels = _images[0].Means[stage].Length;
        return Enumerable.Range(0, channels).Select(c => (Channel: c, Ratio: Ratio(stage, c))).OrderByDescending(c => c.Ratio).ThenBy(c => c.Channel).Take(count)
            .Select(c => new ChannelImages(stage, c.Channel, c.Ratio, [.. _images.OrderByDescending(i => i.Means[stage][c.Channel]).ThenBy(i => i.Index).Take(ImagesOfChannel)]));
    }

    private double Ratio(int stage, int channel)
    {
        double mean = _images.Average(i => (double)i.Means[stage][channel]), between = 0, within = 0;
        foreach (IGrouping<int, StudiedImage> group in _images.GroupBy(i => i.Label))
        {
            double own = group.Average(i => (double)i.Means[stage][channel]);
            between += group.Count() * (own - mean) * (own - mean);
            within += group.Sum(i => Math.Pow(i.Means[stage][channel] - own, 2));
        }

        return within > 0 ? between / within : 0;
    }
}
