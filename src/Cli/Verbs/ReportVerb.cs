using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using EdgeVit.Export;

namespace EdgeVit.Cli;

/// <summary><c>edgevit report</c>: results of <c>bench</c> as one page for people.</summary>
internal sealed class ReportVerb : Verb
{
    private readonly Argument<string[]> _results = new("RESULT.json")
    {
        Description = "Results of 'edgevit bench --json'; the others are compared with the first.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _out =
        new("--out", "-o") { Description = "The page to write: one HTML file without script or network.", HelpName = "FILE.html" };
    private readonly Option<string?> _markdown = new("--markdown") { Description = "The same facts as Markdown.", HelpName = "FILE.md" };

    private readonly Option<string?> _list = new("--list") { Description = "Many results as one list in Markdown, a line each.", HelpName = "FILE.md" };

    private readonly Option<string[]> _accuracy = new("--accuracy")
    {
        Description = "Results of 'edgevit validate --json' of the same models.",
        HelpName = "FILE.json",
        AllowMultipleArgumentsPerToken = true,
    };

    public ReportVerb() : base(
        "report",
        "Makes one page of results of bench: the machines, latencies, steps, sensors, and a comparison.",
        "report result.json --out report.html",
        "report pi4.json pi5.json --out report.html --markdown report.md",
        "report result.json --accuracy accuracy.json --out report.html",
        "report bench/results/*/*.bench.json --list docs/results.md")
    {
        AddAll(_results, _out, _markdown, _list, _accuracy);
    }

    protected override int Run(ParseResult arguments, Printer printer)
    {
        string[] files = arguments.GetRequiredValue(_results), accuracyFiles = arguments.GetValue(_accuracy) ?? [];
        (string Option, string? File)[] targets = [("--out", arguments.GetValue(_out)), ("--markdown", arguments.GetValue(_markdown)), ("--list", arguments.GetValue(_list))];
        if (targets.All(t => t.File is null))
        {
            throw new UserException("report needs --out FILE.html, --markdown FILE.md or --list FILE.md.", ExitCode.Usage);
        }

        for (int i = 0; i < targets.Length; i++)
        {
            Check(targets[i].Option, targets[i].File, [.. files, .. accuracyFiles, .. targets[..i].Select(t => t.File).OfType<string>()]);
        }

        BenchResult[] results = [.. files.Select(ResultReader.Read)];
        AccuracyResult[] accuracies = [.. accuracyFiles.Select(AccuracyResult.Read)];
        foreach (AccuracyResult accuracy in accuracies)
        {
            if (results.All(r => r.Sha256 != accuracy.Sha256))
            {
                throw new UserException($"{accuracy.File}: $.model.sha256: expected the model of one of the results "
                    + $"({string.Join(", ", results.Select(r => Start(r.Sha256)).Distinct())}), "
                    + $"found {Start(accuracy.Sha256)}. Validate the model that was measured.");
            }
        }

        IReadOnlyList<ReportBlock> blocks = ReportDocument.Of(results, accuracies);
        Func<string>[] contents = [() => HtmlPage.Write(blocks), () => MarkdownPage.Write(blocks), () => MarkdownPage.Write(ResultsList.Of(results))];
        foreach (((string _, string? file), Func<string> content) in targets.Zip(contents))
        {
            if (file is not null)
            {
                AtomicFile.Write(file, Encoding.UTF8.GetBytes(content()));
            }
        }

        var written = new JsonObject();
        foreach ((string key, string? file) in new[] { "html", "markdown", "list" }.Zip(targets.Select(t => t.File)))
        {
            written[key] = file is null ? null : Path.GetFullPath(file);
        }

        written["results"] = results.Length;
        written["valid"] = results.Count(r => r.Valid);
        printer.Object(written);
        string summary = $"{results.Length} {(results.Length == 1 ? "result" : "results")}, {results.Count(r => r.Valid)} VALID";
        foreach (string file in targets.Select(t => t.File).OfType<string>())
        {
            printer.Data($"{file}: {Quantity.Bytes(new FileInfo(file).Length)}, {summary}");
        }

        return ExitCode.Ok;
    }

    private static void Check(string option, string? target, string[] others)
    {
        if (target is null)
        {
            return;
        }

        if (others.FirstOrDefault(f => Path.GetFullPath(f) == Path.GetFullPath(target)) is { } same)
        {
            throw new UserException($"{option} {target} is {same} itself. Name another file.", ExitCode.Usage);
        }

        if (Directory.Exists(target) || Path.EndsInDirectorySeparator(target))
        {
            throw new UserException($"{option} {target} is a folder. Name a file in it.", ExitCode.Usage);
        }
    }

    // A hash as people compare it, or what stands in its place.
    private static string Start(string sha256) => Svg.Shortened(new string([.. sha256.Where(char.IsAsciiLetterOrDigit)]), 15);
}
