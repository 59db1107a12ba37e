namespace EdgeVit.EndToEnd.Tests;

/// <summary>A temporary folder, deleted at the end.</summary>
internal sealed class TestFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("edgevit-test-").FullName;

    public string this[string name] => Path.Combine(Root, name);

    public string File(string name, byte[] bytes)
    {
        string path = this[name];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>An image folder with a few pictures in each class.</summary>
    public string Images(string name, int perClass, params string[] classes)
    {
        for (int c = 0; c < classes.Length; c++)
        {
            for (int i = 0; i < perClass; i++)
            {
                File(Path.Combine(name, classes[c], $"{i:00}.png"), Png.Random(32, 32, (c * 100) + i));
            }
        }
        return this[name];
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
