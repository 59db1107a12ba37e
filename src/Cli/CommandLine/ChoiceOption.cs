namespace EdgeVit.Cli;

/// <summary>An option whose value is one of a few words, in any case; null where it was not given and has no default. A word that ends in <c>:i</c> stands
/// for those with a whole number in place of the i.</summary>
internal sealed class ChoiceOption : ValueOption<string>
{
    private readonly IReadOnlyList<string> _words;

    public ChoiceOption(string name, params IReadOnlyList<string> words) : base(name)
    {
        _words = words;
        HelpName = string.Join('|', words);
    }

    public override string Expected => _words.Count switch
    {
        1 => _words[0],
        <= 4 => $"{string.Join(", ", _words.Take(_words.Count - 1))} or {_words[^1]}",
        _ => $"one of {string.Join(", ", _words)}",
    };

    protected override string? Read(string text, out string? value)
    {
        value = _words.Any(w => Fits(w, text)) ? text.ToLowerInvariant() : null;
        return value is null ? $"is '{text}', expected {Expected}." : null;
    }

    private static bool Fits(string word, string text)
    {
        if (!word.EndsWith(":i", StringComparison.Ordinal))
        {
            return word.Equals(text, StringComparison.OrdinalIgnoreCase);
        }

        string head = word[..^1];
        return text.StartsWith(head, StringComparison.OrdinalIgnoreCase)
            && char.IsAsciiDigit(text[^1]) && Number.TryWhole(text.AsSpan(head.Length), out int index) && index >= 0;
    }
}
