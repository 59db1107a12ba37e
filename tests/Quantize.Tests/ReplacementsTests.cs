using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize.Tests;

/// <summary>Pictures that break while they are learnt from.</summary>
public sealed class ReplacementsTests
{
    private static readonly Preprocess s_size = new(4, 4, 4, Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]);

    /// <summary>Whatever breaks, each place is taken by a picture of the same class and the same part, once and for all, and is counted once.</summary>
    [Fact]
    public void ABrokenPictureGivesItsPlaceToAnotherOfItsClassAndPart()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            int classes = 1 + random.Next(3), count = classes * (8 + random.Next(8)), held = count / 4;
            var data = new FragileDataset(count, classes);
            (PixelSource source, Func<int, int> part) = OnDemand(data, held);
            for (int i = random.Next(5); i >= 0; i--)
            {
                data.Broken[random.Next(count)] = true;
            }

            int lonely = Enumerable.Range(0, count).Count(i => data.Broken.ContainsKey(i) && !Enumerable.Range(0, count).Any(o => Fits(o, i)));
            byte[] scratch = new byte[source.ImageBytes];
            for (int pass = 0; pass < 2; pass++)
            {
                for (int i = 0; i < count; i++)
                {
                    if (data.Broken.ContainsKey(i) && !Enumerable.Range(0, count).Any(o => Fits(o, i)))
                    {
                        Assert.Throws<ImageException>(() => source.Pixels(i, new byte[source.ImageBytes]));
                        continue;
                    }

                    byte shown = source.Pixels(i, scratch)[0];
                    Assert.Contains(shown, Enumerable.Range(0, count).Where(o => data.Broken.ContainsKey(i) ? Fits(o, i) : o == i).Select(FragileDataset.Colour));
                }
            }

            Assert.Equal(data.Broken.Count - lonely, source.Replacements.Count);
            string? news = source.Replacements.News();
            Assert.Equal(data.Broken.Count == lonely, news is null);
            Assert.Null(source.Replacements.News());

            bool Fits(int other, int index) => !data.Broken.ContainsKey(other) && other % classes == index % classes && part(other) == part(index);
        }
    }

    /// <summary>Separate test images are read last, after the training has told its own.</summary>
    [Fact]
    public void SeparateTestImagesAreToldOf()
    {
        FragileDataset data = new(40, 2), tests = new(20, 2);
        (PixelSource source, _) = OnDemand(data, 10);
        (PixelSource test, _) = OnDemand(tests, 0);
        var split = new DataSplit([0, 1], [2, 3]);
        ImageData separate = new("a", "b", source, split, test, [0, 1], 0), one = new("a", "b", source, split, source.Normalised([0, 0, 0], [1, 1, 1]), [0, 1], 0);
        Assert.Empty(separate.ReplacementNews());
        data.Broken[3] = tests.Broken[5] = true;
        _ = source.Pixels(3, new byte[source.ImageBytes]);
        _ = test.Pixels(5, new byte[source.ImageBytes]);
        string[] news = [.. separate.ReplacementNews()];
        Assert.Equal(2, news.Length);
        Assert.EndsWith("picture 3: no such file.", news[0], StringComparison.Ordinal);
        Assert.EndsWith("picture 5: no such file.", news[1], StringComparison.Ordinal);
        Assert.Empty(separate.ReplacementNews());
        data.Broken[4] = true;
        _ = source.Pixels(4, new byte[source.ImageBytes]);
        Assert.Single(one.ReplacementNews());
    }

    [Fact]
    public void TheFirstIsNamedAndAllAreCounted()
    {
        var data = new FragileDataset(40, 2);
        (PixelSource source, _) = OnDemand(data, 10);
        data.Broken[3] = data.Broken[7] = true;
        _ = source.Pixels(3, new byte[source.ImageBytes]);
        Assert.Equal("1 picture cannot be read any more and is replaced by others of the same class (1 in all), the first: picture 3: no such file.", source.Replacements.News());
        _ = source.Pixels(7, new byte[source.ImageBytes]);
        Assert.Contains("(2 in all), the first: picture 7", source.Replacements.News(), StringComparison.Ordinal);
    }

    /// <summary>A picture that takes another's place may break as well; when all have gone, so has the disk.</summary>
    [Fact]
    public void WhereNoneOfTheClassIsLeftItIsAnError()
    {
        var data = new FragileDataset(40, 2);
        (PixelSource source, _) = OnDemand(data, 0);
        byte[] scratch = new byte[source.ImageBytes];
        for (int broken = 0; broken < 34; broken += 2)
        {
            data.Broken[broken] = true;
            if (broken < 32)
            {
                Assert.Equal(FragileDataset.Colour(broken + 2), source.Pixels(0, scratch)[0]);
            }
        }

        Assert.Equal(1, source.Replacements.Count);
        for (int broken = 34; broken < 40; broken += 2)
        {
            data.Broken[broken] = true;
        }

        Assert.Contains("No other picture of its class", Assert.Throws<ImageException>(() => source.Pixels(0, new byte[source.ImageBytes])).Message, StringComparison.Ordinal);
        Assert.Equal(FragileDataset.Colour(1), source.Pixels(1, scratch)[0]);
    }

    [Fact]
    public void BeforeATrainingNothingIsReplaced()
    {
        var data = new FragileDataset(40, 2);
        data.Broken[5] = true;
        PixelSource source = PixelSource.Open(data, s_size, limit: 0);
        Assert.Throws<ImageException>(() => source.Pixels(5, new byte[source.ImageBytes]));
        Assert.ThrowsAny<ImageException>(() => PixelSource.Open(data, s_size));
        PixelSource replaced = PixelSource.Open(data, s_size, replacements: new Replacements(data) { Allowed = true });
        Assert.True(replaced.IsKept);
        Assert.Equal(FragileDataset.Colour(7), replaced.Pixels(5, [])[0]);
        Assert.Equal(1, replaced.Replacements.Count);
    }

    private static (PixelSource Source, Func<int, int> Part) OnDemand(FragileDataset data, int held)
    {
        PixelSource source = PixelSource.Open(data, s_size, limit: 0);
        source.Replacements.Divide(data.Label, [.. Enumerable.Range(held, data.Count - held)], [.. Enumerable.Range(0, held)]);
        source.Replacements.Allowed = true;
        return (source, i => i < held ? 1 : 0);
    }
}
