using System.Security.Cryptography;
using System.Text;

namespace EdgeVit.Quantize.Tests;

/// <summary>TorchSharp's library on systems whose libstdc++ is older than it asks for.</summary>
public sealed class LibTorchTests
{
    private static readonly string s_bridge = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");

    [Fact]
    public void OneVersionNeedIsMarkedAndNothingElse()
    {
        byte[] before = Bridge();
        byte[] after = [.. before];
        int marked = LibTorch.MarkWeak(after, LibTorch.UnusedNeed);
        Assert.Equal(1, marked);
        int[] changed = [.. Enumerable.Range(0, before.Length).Where(i => before[i] != after[i])];
        Assert.Single(changed);
        Assert.Equal((0, 2), (before[changed[0]], after[changed[0]]));
        // Vernaux: the hash of the name, by the rule of the ELF gABI, stands in front of the flags.
        Assert.Equal(ElfHash(LibTorch.UnusedNeed), BitConverter.ToUInt32(after, changed[0] - 4));

        byte[] again = [.. after];
        Assert.Equal(1, LibTorch.MarkWeak(again, LibTorch.UnusedNeed));
        Assert.Equal(after, again);
    }

    [Fact]
    public void AnotherVersionIsFoundByItsWholeNameOnly()
    {
        byte[] library = Bridge();
        byte[] before = [.. library];
        Assert.Equal(0, LibTorch.MarkWeak(library, "GLIBCXX_3.4.3"));
        Assert.Equal(0, LibTorch.MarkWeak(library, "GLIBCXX_9.9"));
        Assert.Equal(before, library);
        Assert.InRange(LibTorch.MarkWeak(library, "GLIBCXX_3.4"), 1, 3);
    }

    [Fact]
    public void DamagedLibrariesAreReadWithoutHarm()
    {
        byte[] library = Bridge();
        var random = new Random(5);
        for (int length = 0; length < library.Length; length += 1 + (length / 3))
        {
            LibTorch.MarkWeak(library.AsSpan(0, length).ToArray(), LibTorch.UnusedNeed);
        }

        int sections = (int)BitConverter.ToUInt64(library, 0x28);
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = [.. library];
            for (int k = 0; k < 8; k++)
            {
                damaged[random.Next(2) == 0 ? random.Next(64) : sections + random.Next(library.Length - sections)] = (byte)random.Next(256);
            }

            LibTorch.MarkWeak(damaged, LibTorch.UnusedNeed);
        }
        Assert.Equal(0, LibTorch.MarkWeak(new byte[100], LibTorch.UnusedNeed));
        Assert.Equal(0, LibTorch.MarkWeak([], LibTorch.UnusedNeed));
    }

    /// <summary>The library that was loaded is a copy: the one of the package is as it was packed.</summary>
    [Fact]
    public void ThePackageStaysAsItIs()
    {
        string said = LibTorch.Load();
        Assert.StartsWith("libtorch 2.10", said, StringComparison.Ordinal);
        Assert.Contains("TorchSharp 0.107.0", said, StringComparison.Ordinal);
        string folder = said.Split(" from ")[1].Split(';')[0];
        Assert.True(File.Exists(Path.Combine(folder, "libtorch_cpu.so")), folder);
        byte[] beside = SHA256.HashData(Bridge());
        string packaged = Path.GetFullPath(Path.Combine(folder, "..", "..", "..", "..", "..", "torchsharp", "0.107.0", "runtimes", "linux-x64", "native", "libLibTorchSharp.so"));
        Assert.SkipUnless(File.Exists(packaged), "libtorch is not from the package cache");
        Assert.Equal(SHA256.HashData(File.ReadAllBytes(packaged)), beside);
    }

    [Theory]
    [InlineData("version `GLIBCXX_3.4.30' not found", "libstdc++ is too old")]
    [InlineData("version `GLIBC_2.34' not found", "C library is too old")]
    [InlineData("cannot open shared object file", "./setup.sh")]
    public void ASystemThatIsTooOldIsToldWhatItLacks(string refusal, string remedy)
    {
        ConvertException e = LibTorch.Refused("lib.so", new DllNotFoundException($"Unable to load shared library\nlib.so: {refusal} (required by lib.so)\nlib.so.so: no such file"));
        Assert.Equal(ConvertException.NotSupported, e.ExitCode);
        Assert.Contains(remedy, e.Message, StringComparison.Ordinal);
        Assert.Contains("every other command works here", e.Message, StringComparison.Ordinal);
    }

    private static byte[] Bridge()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists(s_bridge), "TorchSharp's library for x64 Linux is not beside the tests");
        return File.ReadAllBytes(s_bridge);
    }

    private static uint ElfHash(string name)
    {
        uint h = 0;
        foreach (byte c in Encoding.ASCII.GetBytes(name))
        {
            h = (h << 4) + c;
            uint g = h & 0xf0000000;
            h ^= g >> 24;
            h &= ~g;
        }
        return h;
    }
}
