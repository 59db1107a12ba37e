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
        StandardStreams.Prepare();
        (ParseResult result, string? refusal) = ParseInterruptibly(arguments, verbs);
        if (refusal is null)
        {
            return result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }

        Verb? verb = result.CommandResult.Command as Verb;
        var printer = new Printer(verb?.WantsJson(result) ?? arguments.Contains("--json"), quiet: false);
        string hint = verb is null ? "Type 'edgevit --help' for the verbs." : $"Type 'edgevit {verb.Name} --help' for the options.";
        return Failures.Print(new UserException($"{refusal} {hint}", ExitCode.Usage), printer);
    }

    /// <summary>Reads a command line; a recipe may come out of a pipe that nobody writes into.</summary>
    private static (ParseResult Result, string? Refusal) ParseInterruptibly(string[] arguments, Verb[] verbs)
    {
        using var interruption = Interruption.AtOnce(() => Failures.Print(new OperationCanceledException(), new Printer(arguments.Contains("--json"), quiet: false)));
        return Parse(arguments, verbs);
    }

    /// <summary>Reads a command line; the refusal is what is wrong with it, null where a verb, or the help, can begin.</summary>
    internal static (ParseResult Result, string? Refusal) Parse(string[] arguments, Verb[] verbs)
    {
        RootCommand root = Build(verbs);
        var how = new ParserConfiguration { ResponseFileTokenReplacer = null };
        Verb? verb = verbs.FirstOrDefault(v => v.Name == arguments.FirstOrDefault());
        try
        {
            arguments = verb?.Expand(arguments) ?? arguments;
        }
        catch (UserException e)
        {
            return (root.Parse(arguments, how), e.Message);
        }

        ParseResult result = root.Parse(arguments, how);
        string? refusal = result.Action is HelpWithExamples ? UnknownVerb(root, result)
            : OptionRules.FlagFault(arguments, result.CommandResult.Command) ?? OptionRules.Fault(result) ?? Mistyped(result) ?? (result.Action is ParseErrorAction ? UsageError(root, result) : null);
        return (result, refusal is not null && verb?.Recipe is { } recipe ? recipe.Located(refusal) : refusal);
    }

    /// <summary>The command line with the verb first: what every verb takes may also stand before it, and <c>help VERB</c> asks for the verb's help.</summary>
    public static string[] VerbFirst(string[] arguments)
    {
        if (arguments is ["help", .. var asked])
        {
            return [.. asked, "--help"];
        }

        int verb = Array.FindIndex(arguments, a => !Verb.Common.Contains(a));
        return verb <= 0 || arguments[verb].StartsWith('-') ? arguments : [arguments[verb], .. arguments[..verb], .. arguments[(verb + 1)..]];
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

            if (UnknownVerb(root, result) is { } verb)
            {
                return verb;
            }

            return OptionBefore(unknown, result) is { } flag && OptionRules.IsFlag(flag)
                ? $"{flag.Name} is '{unknown}', expected true or false, or nothing." : $"'{unknown}' is one argument too many for {command.Name}.";
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

    /// <summary>The message for a first word that is no verb, also before <c>--help</c>; null where there is none.</summary>
    private static string? UnknownVerb(RootCommand root, ParseResult result) =>
        result.CommandResult.Command == root && result.UnmatchedTokens.FirstOrDefault(static t => !t.StartsWith('-')) is { } unknown
            ? $"unknown verb '{unknown}'.{Suggestion(Nearest.To(unknown, root.Subcommands.Select(c => c.Name)))} Verbs: {string.Join(", ", root.Subcommands.Select(c => c.Name))}." : null;

    /// <summary>The message for an option that no verb has and that took the place of a file; null where there is none.</summary>
    private static string? Mistyped(ParseResult result)
    {
        string[] plain = [.. result.Tokens.TakeWhile(static t => t.Type != TokenType.DoubleDash).Select(static t => t.Value)];
        string? word = result.CommandResult.Children.OfType<ArgumentResult>().SelectMany(static a => a.Tokens).Select(static t => t.Value)
            .FirstOrDefault(w => w.Length > 1 && w[0] == '-' && plain.Contains(w) && !File.Exists(w));
        return word is null ? null : UnknownOption(result.CommandResult.Command, word);
    }

    private static string Message(ParseError error)
    {
        if (error.SymbolResult is not OptionResult { Tokens: [.., var token] } option)
        {
            return error.Message;
        }

        return error.Message.StartsWith(option.Option.Name, StringComparison.Ordinal)
            ? error.Message : $"{option.Option.Name} is '{token.Value}', expected {OptionRules.Expected(option.Option)}.";
    }

    /// <summary>The option that stands right before a word of the command line.</summary>
    private static Option? OptionBefore(string word, ParseResult result)
    {
        int at = result.Tokens.Select(t => t.Value).ToList().IndexOf(word);
        return at <= 0 ? null : OptionRules.Named(result.CommandResult.Command, result.Tokens[at - 1].Value);
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
            int code = Options(parseResult);
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

        /// <summary>The library's help, options in groups.</summary>
        private int Options(ParseResult parseResult)
        {
            TextWriter output = parseResult.InvocationConfiguration.Output;
            if (parseResult.CommandResult.Command is not Verb { Groups: { Count: > 0 } groups })
            {
                return help.Invoke(parseResult);
            }

            using var text = new StringWriter();
            parseResult.InvocationConfiguration.Output = text;
            int code = help.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output = output;
            output.Write(OptionGroup.Arrange(text.ToString(), groups));
            return code;
        }
    }
}
