namespace EdgeVit.Imaging.Tests;

/// <summary>A folder that a test fills and that is gone afterwards.</summary>
internal sealed class TempFolder : IDisposable
{
    public TempFolder() => Path = Directory.CreateTempSubdirectory("edgevit-imaging-").FullName;

    public string Path { get; }

    /// <summary>Writes a file, with the folders above it.</summary>
    public string Write(string relative, byte[] bytes)
    {
        string file = At(relative);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, bytes);
        return file;
    }

    public string Write(string relative, string text) => Write(relative, System.Text.Encoding.UTF8.GetBytes(text));

    public string At(string relative) => System.IO.Path.Combine(Path, relative);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
