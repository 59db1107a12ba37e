using System.Diagnostics;
using System.Runtime.Versioning;

namespace EdgeVit.Runtime.Tests;

/// <summary>Files, pipes and devices that are read whole, up to a bound.</summary>
public sealed class FileBytesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgevit-bytes-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData(5_000_000)]
    public void AFileIsReadAndOneThatIsLongerThanItMayBeIsNot(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        string path = Path.Combine(_folder, "file");
        File.WriteAllBytes(path, bytes);
        Assert.Equal(bytes, FileBytes.Read(path));
        Assert.Equal(bytes, FileBytes.Read(path, length));
        if (length > 0)
        {
            string fault = FileFault.Of(Assert.Throws<IOException>(() => FileBytes.Read(path, length - 1)), path);
            Assert.Equal($"it has {length} bytes, more than the {length - 1} that are read", fault);
        }
    }

    [Theory]
    [UnsupportedOSPlatform("windows")]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(1 << 20)]
    [InlineData(3_000_000)]
    public void APipeIsReadToItsEnd(int length)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "no pipes with names");
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        string file = Path.Combine(_folder, "file"), pipe = Path.Combine(_folder, "pipe");
        File.WriteAllBytes(file, bytes);
        Process.Start("mkfifo", [pipe]).WaitForExit();
        foreach (int most in (int[])[int.MaxValue, length])
        {
            using Process writer = Process.Start("bash", ["-c", $"cat {file} >{pipe}"]);
            Assert.Equal(bytes, FileBytes.Read(pipe, most));
            writer.WaitForExit();
        }
    }

    /// <summary>Nothing is kept of what has no end but a bound and a part.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(10_000_000)]
    public void WhatHasNoEndIsGivenUpAtTheBound(int most)
    {
        Assert.SkipUnless(File.Exists("/dev/zero"), "no /dev/zero");
        long before = GC.GetAllocatedBytesForCurrentThread();
        string fault = FileFault.Of(Assert.Throws<IOException>(() => FileBytes.Read("/dev/zero", most)), "/dev/zero");
        Assert.Equal($"it is a pipe or a device that gives more than {most} bytes; save them in a file, if there is an end to them", fault);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, most + (3 << 20));
    }

    [Fact]
    public void WhatIsNotThereAndFoldersAreErrorsAsElsewhere()
    {
        Assert.Throws<FileNotFoundException>(() => FileBytes.Read(Path.Combine(_folder, "none")));
        Assert.Throws<UnauthorizedAccessException>(() => FileBytes.Read(_folder));
    }
}
