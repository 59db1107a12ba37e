namespace EdgeVit.Devices.Iot.Tests;

/// <summary>A folder in place of the machine's root.</summary>
internal sealed class TemporaryTree : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("edgevit-iot-").FullName;

    public TemporaryTree Write(string path, string text)
    {
        string full = Path.Combine(Root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
        return this;
    }

    /// <summary>Takes this user's permission away.</summary>
    public void Forbid(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Combine(Root, path), UnixFileMode.None);
        }
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
