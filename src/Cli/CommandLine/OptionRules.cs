using System.CommandLine;
using System.CommandLine.Parsing;

namespace EdgeVit.Cli;

/// <summary>What holds for every option and argument of every verb: given once unless it is a list, with a value that is not empty and no other
/// option.</summary>
internal static class OptionRules
{
    /// <summary>Makes the rules those of an option, and the bounds of its value a part of its help.</summary>
    public static void Apply(Option option)
    {
        if (option is IValueOption { Range: { } range })
        {
            string text = option.Description ?? "";
            int end = text.IndexOf(" [default", StringComparison.Ordinal) is var at && at < 0 ? text.Length : at;
            option.Description = $"{text[..end].TrimEnd('.')} ({range}).{text[end..]}";
        }

        option.Validators.Add(result =>
        {
            if (!result.Implicit && Fault(result) is { } fault)
            {
                result.AddError(fault);
            }
        });
    }

    /// <summary>Refuses an empty argument.</summary>
    public static void Apply(Argument argument) => argument.Validators.Add(result =>
    {
        if (result.Tokens.Any(t => t.Value.Length == 0))
        {
            result.AddError($"{argument.HelpName ?? argument.Name} is empty. A variable that is not set?");
        }
    });

    /// <summary>The first option of a command line that breaks a rule, as a message; else null.</summary>
    public static string? Fault(ParseResult result) =>
        result.CommandResult.Children.OfType<OptionResult>().Where(o => !o.Implicit).Select(Fault).FirstOrDefault(f => f is not null);

    /// <summary>A flag that is given a value of its own, as in <c>--plan=yes</c>, which the library would take for an argument, or pass over where it is
    /// empty; as a message, else null.</summary>
    public static string? FlagFault(IEnumerable<string> words, Command command)
    {
        foreach (string word in words.TakeWhile(w => w != "--"))
        {
            int at = word.IndexOf('=', StringComparison.Ordinal);
            if (at > 0 && Named(command, word[..at]) is { } option && IsFlag(option) && !bool.TryParse(word.AsSpan(at + 1), out _))
            {
                return $"{option.Name} is '{word[(at + 1)..]}', expected true or false, or nothing.";
            }
        }

        return null;
    }

    /// <summary>The option of a command with this name; null where there is none.</summary>
    public static Option? Named(Command command, string name) => command.Options.FirstOrDefault(o => o.Name == name || o.Aliases.Contains(name));

    private static string? Fault(OptionResult result)
    {
        Option option = result.Option;
        string name = option.Name;
        if (result.Tokens.FirstOrDefault(t => IsOption(t.Value, (result.Parent as CommandResult)?.Command)) is { } swallowed)
        {
            return $"{name} needs {Expected(option)}, and '{swallowed.Value}' behind it is an option. For a file of that name write ./{swallowed.Value}.";
        }

        if (result.IdentifierTokenCount > 1 && !IsList(option))
        {
            string values = string.Join(" and ", result.Tokens.Select(t => $"'{t.Value}'"));
            string times = result.IdentifierTokenCount == 2 ? "twice" : $"{result.IdentifierTokenCount} times";
            return $"{name} is given {times}{(values.Length > 0 ? $", as {values}" : "")}: give it once.";
        }

        if (result.Tokens.Any(t => t.Value.Length == 0))
        {
            return $"{name} is empty, expected {Expected(option)}. A variable that is not set? Leave the option out for the usual one.";
        }

        return result.Tokens.Count < option.Arity.MinimumNumberOfValues ? $"{name} needs {Expected(option)} behind it." : null;
    }

    /// <summary>What an option takes, for people.</summary>
    public static string Expected(Option option) => option switch
    {
        IValueOption value => value.Expected,
        _ when IsFlag(option) => "true or false",
        _ => option.HelpName ?? "a value",
    };

    /// <summary>Whether an option needs no value.</summary>
    public static bool IsFlag(Option option) => (Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType) == typeof(bool);

    /// <summary>Whether an option may be given several times.</summary>
    public static bool IsList(Option option) => option is not IValueOption && option.ValueType.IsArray;

    /// <summary>Whether a word is an option of a command, or looks like one of any.</summary>
    public static bool IsOption(string word, Command? command) => word.Length > 1 && word[0] == '-'
        && (word.StartsWith("--", StringComparison.Ordinal) || (command is not null && Named(command, word) is not null) || word is "-h" or "-?");
}
