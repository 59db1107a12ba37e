using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize.Tests;

/// <summary>The look at pictures that are decoded on demand.</summary>
public sealed class PictureSurveyTests
{
    private static readonly Preprocess s_size = new(4, 4, 4, Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]);

    [Fact]
    public void StatisticsAndHashesAreThoseOfImagesInMemory()
    {
        var data = new FragileDataset(1000, 4);
        int[] train = [.. Enumerable.Range(0, 1000).Where(i => i % 7 != 0)], held = [.. Enumerable.Range(0, 1000).Where(i => i % 7 == 0)];
        PixelSource memory = PixelSource.Open(data, s_size), onDemand = PixelSource.Open(data, s_size, limit: 0);
        var progress = new Recorder();
        PictureSurvey look = PictureSurvey.Of(onDemand, train, held, 1, progress, default, TimeSpan.Zero);
        Assert.Equal(Numbers(memory.Statistics(train)), Numbers(look.Statistics));
        Assert.Equal(1000, look.Looked);
        Assert.All(Enumerable.Range(0, 1000), i => Assert.Equal(PixelHash.Of(memory.Pixels(i, [])), look.Hash(i)));
        Assert.Equal([256, 512, 768, 1000], progress.Seen.OfType<StepProgress>().Select(s => s.Done));
        Assert.All(progress.Seen.OfType<StepProgress>(), s => Assert.Equal(1000, s.Total));
        Assert.StartsWith("1,000 pictures decoded as a check", progress.Seen.OfType<Note>().Single().Text, StringComparison.Ordinal);
        string duplicates = Duplicates.Describe(onDemand, new DataSplit(train, held), onDemand, held, (look, look))!;
        Assert.Equal(Duplicates.Describe(memory, new DataSplit(train, held), memory, held), duplicates);
        Assert.StartsWith("143 of 143 test images", duplicates, StringComparison.Ordinal);
    }

    /// <summary>Of a large set so much as there is time for, and always the same means.</summary>
    [Fact]
    public void TheRestOfALargeSetIsLookedAtWhileThereIsTime()
    {
        var data = new FragileDataset(2000, 4);
        int[] train = [.. Enumerable.Range(100, 1900)], held = [.. Enumerable.Range(0, 100)];
        PixelSource source = PixelSource.Open(data, s_size, limit: 0);
        var progress = new Recorder();
        PictureSurvey none = PictureSurvey.Of(source, train, held, 1, progress, default, TimeSpan.Zero, always: 300), all = PictureSurvey.Of(source, train, held, 1, new SilentProgress(), default, TimeSpan.FromMinutes(9), always: 300);
        Assert.Equal(Numbers(none.Statistics), Numbers(all.Statistics));
        Assert.Equal((2000, true), (all.Looked, none.Looked is >= 400 and < 1000));
        Assert.All(held, i => Assert.NotNull(none.Hash(i)));
        Assert.Equal(none.Looked, Enumerable.Range(0, 2000).Count(i => none.Hash(i) is not null));
        Assert.Contains("of 2,000 (no more within", progress.Seen.OfType<Note>().Single().Text, StringComparison.Ordinal);
        Assert.Contains($" (looked at: {none.Looked - 100:N0} of 1,900)", Duplicates.Describe(source, new DataSplit(train, held), source, held, (none, none)), StringComparison.Ordinal);
    }

    /// <summary>A run that began with kept images goes on with images that are decoded on demand, of which a sample has the means.</summary>
    [Fact]
    public void ARunGoesOnWithTheMeansOfAnotherSample()
    {
        (IReadOnlyList<float>, IReadOnlyList<float>) own = ([0.5f, 0.4f, 0.3f], [0.2f, 0.2f, 0.2f]), near = ([0.501f, 0.4f, 0.299f], [0.2f, 0.201f, 0.2f]), far = ([0.5f, 0.4f, 0.35f], [0.2f, 0.2f, 0.2f]);
        Assert.Equal(near, ImageReading.Continued(own, near, sampled: true));
        Assert.Equal(own, ImageReading.Continued(own, near, sampled: false));
        Assert.Equal(own, ImageReading.Continued(own, far, sampled: true));
        Assert.Equal(own, ImageReading.Continued(own, null, sampled: true));
        Assert.Equal(own, ImageReading.Continued(own, ([0.5f], [0.2f]), sampled: true));
    }

    [Fact]
    public void DamagedPicturesAreCountedAndTheFirstIsNamed()
    {
        var data = new FragileDataset(600, 2);
        PixelSource source = PixelSource.Open(data, s_size, limit: 0);
        int[] all = [.. Enumerable.Range(0, 600)];
        data.Broken[599] = true;
        Assert.Equal("picture 599: no such file.", Look().Message);
        foreach (int i in all[..300])
        {
            data.Broken[i] = true;
        }

        Assert.Matches("^picture [0-9]+: no such file. It is one of 1[0-9][0-9] among the 256 pictures looked at so far.$", Look().Message);
        Assert.Throws<OperationCanceledException>(() => PictureSurvey.Of(source, all, [], 1, new SilentProgress(), new CancellationToken(true), TimeSpan.Zero));

        ImageException Look() => Assert.Throws<ImageException>(() => PictureSurvey.Of(source, all, [], 1, new SilentProgress(), default, TimeSpan.Zero));
    }

    private static float[] Numbers((float[] Mean, float[] Std) statistics) => [.. statistics.Mean, .. statistics.Std];
}
