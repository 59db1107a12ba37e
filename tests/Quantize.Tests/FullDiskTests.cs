namespace EdgeVit.Quantize.Tests;

/// <summary>A run folder on a disk of its own, of 48 MB, that is nearly full.</summary>
public sealed class FullDiskTests : IDisposable
{
    private const int Megabyte = 1 << 20;

    private readonly TempFolder _disk = new();
    private readonly SmallDisk? _mounted;

    public FullDiskTests() => _mounted = SmallDisk.Mount(_disk.Path, 48);

    public void Dispose()
    {
        _mounted?.Dispose();
        _disk.Dispose();
    }

    /// <summary>A run of 40 MB of which 25 are there needs 15 more and the reserve; from its start it would need 56.</summary>
    [Fact]
    public void WhatIsThereOfARunNeedNotFindPlaceAgain()
    {
        Assert.SkipWhen(_mounted is null, SmallDisk.Missing);
        var run = new RunFolder(_disk.File("run"));
        var space = new RunSpace(40L * Megabyte, 2L * Megabyte);
        string refused = Assert.Throws<ConvertException>(() => run.Prepare(resume: false, overwrite: false, space, new Recorder())).Message;
        Assert.Contains("MB are free on its disk, about 56 MB are needed. Choose another --out", refused, StringComparison.Ordinal);

        // The first part of it, as an earlier process left it.
        Directory.CreateDirectory(run.Student);
        File.WriteAllText(run.File(RunFiles.Configuration), "{}");
        File.WriteAllBytes(Path.Combine(run.Student, TrainerFiles.LastName), new byte[25 * Megabyte]);
        Assert.InRange(new DriveInfo(run.Path).AvailableFreeSpace, 20L * Megabyte, 24L * Megabyte);
        string missing = Assert.Throws<ConvertException>(() => run.Prepare(resume: true, overwrite: false, space, new Recorder())).Message;
        Assert.Contains("about 30 MB are needed beside the 25 MB that are there", missing, StringComparison.Ordinal);

        // A shorter run finds place beside what is there of it, and no other one does.
        run.Prepare(resume: true, overwrite: false, space with { Expected = 30L * Megabyte }, new Recorder()).Dispose();
        Assert.Throws<ConvertException>(() => new RunFolder(_disk.File("another")).Prepare(resume: false, overwrite: false, space with { Expected = 30L * Megabyte }, new Recorder()));

        // Nothing left at all: not even the try to write succeeds, and what is there stays.
        Fill();
        string full = Assert.Throws<ConvertException>(() => run.Prepare(resume: true, overwrite: false, space, new Recorder())).Message;
        Assert.Contains("o space left on device", full, StringComparison.Ordinal);
        Assert.Equal(25 * Megabyte, new FileInfo(Path.Combine(run.Student, TrainerFiles.LastName)).Length);
        Assert.Empty(Directory.GetFiles(run.Path, ".probe*"));
    }

    private void Fill()
    {
        try
        {
            using FileStream rest = File.Create(_disk.File("rest"));
            for (int i = 0; i < 64; i++)
            {
                rest.Write(new byte[Megabyte]);
                rest.Flush();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }
}
