using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>A line of a table.</summary>
/// <param name="Line">Where it begins, from 1.</param>
/// <param name="Fields">Without quotes, and without white space around what was not quoted.</param>
internal sealed record CsvRow(int Line, string[] Fields);

/// <summary>Reads tables as spreadsheets and programs write them: fields parted by commas, semicolons, tabs, or else blanks; quotes as in RFC 4180; any
/// end of line; with a byte order mark or not. Empty lines are passed over.</summary>
internal static class CsvRows
{
    private const int MaxFileBytes = 256 << 20;

    /// <summary>All lines of a file, or of a pipe, whose wait can be cancelled.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="DatasetException">The file is missing, too large, no text, or a quote is not closed.</exception>
    internal static List<CsvRow> Read(string file, CancellationToken cancel = default)
    {
        string text = Text(file, cancel);
        (char delimiter, int start) = Delimiter(text);
        return new CsvReader(file, text, delimiter, start).Rows();
    }

    private static string Text(string file, CancellationToken cancel)
    {
        if (!File.Exists(file))
        {
            throw new DatasetException(file, Directory.Exists(file) ? "is a folder; expected a file with lines of file name and label." : "no such file.") { IsUsage = true };
        }

        byte[] bytes;
        try
        {
            bytes = FileBytes.Read(file, MaxFileBytes, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(file, $"cannot be read: {FileFault.Of(e, file)}. Expected a line for each picture, with its file name and its label.", e) { IsUsage = true };
        }

        (string? text, string? fault) = TextBytes.Read(bytes, file);
        return text?.Contains('\0', StringComparison.Ordinal) ?? bytes.Contains((byte)0) ? throw new DatasetException(file, "is no text; expected lines of file name and label, as UTF-8.") { IsUsage = true }
            : text ?? throw new DatasetException(file, $"{fault}") { IsUsage = true };
    }

    /// <summary>What parts the fields, as the first line shows, and where the lines begin; spreadsheets may name it in a line of its own, <c>sep=;</c>.</summary>
    private static (char Delimiter, int Start) Delimiter(string text)
    {
        ReadOnlySpan<char> all = text;
        int start = all.IndexOfAnyExcept("\r\n \uFEFF");
        if (start < 0)
        {
            return (',', text.Length);
        }

        int length = all[start..].IndexOfAny('\r', '\n');
        ReadOnlySpan<char> first = length < 0 ? all[start..] : all.Slice(start, length);
        if (first.Length == 5 && first.StartsWith("sep=", StringComparison.OrdinalIgnoreCase))
        {
            return (first[4], start + 5);
        }

        Span<int> counts = stackalloc int[3];
        const string Delimiters = "\t;,";
        bool quoted = false;
        foreach (char c in first)
        {
            quoted ^= c == '"';
            if (!quoted && Delimiters.IndexOf(c, StringComparison.Ordinal) is var at and >= 0)
            {
                counts[at]++;
            }
        }

        int most = counts.IndexOf(Math.Max(counts[0], Math.Max(counts[1], counts[2])));
        return (counts[most] > 0 ? Delimiters[most] : ' ', 0);
    }
}
