using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Where the tool comes from, and what is sent.</summary>
public sealed class DeployToolTests : IDisposable
{
    private const int Arm = 183;

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AnArchiveIsReadWithItsProcessorAndItsGlibc()
    {
        string archive = Archive("edgevit-1.0.0-linux-arm64", ("edgevit", Elf(Arm, "GLIBC_2.17", "GLIBC_2.29", "GLIBC_2.4")), ("libSkiaSharp.so", Elf(Arm)), ("LICENSE", "MIT"u8.ToArray()));
        using var tool = ToolPackage.Open(archive, "linux-arm64");
        Assert.Equal(["LICENSE", "edgevit", "libSkiaSharp.so"], tool.Files);
        Assert.Equal(new Version(2, 29), tool.Glibc);
        Assert.Contains("for another processor (arm64: edgevit); this board needs linux-x64", Assert.Throws<UserException>(() => ToolPackage.Open(archive, "linux-x64")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNoToolIsRefused()
    {
        Assert.Contains("no such file", Refused(_folder["nothing"]), StringComparison.Ordinal);
        Assert.Contains("holds no program 'edgevit'", Refused(Archive("other", ("readme", [1]))), StringComparison.Ordinal);
        Assert.Contains("is not a whole archive", Refused(_folder.File("text", "hello, world"u8.ToArray())), StringComparison.Ordinal);
        byte[] whole = File.ReadAllBytes(Archive("cut", ("edgevit", Elf(Arm))));
        Assert.Contains("is not a whole archive", Refused(_folder.File("half.tar.gz", whole[..(whole.Length / 2)])), StringComparison.Ordinal);
        _folder.File("odd/edgevit", [1]);
        _folder.File("odd/a b", [1]);
        Assert.Contains("'a b'", Refused(_folder["odd"]), StringComparison.Ordinal);
    }

    /// <summary>An archive that would write outside its folder writes nothing there.</summary>
    [Fact]
    public void AnArchiveStaysInItsFolder()
    {
        string archive = Archive("..", ("../escaped", [1]), ("edgevit", Elf(Arm)));
        Assert.ThrowsAny<Exception>(() => ToolPackage.Open(archive, "linux-arm64"));
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), "escaped"));
    }

    [Fact]
    public void ThisVersionIsTakenBeforeANewerOne()
    {
        Assert.Null(ToolSource.Archive(_folder["none"], "1.0.0", "linux-arm64"));
        string other = _folder.File("edgevit-2.0.0-linux-arm64.tar.gz", []);
        _folder.File("libedgevit-1.0.0-linux-arm64.tar.gz", []);
        _folder.File("edgevit-1.0.0-linux-x64.tar.gz", []);
        Assert.Equal(other, ToolSource.Archive(_folder.Root, "1.0.0", "linux-arm64"));
        string own = _folder.File("edgevit-1.0.0-linux-arm64.tar.gz", []);
        Assert.Equal(own, ToolSource.Archive(_folder.Root, "1.0.0", "linux-arm64"));
    }

    [Fact]
    public void TheNewestOnnxRuntimeOfTheCacheIsTaken()
    {
        Assert.Contains("./setup.sh", Assert.Throws<UserException>(() => OnnxRuntimeFile.Find(_folder.Root, "linux-arm64")).Message, StringComparison.Ordinal);
        foreach (string version in (string[])["1.9.0", "1.31.1", "1.4.0"])
        {
            _folder.File($"microsoft.ml.onnxruntime/{version}/runtimes/linux-arm64/native/libonnxruntime.so", [1]);
        }

        _folder.File("microsoft.ml.onnxruntime/2.0.0/runtimes/linux-x64/native/libonnxruntime.so", [1]);
        Assert.Contains("1.31.1", OnnxRuntimeFile.Find(_folder.Root, "linux-arm64"), StringComparison.Ordinal);
    }

    /// <summary>The same files are the same version; any other byte, name or link is another. What is sent unpacks to the files with their hashes.</summary>
    [Fact]
    public void APayloadIsNamedByItsContent()
    {
        string model = _folder.File("my model.evit", [1, 2, 3]);
        string archive = Archive("tool", ("edgevit", Elf(Arm)), ("edgevit-serve", Elf(Arm)));
        using var tool = ToolPackage.Open(archive, "linux-arm64");
        var payload = new Payload(tool, model);
        Assert.Equal(payload.Version, new Payload(tool, model).Version);
        Assert.NotEqual(payload.Version, new Payload(tool, _folder.File("other.evit", [1, 2, 4])).Version);
        using var bytes = new MemoryStream();
        payload.Write(bytes, true, [("a.bmp", [7])], [], _ => { });
        bytes.Position = 0;
        string unpacked = _folder["unpacked"];
        Directory.CreateDirectory(unpacked);
        using (var gzip = new GZipStream(bytes, CompressionMode.Decompress))
        {
            TarFile.ExtractToDirectory(gzip, unpacked, overwriteFiles: false);
        }

        Assert.Equal([1, 2, 3], File.ReadAllBytes(Path.Combine(unpacked, "payload", "model.evit")));
        Assert.Equal([7], File.ReadAllBytes(Path.Combine(unpacked, "proof", "a.bmp")));
        Assert.Equal(payload.SumsText, File.ReadAllText(Path.Combine(unpacked, "payload", "SHA256SUMS")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.True(File.GetUnixFileMode(Path.Combine(unpacked, "payload", "edgevit-serve")).HasFlag(UnixFileMode.OtherExecute));
            Assert.False(File.GetUnixFileMode(Path.Combine(unpacked, "payload", "model.evit")).HasFlag(UnixFileMode.UserExecute));
        }
    }

    private static string Refused(string path) => Assert.Throws<UserException>(() => ToolPackage.Open(path, "linux-arm64")).Message;

    private static byte[] Elf(int machine, params string[] versions)
    {
        byte[] file = new byte[128];
        "\u007fELF"u8.CopyTo(file);
        file[18] = (byte)machine;
        return [.. file, .. versions.SelectMany(v => Encoding.ASCII.GetBytes(v + "\0"))];
    }

    private string Archive(string root, params (string Name, byte[] Bytes)[] files)
    {
        string path = _folder[$"{root.Trim('.')}.tar.gz"];
        using FileStream file = File.Create(path);
        using var gzip = new GZipStream(file, CompressionLevel.Fastest);
        using var tar = new TarWriter(gzip, TarEntryFormat.Ustar);
        foreach ((string name, byte[] bytes) in files)
        {
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"{root}/{name}") { DataStream = new MemoryStream(bytes) });
        }

        return path;
    }
}
