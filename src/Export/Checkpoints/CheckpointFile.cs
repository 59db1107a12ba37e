using Microsoft.Win32.SafeHandles;

namespace EdgeVit.Export;

/// <summary>An open checkpoint. Bytes go from the system's page cache straight to where they are wanted; unlike a mapping, a file that shrinks
/// while it is read gives an error instead of ending the process.</summary>
internal sealed class CheckpointFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    public CheckpointFile(string path)
    {
        if (Directory.Exists(path))
        {
            throw new CheckpointException("is a folder; name the checkpoint file in it (.pth, .pt, .bin or .safetensors)");
        }

        _handle = File.OpenHandle(path, options: FileOptions.RandomAccess);
        Path = path;
        Length = Size(_handle);
        Budget = new MemoryBudget(Length);
    }

    public string Path { get; }

    /// <summary>Whether tensors will be read from it later. It then closes when the last of them is gone.</summary>
    public bool StaysOpen { get; set; }

    public long Length { get; }

    public MemoryBudget Budget { get; }

    /// <summary>Fills <paramref name="destination"/> from byte <paramref name="offset"/>.</summary>
    /// <exception cref="CheckpointException">The file ends before.</exception>
    public void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length)
        {
            throw new CheckpointException($"ends at byte {Length}, but {destination.Length} bytes are expected at byte {offset}: the file is truncated or damaged");
        }

        while (destination.Length > 0)
        {
            int read = RandomAccess.Read(_handle, destination, offset);
            if (read == 0)
            {
                throw new CheckpointException($"ended at byte {offset} while it was read; expected {Length} bytes");
            }

            offset += read;
            destination = destination[read..];
        }
    }

    /// <summary>The first bytes, fewer where the file is shorter.</summary>
    public byte[] Head(int count)
    {
        var head = new byte[Math.Min(count, Length)];
        Read(0, head);
        return head;
    }

    private static long Size(SafeFileHandle handle)
    {
        try
        {
            return RandomAccess.GetLength(handle);
        }
        catch (NotSupportedException e)
        {
            handle.Dispose();
            throw new CheckpointException("is a pipe, and a checkpoint is not read from its beginning to its end: save it in a file", e);
        }
    }

    public void Dispose() => _handle.Dispose();
}
