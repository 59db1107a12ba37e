using System.Text;

namespace EdgeVit.Imaging;

/// <summary>Unicode's composed normal form of names: macOS and its archives write an accented letter as letter and mark, others as one character.
/// The framework's own normalisation does nothing without ICU, which small systems lack.</summary>
internal static class NormalForm
{
    private const char FirstMark = '\u0300';
    private const int Leading = 0x1100, Vowels = 0x1161, Trailing = 0x11A7, Syllables = 0xAC00;
    private const int LeadingCount = 19, VowelCount = 21, TrailingCount = 28, SyllableCount = LeadingCount * VowelCount * TrailingCount;

    private static readonly Dictionary<(char, char), char> s_composed = [];
    private static readonly Dictionary<char, (char Letter, char Mark)> s_decomposed = [];

    static NormalForm()
    {
        foreach ((char mark, (int _, string pairs)) in CompositionTable.Marks)
        {
            for (int i = 0; i < pairs.Length; i += 2)
            {
                s_composed[(pairs[i], mark)] = pairs[i + 1];
                s_decomposed[pairs[i + 1]] = (pairs[i], mark);
            }
        }
    }

    /// <summary>The composed form of a name or path; names that differ only in their form get the same.</summary>
    internal static string Compose(string name)
    {
        if (name.AsSpan().IndexOfAnyInRange(FirstMark, '\uFFFF') < 0)
        {
            return name;
        }

        List<char> text = new(name.Length + 8);
        foreach (char c in name)
        {
            Decompose(c, text);
        }

        SortMarks(text);
        return Join(text);
    }

    private static void Decompose(char c, List<char> text)
    {
        if (s_decomposed.TryGetValue(c, out (char Letter, char Mark) parts))
        {
            Decompose(parts.Letter, text);
            text.Add(parts.Mark);
        }
        else
        {
            text.Add(c);
        }
    }

    private static int Class(char c) => CompositionTable.Marks.TryGetValue(c, out (int Class, string) mark) ? mark.Class : 0;

    /// <summary>Brings the marks after each letter into the order of their classes; those of one class stay in theirs.</summary>
    private static void SortMarks(List<char> text)
    {
        for (int i = 1; i < text.Count; i++)
        {
            for (int at = i; at > 0 && Class(text[at]) is var own and > 0 && Class(text[at - 1]) > own; at--)
            {
                (text[at - 1], text[at]) = (text[at], text[at - 1]);
            }
        }
    }

    private static string Join(List<char> text)
    {
        var result = new StringBuilder(text.Count);
        int letter = -1, before = 0;
        foreach (char c in text)
        {
            int own = Class(c);
            bool free = letter == result.Length - 1 || (before > 0 && before < own);
            if (letter >= 0 && free && Together(result[letter], c) is { } whole)
            {
                result[letter] = whole;
                continue;
            }

            result.Append(c);
            before = own;
            letter = own == 0 ? result.Length - 1 : letter;
        }
        return result.ToString();
    }

    private static char? Together(char letter, char next)
    {
        if (s_composed.TryGetValue((letter, next), out char whole))
        {
            return whole;
        }

        int leading = letter - Leading, vowel = next - Vowels, syllable = letter - Syllables, trailing = next - Trailing;
        if (leading is >= 0 and < LeadingCount && vowel is >= 0 and < VowelCount)
        {
            return (char)(Syllables + (leading * VowelCount + vowel) * TrailingCount);
        }

        bool open = syllable is >= 0 and < SyllableCount && syllable % TrailingCount == 0;
        return open && trailing is > 0 and < TrailingCount ? (char)(letter + trailing) : null;
    }
}
