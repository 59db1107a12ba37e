using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Export.Charts;

namespace EdgeVit.Cli;

/// <summary><c>edgevit report</c>: results of <c>bench</c>, or runs of <c>convert</c>, as one page for people.</summary>
internal sealed class ReportVerb : Verb
{
    private readonly Argument<string[]> _results = new("RESULT.json")
    {
        Description = "Results of 'edgevit bench --json'; the others are compared with the first. Or folders with runs of 'edgevit convert'.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _out =
        new("--out", "-o") { Description = "The page to write: one HTML file without script or network.", HelpName = "FILE.html" };
    private readonly Option<string?> _markdown = new("--markdown") { Description = "The same facts as Markdown.", HelpName = "FILE.md" };

    private readonly Option<string?> _list = new("--list") { Description = "Many results as one list in Markdown, a line each.", HelpName = "FILE.md" };

    private readonly InputOption<string[]> _accuracy = new("--accuracy")
    {
        Description = "Results of 'edgevit validate --json' of the same models.",
        HelpName = "FILE.json",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<bool> _overwrite = Replacement.Option();

    public ReportVerb() : base(
        "report",
        "Makes one page of results of bench (machines, latencies, steps, sensors, a comparison), or of the runs in a folder (accuracy over size, time, operations).",
        "report result.json --out report.html",
        "report pi4.json pi5.json --out report.html --markdown report.md",
        "report result.json --accuracy accuracy.json --out report.html",
        "report bench/results/*/*.bench.json --list docs/results.md",
        "report runs/ --out runs.html")
    {
        AddAll(_results, _out, _markdown, _list, _overwrite, _accuracy);
    }

    public override IReadOnlyList<Combination> Combinations => [Combination.Needs(_accuracy, "stands on pages, not in lists", _out, _markdown)];

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
            Check(targets[i].Option, targets[i].File, [.. files, .. accuracyFiles, .. targets[..i].Select(t => t.File).OfType<string>()], arguments.GetValue(_overwrite));
        }

        if (files.All(Directory.Exists))
        {
            return Runs(files, targets, accuracyFiles, printer);
        }

        ModelPath.RefuseNetworks([.. files, .. accuracyFiles], "a result of bench");
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
        JsonObject written = Write(targets, blocks, () => MarkdownPage.Write(ResultsList.Of(results)));
        written["results"] = results.Length;
        written["valid"] = results.Count(r => r.Valid);
        return Tell(printer, written, targets, $"{results.Length} {(results.Length == 1 ? "result" : "results")}, {results.Count(r => r.Valid)} VALID");
    }

    /// <summary>The page of the runs in folders.</summary>
    private static int Runs(string[] folders, (string Option, string? File)[] targets, string[] accuracyFiles, Printer printer)
    {
        if (accuracyFiles.Length > 0 || targets[2].File is not null)
        {
            throw new UserException($"{(accuracyFiles.Length > 0 ? "--accuracy" : "--list")} is for results of bench; a page of runs has their accuracies in it. Leave it out.", ExitCode.Usage);
        }

        (IReadOnlyList<RunResult> runs, IReadOnlyList<string> unfinished) = RunResult.Find(folders);
        (runs, string? machine) = RunLatencies.Find(folders, runs);
        JsonObject written = Write(targets, RunsDocument.Of(runs, unfinished, machine), () => "");
        written["runs"] = runs.Count;
        written["unfinished"] = unfinished.Count;
        return Tell(printer, written, targets, $"{runs.Count} {(runs.Count == 1 ? "run" : "runs")}{(unfinished.Count > 0 ? $", {unfinished.Count} not finished" : "")}");
    }

    /// <summary>Writes the files that were asked for and says where they are.</summary>
    private static JsonObject Write((string Option, string? File)[] targets, IReadOnlyList<ReportBlock> blocks, Func<string> list)
    {
        Func<string>[] contents = [() => HtmlPage.Write(blocks), () => MarkdownPage.Write(blocks), list];
        var written = new JsonObject();
        foreach ((string key, (string _, string? file), Func<string> content) in new[] { "html", "markdown", "list" }.Zip(targets, contents))
        {
            if (file is not null)
            {
                AtomicFile.Write(file, Encoding.UTF8.GetBytes(content()));
            }

            written[key] = file is null ? null : Path.GetFullPath(file);
        }

        return written;
    }

    private static int Tell(Printer printer, JsonObject written, (string Option, string? File)[] targets, string summary)
    {
        printer.Object(written);
        foreach (string file in targets.Select(t => t.File).OfType<string>())
        {
            printer.Data($"{file}: {Quantity.Bytes(new FileInfo(file).Length)}, {summary}");
        }

        return ExitCode.Ok;
    }

    private static void Check(string option, string? target, string[] others, bool overwrite)
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

        Replacement.Check(option, target, overwrite);
    }

    // A hash as people compare it, or what stands in its place.
    private static string Start(string sha256) => Svg.Shortened(new string([.. sha256.Where(char.IsAsciiLetterOrDigit)]), 15);
}
