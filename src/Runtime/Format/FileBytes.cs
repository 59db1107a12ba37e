namespace EdgeVit.Runtime;

/// <summary>Reads whole files. Pipes and devices have no length, and some no end: of those no more is read than memory is meant for.</summary>
internal static class FileBytes
{
    /// <summary>What a pipe may give where nothing smaller is the bound.</summary>
    internal const int MostOfPipe = 256 << 20;

    private const int Part = 1 << 20;

    /// <summary>All bytes of a file or pipe. Waits for who writes into a pipe.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">So many bytes it may have.</param>
    /// <param name="cancel">Ends the wait for who writes into a pipe.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="IOException">It cannot be read, or is longer; <see cref="FileFault"/> has the words.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be read, or is a folder.</exception>
    internal static byte[] Read(string path, long most = int.MaxValue, CancellationToken cancel = default) =>
        // To open a pipe is to wait, too.
        cancel.CanBeCanceled && new FileInfo(path) is { Exists: true, Length: 0 } ? Task.Run(() => Whole(path, most), cancel).WaitAsync(cancel).GetAwaiter().GetResult() : Whole(path, most);

    private static byte[] Whole(string path, long most)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (!stream.CanSeek || stream.Length == 0)
        {
            return ReadToEnd(stream, (int)Math.Min(most, MostOfPipe));
        }

        if (stream.Length > Math.Min(most, Array.MaxLength))
        {
            throw new IOException($"it has {stream.Length} bytes, more than the {Math.Min(most, Array.MaxLength)} that are read");
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)stream.Length);
        LargePages.Ask(bytes);
        stream.ReadExactly(bytes);
        return bytes;
    }

    private static byte[] ReadToEnd(FileStream stream, int most)
    {
        var parts = new List<byte[]>();
        int all = 0;
        for (int count = Part; count == Part && all <= most;)
        {
            byte[] part = new byte[Part];
            count = stream.ReadAtLeast(part, Part, throwOnEndOfStream: false);
            parts.Add(count == Part ? part : part[..count]);
            all += count;
        }

        return all <= most ? Join(parts, all)
            : throw new IOException($"it is a pipe or a device that gives more than {most} bytes; save them in a file, if there is an end to them");
    }

    private static byte[] Join(List<byte[]> parts, int all)
    {
        byte[] bytes = GC.AllocateUninitializedArray<byte>(all);
        int at = 0;
        foreach (byte[] part in parts)
        {
            part.CopyTo(bytes, at);
            at += part.Length;
        }

        return bytes;
    }
}
