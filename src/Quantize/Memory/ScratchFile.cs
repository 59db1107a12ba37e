using EdgeVit.Runtime;
using Microsoft.Win32.SafeHandles;

namespace EdgeVit.Quantize;

/// <summary>Bytes on a disk instead of in memory: what is read often stays in the system's cache as long as nobody needs the memory. The file has no name and is
/// gone with the process, however that ends. Thread-safe.</summary>
internal sealed class ScratchFile
{
    /// <summary>What is left free on the disk at least.</summary>
    private const long LeastFree = 256L << 20;

    private readonly SafeFileHandle _handle;

    private ScratchFile(SafeFileHandle handle) => _handle = handle;

    /// <summary>A file of some length; null where the disk has no place for it, or is memory itself.</summary>
    /// <param name="reserve">Bytes of the disk that are left to others.</param>
    internal static ScratchFile? Create(string folder, long length, long reserve = 0)
    {
        try
        {
            var drive = new DriveInfo(Path.GetFullPath(folder));
            if (drive.DriveFormat is "tmpfs" or "ramfs" || drive.AvailableFreeSpace - Math.Max(LeastFree, reserve) < length)
            {
                return null;
            }

            string path = Path.Combine(folder, $".scratch-{Guid.NewGuid():N}.tmp");
            SafeFileHandle handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, FileOptions.DeleteOnClose | FileOptions.RandomAccess, length);
            if (!OperatingSystem.IsWindows())
            {
                File.Delete(path);
            }

            return new ScratchFile(handle);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <summary>Writes bytes at a place.</summary>
    /// <exception cref="ConvertException">The disk fails.</exception>
    internal void Write(long at, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, at);
        }
        catch (IOException e)
        {
            throw Failed(e);
        }
    }

    /// <summary>Reads the bytes of a place.</summary>
    /// <exception cref="ConvertException">The disk fails.</exception>
    internal void Read(long at, Span<byte> bytes)
    {
        try
        {
            for (int done = 0, read; done < bytes.Length; done += read)
            {
                read = RandomAccess.Read(_handle, bytes[done..], at + done);
                if (read == 0)
                {
                    throw new EndOfStreamException($"it ends at byte {at + done}");
                }
            }
        }
        catch (IOException e)
        {
            throw Failed(e);
        }
    }

    private static ConvertException Failed(IOException e) =>
        new($"The temporary file with the decoded images cannot be used: {FileFault.Of(e)}. Free the disk of --out, and go on with --resume.", e);
}
