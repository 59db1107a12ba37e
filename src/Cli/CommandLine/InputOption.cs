using System.CommandLine;

namespace EdgeVit.Cli;

/// <summary>An option that names something that is there.</summary>
internal interface IInputOption
{
    /// <summary>What to say of the first value that names nothing, beginning with the option's name; null where all are there.</summary>
    string? Fault(ParseResult arguments);
}

/// <summary>An option whose value is the path of a file or folder to read: a mistyped one is refused by the option's name before any work begins.</summary>
/// <typeparam name="T">A text, or an array of texts where it may be given several times.</typeparam>
/// <param name="name">With its dashes.</param>
internal sealed class InputOption<T>(string name) : Option<T>(name), IInputOption
{
    /// <summary>Whether a value names what is there; pipes and devices are, too.</summary>
    public Predicate<string> IsThere { get; init; } = Path.Exists;

    /// <summary>What is said behind a value that does not, with what to do.</summary>
    public string Absent { get; init; } = "no such file.";

    public string? Fault(ParseResult arguments) =>
        arguments.GetResult(this) is { Implicit: false } given && given.Tokens.FirstOrDefault(t => !IsThere(t.Value)) is { } missing ? $"{Name} {missing.Value}: {Absent}" : null;
}
