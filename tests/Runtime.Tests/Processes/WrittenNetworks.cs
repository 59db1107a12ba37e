namespace EdgeVit.Runtime.Tests.Processes;

/// <summary>The reference networks in a temporary folder, written once for a class of tests.</summary>
public sealed class WrittenNetworks : IDisposable
{
    public WrittenNetworks() => ReferenceNetworks.Write(Folder);

    public string Folder { get; } = Directory.CreateTempSubdirectory("edgevit-networks-").FullName;

    public int Count => Directory.GetFiles(Folder, "*.evit").Length;

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
