using System.Globalization;

namespace EdgeVit.Cli;

/// <summary>Patterns of file names as shells read them: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>[!a-z]</c>, <c>{a,b}</c> for one of several, and
/// <c>{1..3}</c> for numbers or letters in a row.</summary>
internal static class GlobPattern
{
    private static readonly System.Buffers.SearchValues<char> s_special = System.Buffers.SearchValues.Create("*?[{");

    /// <summary>The most texts that braces may stand for.</summary>
    private const int MostTexts = 1000;

    /// <summary>Whether a text may be a pattern.</summary>
    public static bool Is(ReadOnlySpan<char> text) => text.ContainsAny(s_special);

    /// <summary>All that the braces of a text stand for, left to right; the text itself where it has none with a comma or a row in them.</summary>
    /// <exception cref="UserException">It stands for too many.</exception>
    public static IReadOnlyList<string> Braces(string text)
    {
        var done = new List<string>();
        var open = new Stack<string>([text]);
        while (open.TryPop(out string? next))
        {
            if (Alternatives(next) is not { } found)
            {
                done.Add(next);
            }
            else
            {
                foreach (string alternative in found.Reverse())
                {
                    open.Push(alternative);
                }
            }

            if (done.Count + open.Count > MostTexts)
            {
                throw new UserException($"{text}: its braces stand for more than {MostTexts} names.", ExitCode.Usage);
            }
        }

        return done;
    }

    /// <summary>Whether a name fits a pattern without braces; upper and lower case differ.</summary>
    public static bool Fits(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        int p = 0, n = 0, star = -1, after = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, after) = (p++, n);
            }
            else if (p < pattern.Length && One(pattern[p..], name[n], out int length))
            {
                (p, n) = (p + length, n + 1);
            }
            else if (star >= 0)
            {
                // The last star takes a letter more.
                (p, n) = (star + 1, ++after);
            }
            else
            {
                return false;
            }
        }

        return pattern[p..].Trim('*').Length == 0;
    }

    /// <summary>Whether the first item of a pattern, which is no star, fits a letter; <paramref name="length"/> is how much of the pattern it is.</summary>
    private static bool One(ReadOnlySpan<char> pattern, char letter, out int length)
    {
        length = 1;
        int end = pattern[0] == '[' ? EndOfSet(pattern) : -1;
        if (end < 0)
        {
            return pattern[0] == '?' || pattern[0] == letter;
        }

        length = end + 1;
        bool not = pattern[1] is '!' or '^';
        ReadOnlySpan<char> set = pattern[(not ? 2 : 1)..end];
        bool within = false;
        for (int i = 0; i < set.Length; i++)
        {
            bool range = i + 2 < set.Length && set[i + 1] == '-';
            within |= range ? letter >= set[i] && letter <= set[i + 2] : letter == set[i];
            i += range ? 2 : 0;
        }

        return within != not;
    }

    /// <summary>Where the set that a pattern begins with ends; below 0 where the bracket is a letter like others. A bracket that comes first is in the set.</summary>
    private static int EndOfSet(ReadOnlySpan<char> pattern)
    {
        int first = pattern.Length > 1 && pattern[1] is '!' or '^' ? 2 : 1;
        int found = pattern.Length > first + 1 ? pattern[(first + 1)..].IndexOf(']') : -1;
        return found < 0 ? -1 : first + 1 + found;
    }

    /// <summary>A text with each alternative in place of its first braces that have a comma at their own depth, or a row in them; null where there are none.</summary>
    private static string[]? Alternatives(string text)
    {
        for (int start = text.IndexOf('{', StringComparison.Ordinal); start >= 0; start = text.IndexOf('{', start + 1))
        {
            int depth = 0;
            var cuts = new List<int> { start };
            for (int i = start; i < text.Length; i++)
            {
                depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
                if (text[i] == ',' && depth == 1)
                {
                    cuts.Add(i);
                }

                if (depth == 0)
                {
                    cuts.Add(i);
                    if (cuts.Count > 2)
                    {
                        return [.. Enumerable.Range(0, cuts.Count - 1).Select(k => text[..start] + text[(cuts[k] + 1)..cuts[k + 1]] + text[(i + 1)..])];
                    }

                    if (Row(text[(start + 1)..i]) is { } row)
                    {
                        return [.. row.Select(r => text[..start] + r + text[(i + 1)..])];
                    }

                    break;
                }
            }
        }

        return null;
    }

    /// <summary>What stands for a row between braces, such as <c>1..3</c>, <c>08..12</c> or <c>c..a</c>; null for others.</summary>
    private static IEnumerable<string>? Row(string text)
    {
        if (text.Split("..") is not [{ Length: > 0 } first, { Length: > 0 } last])
        {
            return null;
        }

        if (int.TryParse(first, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int from) && int.TryParse(last, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int to))
        {
            int width = IsPadded(first) || IsPadded(last) ? Math.Max(first.Length, last.Length) : 1;
            return Steps(from, to).Select(n => n.ToString(string.Create(CultureInfo.InvariantCulture, $"D{(n < 0 ? Math.Max(1, width - 1) : width)}"), CultureInfo.InvariantCulture));
        }

        return first.Length == 1 && last.Length == 1 && char.IsAsciiLetter(first[0]) && char.IsAsciiLetter(last[0]) ? Steps(first[0], last[0]).Select(static c => $"{(char)c}") : null;
    }

    /// <summary>From one number to another, both counted, no more than a pattern may stand for and one.</summary>
    private static IEnumerable<long> Steps(long from, long to) =>
        Enumerable.Range(0, (int)Math.Min(Math.Abs(to - from), MostTexts) + 1).Select(i => from + (Math.Sign(to - from) * (long)i));

    private static bool IsPadded(string number) => number.TrimStart('-') is ['0', _, ..];
}
