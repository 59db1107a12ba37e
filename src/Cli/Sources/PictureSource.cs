using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>A picture as a command line names it: a file, a pipe that somebody writes into, or <c>-</c> for standard input.</summary>
internal static class PictureSource
{
    /// <summary>Decodes it. A wait for who writes into a pipe, or opens it, ends where it is cancelled.</summary>
    /// <returns>The picture, and what is odd about it.</returns>
    /// <exception cref="ImageException">It cannot be read or decoded.</exception>
    /// <exception cref="UserException">Standard input is closed, or a terminal.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static (RgbImage Image, string? Warning) Decode(string source, CancellationToken cancellation)
    {
        if (source != ImageInputs.StandardInput)
        {
            return IsPlainFile(source) ? OfFile(source) : Waiting(() => OfPipe(source), cancellation);
        }

        Stream input = StandardStreams.OpenInput("a picture");
        return Waiting(() => OfStream(input, "standard input"), cancellation);
    }

    /// <summary>Whether a source is a file, and not one that is only opened to find out.</summary>
    public static bool IsPlainFile(string path) => new FileInfo(path) is not { Exists: true } file || (file.Length > 0 && file.LinkTarget is null);

    private static (RgbImage Image, string? Warning) Waiting(Func<(RgbImage, string?)> decode, CancellationToken cancellation) =>
        Task.Run(decode, cancellation).WaitAsync(cancellation).GetAwaiter().GetResult();

    private static (RgbImage Image, string? Warning) OfFile(string path) => (ImageDecoder.DecodeFile(path, out string? warning), warning);

    private static (RgbImage Image, string? Warning) OfPipe(string path)
    {
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The decoder says the same in its words.
            return OfFile(path);
        }

        using (stream)
        {
            return stream.CanSeek ? OfFile(path) : OfStream(stream, path);
        }
    }

    private static (RgbImage Image, string? Warning) OfStream(Stream stream, string name)
    {
        using var bytes = new MemoryStream();
        byte[] part = new byte[81920];
        try
        {
            for (int count; (count = stream.Read(part)) > 0;)
            {
                if (bytes.Length + count > ImageDecoder.MaxFileBytes)
                {
                    throw new ImageException(name, $"more than {ImageDecoder.MaxFileBytes} bytes came; so many are read at most.");
                }

                bytes.Write(part, 0, count);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImageException(name, $"cannot be read: {FileFault.Of(e, name)}.", e);
        }

        return bytes.Length == 0
            ? throw new ImageException(name, "nothing came: who writes into it ended without a picture.")
            : (ImageDecoder.Decode(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), name, out string? warning), warning);
    }
}
