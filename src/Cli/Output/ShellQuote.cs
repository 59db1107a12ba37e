namespace EdgeVit.Cli;

/// <summary>Words for a POSIX shell, so that each arrives as it is.</summary>
internal static class ShellQuote
{
    /// <summary>One word: plain characters as they are, everything else between single quotes.</summary>
    /// <exception cref="ArgumentException">It holds a zero character, which no word of a shell can.</exception>
    public static string Word(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("a word of a shell holds no zero character", nameof(text));
        }

        return text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '/' or '_' or '-' or '+' or ':' or ',' or '@' or '=')
            ? text : $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }

    /// <summary>Several words with blanks between them.</summary>
    public static string Words(IEnumerable<string> words) => string.Join(' ', words.Select(Word));
}
