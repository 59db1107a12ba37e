using System.CommandLine;
using System.CommandLine.Parsing;

namespace EdgeVit.Cli;

/// <summary>A verb: a command with its examples, and the options that every verb has.</summary>
internal abstract class Verb : Command
{
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object on standard output; words go to standard error." };
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Print results and errors only." };

    /// <summary>Declares the verb. The examples are command lines for the help, without the leading <c>edgevit</c>.</summary>
    protected Verb(string name, string description, params string[] examples) : base(name, description)
    {
        Examples = examples;
        SetAction(result => Invoke(result));
    }

    /// <summary>The words of the options that every verb has.</summary>
    public static IReadOnlyList<string> Common { get; } = ["--json", "--quiet", "-q"];

    public IReadOnlyList<string> Examples { get; }

    /// <summary>Which options and arguments have no place beside others, or none without others.</summary>
    public virtual IReadOnlyList<Combination> Combinations => [];

    /// <summary>The options in groups for the help; empty where they are few.</summary>
    public virtual IReadOnlyList<OptionGroup> Groups => [];

    /// <summary>The recipe that a command line has named; null for none.</summary>
    public RecipeFile? Recipe { get; private set; }

    /// <summary>A command line of this verb with the options of the recipe that it names.</summary>
    /// <exception cref="UserException">The recipe cannot be used.</exception>
    public string[] Expand(string[] words)
    {
        if (Options.All(static o => o.Name != RecipeFile.OptionName) || RecipeFile.Expand(words, this) is not var (expanded, recipe))
        {
            return words;
        }

        Recipe = recipe;
        return expanded;
    }

    /// <summary>Whether a parsed command line asks for JSON, also when it has errors.</summary>
    public bool WantsJson(ParseResult result) => result.GetResult(_json) is { } json && json.GetValueOrDefault<bool>();

    /// <summary>The options that a person typed, but for some and what every verb has, by their names without dashes; null where there are none.</summary>
    protected IReadOnlyDictionary<string, string>? Typed(ParseResult arguments, params ReadOnlySpan<Option> without)
    {
        var typed = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (OptionResult result in arguments.CommandResult.Children.OfType<OptionResult>())
        {
            if (!result.Implicit && result.Option != _json && result.Option != _quiet && !without.Contains(result.Option))
            {
                typed[result.Option.Name.TrimStart('-')] = result.Tokens.Count == 0 ? "true" : string.Join(' ', result.Tokens.Select(t => t.Value));
            }
        }

        return typed.Count > 0 ? typed : null;
    }

    /// <summary>Does the work and returns the exit code; throws what <see cref="Failures"/> prints.</summary>
    protected abstract int Run(ParseResult arguments, Printer printer);

    /// <summary>Adds the verb's arguments and options in the order of the help, the common options last.</summary>
    protected void AddAll(params IReadOnlyList<Symbol> symbols)
    {
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                OptionRules.Apply(argument);
                Add(argument);
            }
            else
            {
                Declare((Option)symbol);
            }
        }

        Declare(_json);
        Declare(_quiet);
    }

    private void Declare(Option option)
    {
        OptionRules.Apply(option);
        Add(option);
    }

    private int Invoke(ParseResult result)
    {
        var printer = new Printer(result.GetValue(_json), result.GetValue(_quiet));
        using var interruption = Interruption.AtOnce(() => Failures.Print(new OperationCanceledException(), printer));
        try
        {
            if (Combinations.Select(c => c.Fault(result)).FirstOrDefault(static f => f is not null) is { } fault)
            {
                throw new UserException($"{Recipe?.Located(fault) ?? fault} Type 'edgevit {Name} --help' for the options.", ExitCode.Usage);
            }

            if (Options.OfType<IInputOption>().Select(o => o.Fault(result)).FirstOrDefault(static f => f is not null) is { } absent)
            {
                throw new UserException(Recipe?.Located(absent) ?? absent, ExitCode.Usage);
            }

            int code = Run(result, printer);
            printer.Flush();
            return code;
        }
        catch (Exception e)
        {
            return Failures.Print(e, printer);
        }
    }
}
