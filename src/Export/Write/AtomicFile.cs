using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>A file appears whole or not at all: written beside its place under another name, forced to the disk, then renamed.</summary>
internal static class AtomicFile
{
    /// <summary>Writes a file, replacing one that is there; folders on the way are created. A link is followed; devices and pipes are refused.</summary>
    /// <exception cref="ModelWriteException">The disk is full, the folder read-only or not a folder. Nothing is left behind, and a file that
    /// was there is as it was.</exception>
    public static void Write(string path, ReadOnlyMemory<byte> bytes) => Write(path, stream => stream.Write(bytes.Span));

    /// <summary>Writes a file through a stream, with the same promise.</summary>
    public static void Write(string path, Action<Stream> body)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string full = Place(path);
        string folder = Path.GetDirectoryName(full) ?? throw new ModelWriteException($"Cannot write {path}: it is a folder. Give a file name.");
        string temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Path.GetRandomFileName()}");
        try
        {
            Directory.CreateDirectory(folder);
            if (Directory.Exists(full))
            {
                throw new ModelWriteException($"Cannot write {path}: a folder of that name is there. Name a file.");
            }

            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write))
            {
                body(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
        }
        catch (Exception e)
        {
            Discard(temporary);
            if (e is (IOException and not ModelWriteException) or UnauthorizedAccessException)
            {
                throw new ModelWriteException($"Cannot write {path}: {Fault(e, folder, temporary)} Nothing was left half-written.", e);
            }

            throw;
        }
    }

    /// <summary>Tries whether a file can be written, before there is anything to write: so many bytes are written beside its place and
    /// deleted again.</summary>
    /// <exception cref="ModelWriteException">As <see cref="Write(string, ReadOnlyMemory{byte})"/>.</exception>
    public static void Check(string path, int bytes)
    {
        try
        {
            Write(path, stream =>
            {
                stream.Write(new byte[bytes]);
                stream.Flush();
                throw new OperationCanceledException();
            });
        }
        catch (OperationCanceledException)
        {
            // Written and discarded.
        }
    }

    /// <summary>Where the file is: a link stays, and what it leads to is written.</summary>
    private static string Place(string path)
    {
        try
        {
            string target = RegularFile.Target(path);
            return !File.Exists(target) || RegularFile.Is(target) ? target : throw new ModelWriteException($"Cannot write {path}: it is a device or a pipe, expected a file. Name a file.");
        }
        catch (Exception e) when (e is IOException and not ModelWriteException or UnauthorizedAccessException)
        {
            throw new ModelWriteException($"Cannot write {path}: its links lead nowhere. Name a file.", e);
        }
    }

    /// <summary>What stood in the way, and what to do.</summary>
    private static string Fault(Exception e, string folder, string temporary)
    {
        if (FileFault.OnTheWay(folder) is { } file)
        {
            return $"{file} is a file, not a folder. Choose another folder, or move that file.";
        }

        string reason = FileFault.Of(e, temporary);
        return e is UnauthorizedAccessException ? $"{reason}. Choose another folder, or one that this user may write to."
            : FileFault.IsFull(e) ? $"{reason}: the disk of {folder} is full. Free the disk, or choose a folder on another one." : $"{reason}. Choose another folder.";
    }

    private static void Discard(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What made the write fail is what the caller must hear of.
        }
    }
}

/// <summary>An output file could not be written; the message says which and why, and what to do.</summary>
public sealed class ModelWriteException : IOException
{
    /// <summary>Creates the exception with a complete message.</summary>
    public ModelWriteException(string message) : base(message) { }

    /// <summary>Creates the exception with a complete message and the failure behind it.</summary>
    public ModelWriteException(string message, Exception innerException) : base(message, innerException) { }
}
