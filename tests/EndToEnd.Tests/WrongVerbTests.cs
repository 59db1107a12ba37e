using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>A file given to the wrong verb is called what it is.</summary>
public sealed class WrongVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgevit-kinds-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("net.onnx", "08071207", "is an ONNX network", "--teacher")]
    [InlineData("weights.pth", "80028A0A", "is a PyTorch checkpoint", "edgevit import")]
    [InlineData("photo.png", "89504E470D0A1A0A", "is a picture", "The model comes first")]
    [InlineData("result.json", "7B7D", "is a JSON text", "edgevit report")]
    [InlineData("model.evit", "894844460D0A1A0A", "of another tool", "ONNX")]
    public void AModelIsExpected(string name, string hex, params string[] parts)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, [.. Convert.FromHexString(hex), .. name.EndsWith(".json", StringComparison.Ordinal) ? [] : new byte[32]]);
        UserException error = Assert.Throws<UserException>(() => ModelPath.Resolve(path));
        Assert.Equal(ExitCode.Usage, error.ExitCode);
        Assert.All([path, .. parts], part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void WhatIsDamagedIsLeftToItsReader()
    {
        string path = Path.Combine(_folder, "model.evit");
        foreach (byte[] bytes in (byte[][])[[], [1, 2, 3], new byte[100]])
        {
            File.WriteAllBytes(path, bytes);
            Assert.Equal(path, ModelPath.Resolve(path));
        }
    }

    [Fact]
    public void APictureIsExpected()
    {
        string network = Path.Combine(_folder, "net.onnx"), picture = Path.Combine(_folder, "photo.png");
        File.WriteAllBytes(network, [0x08, 7, 0x12, 7, .. new byte[32]]);
        File.WriteAllBytes(picture, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]);
        ModelPath.RefuseNetworks([picture, "camera:0", "*.jpg", "-"], "a picture");
        UserException error = Assert.Throws<UserException>(() => ModelPath.RefuseNetworks([picture, network], "a picture"));
        Assert.Equal(ExitCode.Usage, error.ExitCode);
        Assert.StartsWith($"{network} is an ONNX network, not a picture.", error.Message, StringComparison.Ordinal);
    }

#if TRAINING
    [Theory]
    [InlineData("t.pth", "80028A0A", "edgevit import")]
    [InlineData("t.onnx", "89504E470D0A1A0A", "is a picture")]
    [InlineData("t.evit", "08071207", "is an ONNX network")]
    [InlineData("t.safetensors", "08071207", "is an ONNX network")]
    public void ATeacherIsExpected(string name, string hex, string part)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, [.. Convert.FromHexString(hex), .. new byte[32]]);
        var error = Assert.Throws<Quantize.ConvertException>(() => Quantize.TeacherList.Require(path));
        Assert.Equal(ExitCode.Usage, error.ExitCode);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
        if (part.StartsWith("is", StringComparison.Ordinal))
        {
            Assert.Contains(part, Assert.Throws<Quantize.ConvertException>(() => Quantize.InitialWeights.Require(path)).Message, StringComparison.Ordinal);
        }
    }
#endif
}
