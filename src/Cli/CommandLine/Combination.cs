using System.CommandLine;
using System.CommandLine.Parsing;

namespace EdgeVit.Cli;

/// <summary>An option, or an argument, that has no place beside others, or none without one of some others. Verbs declare them; they are looked at before a verb begins.</summary>
/// <param name="One">The option that is given in vain, or that makes others vain.</param>
/// <param name="Value">Only where it has this value; null for any.</param>
/// <param name="Why">What follows its name in the message.</param>
/// <param name="IsNeed">Whether one of the others must be given; else none may.</param>
/// <param name="Others">With the values that count; null for any.</param>
internal sealed record Combination(Symbol One, string? Value, string Why, bool IsNeed, IReadOnlyList<(Symbol Symbol, string? Value)> Others)
{
    /// <summary>One that none of the others has a place beside.</summary>
    public static Combination Excludes(Symbol one, string why, params IReadOnlyList<Symbol> others) => new(one, null, why, false, [.. others.Select(static o => (o, (string?)null))]);

    /// <summary>A value of one that none of the others has a place beside.</summary>
    public static Combination Excludes(Symbol one, string value, string why, params IReadOnlyList<Symbol> others) =>
        new(one, value, why, false, [.. others.Select(static o => (o, (string?)null))]);

    /// <summary>One that has an effect beside one of the others alone.</summary>
    public static Combination Needs(Symbol one, string why, params IReadOnlyList<Symbol> others) => new(one, null, why, true, [.. others.Select(static o => (o, (string?)null))]);

    /// <summary>One that has an effect beside a value of another alone.</summary>
    public static Combination Needs(Symbol one, string why, Symbol other, string value) => new(one, null, why, true, [(other, value)]);

    /// <summary>What is wrong with a command line, as a message that names both; else null.</summary>
    public string? Fault(ParseResult arguments)
    {
        if (!IsGiven(arguments, One, Value))
        {
            return null;
        }

        string name = Name(One, Value);
        if (IsNeed)
        {
            return Others.Any(o => IsGiven(arguments, o.Symbol, o.Value)) ? null : $"{name} {Why}; give {string.Join(" or ", Others.Select(static o => Name(o.Symbol, o.Value)))} too, or leave it out.";
        }

        return Others.FirstOrDefault(o => IsGiven(arguments, o.Symbol, o.Value)) is { Symbol: { } other } ? $"{name} {Why}; leave out {Name(other, null)}." : null;
    }

    private static string Name(Symbol symbol, string? value) => $"{(symbol is Argument argument ? argument.HelpName ?? argument.Name : symbol.Name)}{(value is null ? "" : $" {value}")}";

    /// <summary>Whether a person typed it; a flag that is set to false is left out.</summary>
    private static bool IsGiven(ParseResult arguments, Symbol symbol, string? value)
    {
        switch (arguments.GetResult(symbol))
        {
            case OptionResult { Implicit: false } option:
                bool isOff = option.Tokens is [{ Value: var word }] && OptionRules.IsFlag(option.Option) && bool.TryParse(word, out bool on) && !on;
                return !isOff && (value is null || (option.Tokens is [{ Value: var typed }] && typed == value));
            case ArgumentResult { Tokens.Count: > 0 }:
                return true;
            default:
                return false;
        }
    }
}
