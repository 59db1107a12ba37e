namespace EdgeVit.Export.Tests.Checkpoints;

/// <summary>A file for the time of a test.</summary>
internal sealed class TempFile : IDisposable
{
    public TempFile(byte[] bytes, string extension = ".pth")
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"edgevit-{Guid.NewGuid():N}{extension}");
        File.WriteAllBytes(Path, bytes);
    }

    public string Path { get; }

    public static Checkpoint Open(byte[] bytes, string? key = null)
    {
        using var file = new TempFile(bytes);
        return CheckpointReader.Open(file.Path, key);
    }

    public void Dispose() => File.Delete(Path);
}
