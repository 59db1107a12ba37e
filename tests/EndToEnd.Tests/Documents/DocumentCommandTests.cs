using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Every command of the pages works. A block of commands is marked behind its language, where no reader sees it: <c>bash run</c> is typed here in a fresh
/// folder, <c>bash parsed</c> (other machines, cameras, hours) goes through the verbs' own option parser. Programs behind <c>run</c> are needed for it.
/// A block <c>text output</c> behind one says what is printed, but for figures.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class DocumentCommandTests
{
    private const string Run = "run", Parsed = "parsed", Output = "output";

    private static readonly string[] s_languages = ["", "bash", "text", "json", "csharp", "python", "ini", "yaml", "csv"];

    /// <summary>Programs of the system that pages use.</summary>
    private static readonly string[] s_programs =
        ["apt-get", "base64", "chmod", "curl", "dotnet", "echo", "ffmpeg", "gcc", "head", "./classify", "mkdir", "mpirun", "python3", "ssh", "ssh-copy-id", "sudo", "tar"];

    /// <summary>Options of theirs that stand alone in text.</summary>
    private static readonly string[] s_otherOptions = ["--mpi", "--allow-run-as-root", "--oversubscribe", "--bind-to"];

    /// <summary>What a verb prints in any case.</summary>
    private static readonly Dictionary<string, string> s_keyLines = new(StringComparer.Ordinal)
    {
        ["bench"] = @"p50 +\d",
        ["convert"] = "student",
        ["doctor"] = "self-test with .*: the same bits",
        ["explain"] = @"\.html|photos",
        ["export"] = "certificate +passed",
        ["import"] = "certificate +passed",
        ["inspect"] = "What is not 1-bit",
        ["report"] = @"\.html: .*results?, \d+ VALID",
        ["run"] = @"\d %|probability",
        ["validate"] = "top-?1",
    };

    private static MarkdownBlock[] Blocks { get; } = [.. MarkdownBlock.Pages.SelectMany(MarkdownBlock.Read)];

    public static TheoryData<string> Pages => [.. MarkdownBlock.Pages];

    public static TheoryData<string> Shell => [.. Blocks.Where(b => b.Language == "bash").Select(b => b.Place)];

    public static TheoryData<string> Typed => [.. Blocks.Where(b => b.Info is ["bash", Run, ..]).Select(b => b.Place)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void EveryBlockOfCommandsIsMarked(string page)
    {
        foreach (MarkdownBlock block in Blocks.Where(b => b.Page == page))
        {
            Assert.True(s_languages.Contains(block.Language), $"{block.Place}: '{block.Language}' is none of the languages that pages have");
            if (block.Language == "bash")
            {
                Assert.True(block.Info is ["bash", Run, ..] or ["bash", Parsed], $"{block.Place}: mark it 'bash run' or 'bash parsed'");
            }
            else
            {
                Assert.False(block.Lines.Any(l => IsCommand(l.TrimStart('$', ' '))), $"{block.Place}: commands in a block that is not marked 'bash run' or 'bash parsed'");
            }
        }

        Assert.All(Outputs(page), b => Assert.True(Before(b) is { Info: ["bash", Run, ..] }, $"{b.Place}: output of no block 'bash run'"));
    }

    [Theory]
    [MemberData(nameof(Shell))]
    public void EveryCommandIsOne(string place)
    {
        MarkdownBlock block = Blocks.Single(b => b.Place == place);
        using (var bash = Process.Start(new ProcessStartInfo("bash", ["-n", "-c", block.Text]))!)
        {
            bash.WaitForExit();
            Assert.Equal(0, bash.ExitCode);
        }

        foreach (string[] command in block.Lines.SelectMany(ShellWords.Of))
        {
            string[] words = [.. command.SkipWhile(w => Regex.IsMatch(w, "^[A-Za-z_]+="))];
            int verb = Array.FindIndex(words, w => w is "edgevit" or "./edgevit");
            if (verb >= 0)
            {
                string? fault = VerbFault(words[(verb + 1)..]);
                Assert.True(fault is null, $"{place}: {string.Join(' ', command)}: {fault}");
            }
            else if (words[0].Contains('/', StringComparison.Ordinal) && !s_programs.Contains(words[0]))
            {
                CheckScript(place, words);
            }
            else
            {
                Assert.Contains(words[0], s_programs);
                CheckProject(place, words);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Typed))]
    public void WhatIsMarkedRunRuns(string place)
    {
        Assert.SkipUnless(EdgeVitProcess.Tool is null, "pages are typed with the built command");
        using var folder = new ReaderFolder();
        MarkdownBlock block = Blocks.Single(b => b.Place == place);
        foreach (string program in block.Info.Skip(2))
        {
            Assert.SkipUnless(folder.Type($"command -v {program}").ExitCode == 0, $"there is no {program}");
            if (program == "ffmpeg")
            {
                folder.Film();
            }
        }

        var printed = new List<string>();
        foreach (string line in block.Lines.Where(l => ShellWords.Of(l).Count > 0))
        {
            Outcome outcome = folder.Type(line);
            Assert.True(outcome.ExitCode == 0, $"{place}: {line}\nexit code {outcome.ExitCode}\n{outcome.Output}{outcome.Error}");
            string[] words = ShellWords.Of(line)[^1];
            if (words[0] is "edgevit" or "./edgevit" && !line.Contains(" > ", StringComparison.Ordinal))
            {
                Assert.Matches(s_keyLines[words[1]], outcome.Output + outcome.Error);
            }

            printed.AddRange(outcome.Output.Split('\n').Concat(outcome.Error.Split('\n')).Select(WithoutFigures));
        }

        int at = 0;
        foreach (string expected in Outputs(block.Page).Where(o => Before(o) == block).SelectMany(o => o.Lines).Where(l => l != "..."))
        {
            at = printed.IndexOf(WithoutFigures(expected), at) + 1;
            Assert.True(at > 0, $"{place}: '{expected}' is not printed; printed is\n{string.Join('\n', printed)}");
        }
    }

    /// <summary>Where text names an option of a verb, as in <c>`edgevit run --top 3`</c>, the verb has it; where it names an option alone, some verb has it.</summary>
    [Theory]
    [MemberData(nameof(Pages))]
    public void OptionsInTextAreThere(string page)
    {
        if (page.EndsWith("CHANGELOG.md", StringComparison.Ordinal))
        {
            // It tells what was.
            return;
        }

        Verb[] verbs = VerbTable.Create((_, _) => 0);
        string text = Regex.Replace(Repository.Read(page), "^```.*?^```", "", RegexOptions.Singleline | RegexOptions.Multiline);
        foreach (string span in Regex.Matches(text, "`([^`\n]+)`").Select(m => m.Groups[1].Value))
        {
            string[] words = [.. span.Split([' ', '=', '|'], StringSplitOptions.RemoveEmptyEntries).SkipWhile(w => w == "./edgevit" || w == "edgevit")];
            Verb? verb = verbs.FirstOrDefault(v => words.Length > 0 && v.Name == words[0]);
            if (verb is null && !(words.Length > 0 && words[0].StartsWith("--", StringComparison.Ordinal)))
            {
                continue;
            }

            foreach (string option in words.Where(w => Regex.IsMatch(w, "^--[a-z][a-z0-9-]+$") && w != "--help" && !s_otherOptions.Contains(w)))
            {
                Assert.True((verb is null ? verbs : [verb]).Any(v => OptionRules.Named(v, option) is not null), $"{page}: `{span}`: there is no option {option}");
            }
        }
    }

    private static bool IsCommand(string line) => Regex.IsMatch(line, @"^(\./|edgevit [a-z]|git |dotnet |apt-get |sudo )");

    private static IEnumerable<MarkdownBlock> Outputs(string page) => Blocks.Where(b => b.Page == page && b.Info is [_, Output]);

    private static MarkdownBlock? Before(MarkdownBlock block)
    {
        int at = Array.IndexOf(Blocks, block) - 1;
        return at >= 0 && Blocks[at].Page == block.Page ? Blocks[at] : null;
    }

    private static string WithoutFigures(string line) => Regex.Replace(Regex.Replace(line.Trim(), @"-?\d[\d,.]*", "0"), " +", " ");

    /// <summary>What the verb's parser says against a command line; null for nothing.</summary>
    private static string? VerbFault(string[] words)
    {
        Verb[] verbs = VerbTable.Create((_, _) => 0);
        using var folder = new TestFolder();
        int recipe = Array.IndexOf(words, "--recipe");
        if (recipe >= 0)
        {
            // Read before anything else; a page that names one of the reader's shows it.
            string given = words[recipe + 1], kept = Path.Combine(Repository.Root, given);
            words[recipe + 1] = File.Exists(kept) ? kept
                : folder.File("shown.recipe", System.Text.Encoding.UTF8.GetBytes(Blocks.Single(b => b.Lines[0] == $"# {given}").Text + "\n"));
        }

        (ParseResult result, string? refusal) = CommandTree.Parse(CommandTree.VerbFirst(words), verbs);
        return refusal ?? ((Verb)result.CommandResult.Command).Combinations.Select(c => c.Fault(result)).FirstOrDefault(f => f is not null);
    }

    /// <summary>A script of the repository is there and knows the options that it is given.</summary>
    private static void CheckScript(string place, string[] words)
    {
        string path = Path.Combine(Repository.Root, words[0]);
        Assert.True(File.Exists(path) && (File.GetUnixFileMode(path) & UnixFileMode.UserExecute) != 0, $"{place}: {words[0]} is no program");
        string script = File.ReadAllText(path);
        Assert.All(words.Skip(1).Where(w => w.StartsWith('-') || words[0] == "./publish.sh"), w => Assert.Contains(w, script, StringComparison.Ordinal));
    }

    /// <summary>A project that is run is there, and its sources name the options that it is given.</summary>
    private static void CheckProject(string place, string[] words)
    {
        int project = Array.IndexOf(words, "--project");
        if (words[0] != "dotnet" || project < 0)
        {
            return;
        }

        string path = Path.Combine(Repository.Root, words[project + 1]);
        Assert.True(Directory.Exists(path), $"{place}: {words[project + 1]} is no folder");
        string sources = string.Concat(Directory.EnumerateFiles(path, "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        Assert.All(words.SkipWhile(w => w != "--").Skip(1).Where(w => w.StartsWith("--", StringComparison.Ordinal)), w => Assert.Contains($"\"{w}\"", sources, StringComparison.Ordinal));
    }
}
