namespace EdgeVit.Cli;

/// <summary>An option whose value is a text of some form; null where it was not given and has no default.</summary>
/// <param name="name">With its dashes.</param>
/// <param name="expected">The form, for people.</param>
/// <param name="parse">Reads a text; null where it has another form.</param>
internal sealed class ParsedOption<T>(string name, string expected, Func<string, T?> parse) : ValueOption<T>(name)
{
    public override string Expected => expected;

    protected override string? Read(string text, out T? value)
    {
        value = parse(text);
        return value is null ? $"is '{text}', expected {expected}.{(expected.Contains(',', StringComparison.Ordinal) ? "" : Number.Hint(text))}" : null;
    }
}
