using EdgeVit.Imaging;

namespace EdgeVit.Quantize.Tests;

/// <summary>Decoded images in memory, in a file, or nowhere.</summary>
public sealed class PixelStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly IImageDataset _images = DatasetFolder.Open("shapes", new DatasetOptions { ShapesTrainCount = 64, ShapesTestCount = 10 }).Train;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhereverImagesAreKeptBatchesAreTheSame()
    {
        SkipWithoutScratch();
        PixelSource inMemory = Open(new PixelPlace(1 << 30, MemoryBound.None));
        PixelSource inFile = Open(new PixelPlace(1 << 30, MemoryBound.None, _folder.Path) { InMemory = 1000 });
        PixelSource nowhere = Open(new PixelPlace(1000, MemoryBound.None, _folder.Path));
        Assert.Equal((true, true, false), (inMemory.IsKept, inFile.IsKept, nowhere.IsKept));
        Assert.Equal(inMemory.ToArray(), inFile.ToArray());
        Assert.Null(nowhere.ToArray());
        Assert.NotSame(inFile.ToArray(), inFile.ToArray());
        foreach (Augmentation augmentation in (Augmentation[])[new(4, true), new(2, true, 0.5) { Mixing = new Mixing(1, 1) }, new(0, false) { Operations = new RandAugment(2, 9) }])
        {
            float[][] batches = [.. ((PixelSource[])[inMemory, inFile, nowhere]).Select(source =>
            {
                using var loader = new BatchLoader(source, [.. Enumerable.Range(0, 64)], 16, augmentation, seed: 2);
                return (float[])[.. loader.Get(1).Images, .. loader.Get(7).Images];
            })];
            Assert.Equal(batches[0], batches[1]);
            Assert.Equal(batches[0], batches[2]);
        }

        Assert.Equal(inMemory.Image(9).Pixels, inFile.Image(9).Pixels);
    }

    [Fact]
    public void TheFileHasNoNameSoThatAKilledRunLeavesNothing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the system removes it when the process ends");
        PixelSource inFile = Open(new PixelPlace(1 << 30, MemoryBound.None, _folder.Path) { InMemory = 1000 });
        Assert.True(inFile.IsKept);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void WithoutAPlaceImagesStayInMemoryOrAreDecodedAgain()
    {
        PixelPlace missing = new(1 << 30, MemoryBound.None, _folder.File("missing")) { InMemory = 1000 };
        Assert.True(Open(missing).IsKept);
        // A quarter of the memory may be theirs: 64 images of 3 KB need 768 KB.
        Assert.False(Open(missing with { Memory = new MemoryBound(500_000, "the test") }).IsKept);
        Assert.True(Open(missing with { Memory = new MemoryBound(2_000_000, "the test") }).IsKept);
        Assert.Null(ScratchFile.Create(_folder.Path, 1L << 60));
    }

    [Fact]
    public void WhatARunNeedsOfTheDiskIsLeftToIt()
    {
        SkipWithoutScratch();
        Assert.NotNull(ScratchFile.Create(_folder.Path, 1000, reserve: 1000));
        Assert.Null(ScratchFile.Create(_folder.Path, 1000, long.MaxValue));
        var place = new PixelPlace(1 << 30, new MemoryBound(500_000, "the test"), _folder.Path) { InMemory = 1000 };
        Assert.True(Open(place).IsKept);
        Assert.False(Open(place with { Reserve = new DriveInfo(_folder.Path).AvailableFreeSpace }).IsKept);
    }

    private void SkipWithoutScratch() =>
        Assert.SkipWhen(ScratchFile.Create(_folder.Path, 1000) is null, "the disk of temporary files has no place, or is memory");

    private PixelSource Open(PixelPlace place) => PixelSource.Open(_images, DataTests.Preprocess32, place, CancellationToken.None);
}
