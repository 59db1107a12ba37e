using System.Diagnostics;
using System.Globalization;
using EdgeVit.Imaging;

namespace EdgeVit.Quantize;

/// <summary>A look at images that are decoded on demand, before a training begins: damaged ones, means and deviations of their channels, and hashes of their pixels.
/// All of up to <see cref="Always"/> images to learn from and as many others are looked at; the rest while there is time.</summary>
internal sealed class PictureSurvey
{
    /// <summary>So many images are looked at however long it takes; means come from them alone, so that they are the same every time.</summary>
    internal const int Always = 100_000;

    private const int Chunk = 256;

    private readonly PixelSource _source;
    private readonly UInt128[] _hashes;
    private readonly ChannelSums _sums = new();

    private PictureSurvey(PixelSource source) => (_source, _hashes) = (source, new UInt128[source.Count]);

    /// <summary>How long the rest of a large set is looked at.</summary>
    internal static TimeSpan Time { get; } = TimeSpan.FromMinutes(10);

    /// <summary>Images looked at.</summary>
    internal int Looked { get; private set; }

    /// <summary>Mean and standard deviation of the training images' channels, as <see cref="PixelSource.Statistics"/> has them.</summary>
    internal (float[] Mean, float[] Std) Statistics => _sums.Statistics();

    /// <summary>The hash of an image's pixels; null where it was not looked at.</summary>
    internal UInt128? Hash(int index) => _hashes[index] == default ? null : _hashes[index];

    /// <summary>Looks at images.</summary>
    /// <param name="train">Those to learn from.</param>
    /// <param name="others">Those held out.</param>
    /// <param name="time">For the rest of a large set; usually <see cref="Time"/>.</param>
    /// <param name="always">Usually <see cref="Always"/>.</param>
    /// <exception cref="ImageException">Some cannot be decoded; it says how many of how many.</exception>
    internal static PictureSurvey Of(
        PixelSource source, IReadOnlyList<int> train, IReadOnlyList<int> others, ulong seed, IConvertProgress progress, CancellationToken cancel, TimeSpan time, int always = Always)
    {
        int[] order = [.. CounterRandom.Permutation(train.Count, seed, 0x4C4F4F4B).Select(i => train[i])];
        int learnt = Math.Min(always, order.Length), held = Math.Min(always, others.Count);
        int[] all = [.. order[..learnt], .. others.Take(held), .. others.Skip(held), .. order[learnt..]];
        var survey = new PictureSurvey(source);
        var clock = Stopwatch.StartNew();
        for (int at = 0; at < all.Length && (at < learnt + held || clock.Elapsed < time); at += Chunk)
        {
            survey.Look(all.AsSpan(at, Math.Min(Chunk, all.Length - at)).ToArray(), at, learnt, cancel);
            progress.Report(new StepProgress("checking pictures", survey.Looked, all.Length));
        }

        string rest = survey.Looked == all.Length ? "" : string.Create(CultureInfo.InvariantCulture, $" of {all.Length:N0} (no more within {time.TotalMinutes:N0} min)");
        progress.Report(new Note(string.Create(CultureInfo.InvariantCulture, $"{survey.Looked:N0}{rest} pictures decoded as a check; one that breaks from now on is replaced by another of its class")));
        return survey;
    }

    private void Look(int[] indices, int at, int learnt, CancellationToken cancel)
    {
        var failures = new ImageException?[indices.Length];
        Parallel.For(0, indices.Length, new ParallelOptions { CancellationToken = cancel }, static () => new ChannelSums(), (i, _, sums) =>
        {
            try
            {
                ReadOnlySpan<byte> pixels = _source.Pixels(indices[i], new byte[_source.ImageBytes]);
                _hashes[indices[i]] = PixelHash.Of(pixels);
                if (at + i < learnt)
                {
                    sums.Add(pixels);
                }
            }
            catch (ImageException e)
            {
                failures[i] = e;
            }
            return sums;
        }, sums =>
        {
            lock (_sums)
            {
                _sums.Add(sums);
            }
        });
        Looked += indices.Length;
        if (Array.Find(failures, static f => f is not null) is { } first)
        {
            int bad = failures.Count(static f => f is not null);
            throw first.CodecMissing || bad == 1 ? first
                : new ImageException(first.Image, string.Create(CultureInfo.InvariantCulture, $"{first.Problem} It is one of {bad:N0} among the {Looked:N0} pictures looked at so far."), first);
        }
    }
}
