using System.CommandLine;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Options that name what is to be read: a word that names nothing is refused by the option's name, before any work begins.</summary>
public sealed class InputOptionTests
{
    /// <summary>Texts that name no file to read: what is written, parts of files and networks, and those whose verb says more than that nothing is there.</summary>
    private static readonly string[] s_others =
    [
        "--out", "--markdown", "--list", "--crops", "--positive", "--name", "--key", "--prefix", "--split", "--class", "--teacher-output",
        "--student", "--teacher", "--teachers-teacher", "--init", "--token", "--recipe",
    ];

    public static TheoryData<string, string> Inputs => [.. from v in All() from o in v.Options.OfType<IInputOption>() select new TheoryDataRow<string, string>(v.Name, ((Option)o).Name)];

    private static Verb[] All() => VerbTable.Create((_, _) => 0);

    [Theory]
    [MemberData(nameof(Inputs))]
    public void WhatNamesNothingIsRefused(string name, string option)
    {
        using var folder = new TestFolder();
        Verb verb = All().Single(v => v.Name == name);
        Option about = verb.Options.Single(o => o.Name == option);
        string[] before = [name, .. verb.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0).Select(_ => folder["nothing"]), .. Required(verb, option)];
        foreach (string word in new[] { "word", "0", "-1", "1e99", "NaN", "0,5", "nowhere/at/all", " " })
        {
            (ParseResult parsed, string? refusal) = CommandTree.Parse([.. before, option, word], All());
            Assert.Null(refusal);
            Option parsedOption = parsed.CommandResult.Command.Options.Single(o => o.Name == option);
            Assert.StartsWith($"{option} {word}: no such ", ((IInputOption)parsedOption).Fault(parsed), StringComparison.Ordinal);
        }

        // Together with what it needs, where it needs more.
        string[] with = (name, option) switch
        {
            (_, "--teacher-labels") => ["--teacher", "net.onnx"],
            ("report", _) => ["--out", folder["page.html"]],
            _ => [],
        };
        string[] whole = [.. before.Select(w => w == "shapes" && option == "--labels-csv" ? folder.Root : w), .. with, option, folder["gone"]];
        EdgeVitProcess.Run(whole).Fails(ExitCode.Usage, $"edgevit: {option} {folder["gone"]}: no such ");
    }

    [Fact]
    public void SeveralValuesAreAllLookedAt()
    {
        using var folder = new TestFolder();
        string there = folder.File("a.onnx", [1]);
        (ParseResult parsed, _) = CommandTree.Parse(["bench", "m.evit", "--against", there, "--against", folder["b.onnx"]], All());
        var against = (IInputOption)parsed.CommandResult.Command.Options.Single(o => o.Name == "--against");
        Assert.Equal($"--against {folder["b.onnx"]}: no such file.", against.Fault(parsed));
        (parsed, _) = CommandTree.Parse(["bench", "m.evit"], All());
        Assert.All(parsed.CommandResult.Command.Options.OfType<IInputOption>(), o => Assert.Null(o.Fault(parsed)));
        (parsed, _) = CommandTree.Parse(["run", "m.evit", "--tensor", $"{there}:x"], All());
        Assert.All(parsed.CommandResult.Command.Options.OfType<IInputOption>(), o => Assert.Null(o.Fault(parsed)));
    }

    /// <summary>Whoever adds an option for a text decides which it is.</summary>
    [Fact]
    public void EveryTextIsOfOneKind() => Assert.All(
        All().SelectMany(v => v.Options).Where(o => o is not IValueOption && (o.ValueType == typeof(string) || o.ValueType == typeof(string[]))),
        o => Assert.True(o is IInputOption != s_others.Contains(o.Name), o.Name));

    /// <summary>Those of the others that name something which must be there, too.</summary>
    [Theory]
    [InlineData("--student", "convert", "--data", "shapes", "--out", "OUT")]
    [InlineData("--teacher", "convert", "--data", "shapes", "--out", "OUT")]
    [InlineData("--teachers-teacher", "convert", "--data", "shapes", "--out", "OUT")]
    [InlineData("--init", "convert", "--data", "shapes", "--out", "OUT")]
    [InlineData("--recipe", "convert", "--data", "shapes", "--out", "OUT")]
    [InlineData("--split", "convert", "--data", "DATA", "--out", "OUT")]
    [InlineData("--split", "validate", "MODEL", "--data", "DATA")]
    [InlineData("--class", "explain", "MODEL", "DATA/a/00.png")]
    [InlineData("--token", "serve", "MODEL")]
    public void TheOthersAreRefusedByName(string option, params string[] before)
    {
        using var folder = new TestFolder();
        using var model = new SmallModel();
        folder.Images("data", 3, "a", "b");
        string[] typed = [.. before.Select(w => w.Replace("MODEL", model.Path, StringComparison.Ordinal).Replace("DATA", folder["data"], StringComparison.Ordinal).Replace("OUT", folder["out"], StringComparison.Ordinal))];
        foreach (string word in new[] { "word", "-1", "0,5" })
        {
            // The teacher of a teacher is looked for as a teacher is.
            EdgeVitProcess.Run([.. typed, option, word]).Fails(ExitCode.Usage, option == "--teachers-teacher" ? "--teacher" : option);
            Assert.False(File.Exists(Path.Combine(folder["out"], "config.json")));
        }
    }

    private static IEnumerable<string> Required(Verb verb, string given) => verb.Options.Where(o => o.Required && o.Name != given).SelectMany(o => new[] { o.Name, o.Name == "--data" ? "shapes" : "nowhere" });
}
