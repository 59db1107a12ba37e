using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>Reads files of pictures; what goes wrong becomes an <see cref="ImageException"/>.</summary>
internal static class PictureFile
{
    /// <summary>A whole file.</summary>
    internal static byte[] ReadAll(string path) => Reading(path, static p =>
    {
        if (HasNoLength(p))
        {
            return [];
        }

        using FileStream stream = new(p, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (stream.Length > ImageDecoder.MaxFileBytes)
        {
            throw new ImageException(p, $"{stream.Length} bytes; at most {ImageDecoder.MaxFileBytes} are read.");
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)stream.Length);
        stream.ReadExactly(bytes);
        return bytes;
    });

    /// <summary>A file's first bytes, which show what it is.</summary>
    internal static byte[] ReadHead(string path) => Reading(path, static p =>
    {
        if (HasNoLength(p))
        {
            return [];
        }

        using FileStream stream = new(p, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        byte[] bytes = new byte[FileKind.HeadBytes];
        return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    });

    /// <summary>Empty files, pipes and devices: to open a pipe is to wait for its writer.</summary>
    private static bool HasNoLength(string path) => !Directory.Exists(path) && new FileInfo(path).Length == 0;

    private static byte[] Reading(string path, Func<string, byte[]> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ImageException(path, "no such file.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new ImageException(path, $"cannot be read: {FileFault.Of(e, path)}.", e);
        }
    }
}
