using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;

namespace EdgeVit.Cli;

/// <summary>The command <c>edgevit</c> with its verbs, the help with examples, and the errors of a mistyped command line.</summary>
internal static class CommandTree
{
    /// <summary>Runs a command line and returns the exit code; the help lists the verbs in this order.</summary>
    public static int Run(string[] arguments, Verb[] verbs)
    {
        RootCommand root = Build(verbs);
        ParseResult result = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.Action is HelpWithExamples or not ParseErrorAction)
        {
            return result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }

        Verb? verb = result.CommandResult.Command as Verb;
        var printer = new Printer(verb?.WantsJson(result) ?? arguments.Contains("--json"), quiet: false);
        string hint = verb is null ? "Type 'edgevit --help' for the verbs." : $"Type 'edgevit {verb.Name} --help' for the options.";
        return Failures.Print(new UserException($"{UsageError(root, result)} {hint}", ExitCode.Usage), printer);
    }

    private static RootCommand Build(Verb[] verbs)
    {
        var root = new RootCommand("EdgeVit turns a full-precision vision model into a 1-bit one that runs in real time on a small board.");
        foreach (Verb verb in verbs)
        {
            root.Add(verb);
        }

        foreach (Option option in root.Options)
        {
            if (option is HelpOption help)
            {
                help.Action = new HelpWithExamples((HelpAction)help.Action!);
            }
        }
        root.SetAction(_ =>
        {
            root.Parse(["--help"]).Invoke();
            return ExitCode.Usage;
        });
        return root;
    }

    private static string UsageError(RootCommand root, ParseResult result)
    {
        Command command = result.CommandResult.Command;
        if (result.UnmatchedTokens is [var unknown, ..])
        {
            if (unknown.StartsWith('-'))
            {
                return UnknownOption(command, unknown);
            }

            if (command == root)
            {
                string? verb = Nearest.To(unknown, root.Subcommands.Select(c => c.Name));
                return $"unknown verb '{unknown}'.{Suggestion(verb)} Verbs: {string.Join(", ", root.Subcommands.Select(c => c.Name))}.";
            }
            return $"'{unknown}' is one argument too many for {command.Name}.";
        }
        string[] missing = [.. command.Arguments.Where(a => result.GetResult(a) is null or { Tokens.Count: 0 } && a.Arity.MinimumNumberOfValues > 0).Select(a => a.HelpName ?? a.Name)];
        if (missing.Length > 0)
        {
            return $"{command.Name} needs {string.Join(" and ", missing)}.";
        }

        Option[] absent = [.. command.Options.Where(o => o.Required && (result.GetResult(o) is null or { Implicit: true }))];
        if (absent.Length > 0)
        {
            return $"{command.Name} needs {string.Join(" and ", absent.Select(o => $"{o.Name} {o.HelpName ?? "VALUE"}"))}.";
        }

        return string.Join(" ", result.Errors.Select(Message));
    }

    private static string Message(ParseError error)
    {
        if (error.SymbolResult is not OptionResult { Tokens: [.., var token] } option)
        {
            return error.Message;
        }

        Type type = Nullable.GetUnderlyingType(option.Option.ValueType) ?? option.Option.ValueType;
        string expected = type == typeof(bool) ? "true or false" : type == typeof(double) ? "a number" : type == typeof(string) ? "one value" : "a whole number";
        return $"{option.Option.Name} is '{token.Value}', expected {expected}.";
    }

    /// <summary>The message for a word that looks like an option but is none of a verb's.</summary>
    internal static string UnknownOption(Command command, string word)
    {
        string? option = Nearest.To(word.Split('=')[0], command.Options.SelectMany(o => o.Aliases.Append(o.Name)).Append("--help"));
        return $"unknown option '{word}'.{Suggestion(option)}";
    }

    private static string Suggestion(string? nearest) => nearest is null ? "" : $" Did you mean '{nearest}'?";

    /// <summary>The usual help with the verb's examples below it.</summary>
    private sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            int code = help.Invoke(parseResult);
            IReadOnlyList<string> examples = parseResult.CommandResult.Command is Verb verb
                ? verb.Examples : ["convert --data shapes --out runs/demo", "run runs/demo/model.evit photo.jpg"];
            TextWriter output = parseResult.InvocationConfiguration.Output;
            output.WriteLine(examples.Count == 1 ? "Example:" : "Examples:");
            foreach (string example in examples)
            {
                output.WriteLine($"  edgevit {example}");
            }

            output.WriteLine();
            output.WriteLine("Exit codes: 0 ok, 1 failure, 2 wrong usage, 3 a check failed, 4 not supported here, 130 stopped.");
            return code;
        }
    }
}
