using System.CommandLine;

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

    public IReadOnlyList<string> Examples { get; }

    /// <summary>Whether a parsed command line asks for JSON, also when it has errors.</summary>
    public bool WantsJson(ParseResult result) => result.GetResult(_json) is { } json && json.GetValueOrDefault<bool>();

    /// <summary>Does the work and returns the exit code; throws what <see cref="Failures"/> prints.</summary>
    protected abstract int Run(ParseResult arguments, Printer printer);

    /// <summary>Adds the verb's arguments and options in the order of the help, the common options last.</summary>
    protected void AddAll(params IReadOnlyList<Symbol> symbols)
    {
        foreach (Symbol symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                Add(argument);
            }
            else
            {
                Add((Option)symbol);
            }
        }

        Add(_json);
        Add(_quiet);
    }

    private int Invoke(ParseResult result)
    {
        var printer = new Printer(result.GetValue(_json), result.GetValue(_quiet));
        try
        {
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
