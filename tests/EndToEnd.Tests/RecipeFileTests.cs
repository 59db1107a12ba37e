using System.CommandLine;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Options out of a file, and the help in groups.</summary>
public sealed class RecipeFileTests
{
    [Fact]
    public void ARecipeIsTypedAndTheCommandLineCountsMore()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["r"], "# data\n\ndata = shapes\n preset = binaryvit-32 \nepochs=30\nflip = false\nteacher-mean = 0.5,0.5,0.5\nsplit = train=a,val=b\nhard-distillation = true\n# lr = 1\n");
        (ParseResult result, string? refusal, Verb verb) = Parse("convert", "--recipe", folder["r"], "--out", "x", "--epochs", "5");
        Assert.Null(refusal);
        string Of(string name) => string.Join(' ', result.GetResult(OptionRules.Named(verb, name)!)!.Tokens.Select(static t => t.Value));
        Assert.Equal("shapes", Of("--data"));
        Assert.Equal("binaryvit-32", Of("--student"));
        Assert.Equal("5", Of("--epochs"));
        Assert.Equal("false", Of("--flip"));
        Assert.Equal("train=a,val=b", Of("--split"));
        Assert.Equal("true", Of("--hard-distillation"));
        Assert.Equal($"recipe {folder["r"]}: 7 options; of the command line instead: --epochs (30 in the recipe)", verb.Recipe!.Text);
    }

    [Fact]
    public void TheConfigurationOfARunIsARecipe()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["config.json"], "{ \"data\": \"x\", \"option.epochs\": \"7\", \"option.recipe\": \"old\" }");
        (ParseResult result, string? refusal, Verb verb) = Parse("convert", $"--recipe={folder["config.json"]}", "--out", "x", "--data", "shapes");
        Assert.Null(refusal);
        Assert.Equal("7", result.GetResult(OptionRules.Named(verb, "--epochs")!)!.Tokens[0].Value);
    }

    [Theory]
    [InlineData("data = shapes\nepoch = 3\n", "line 2: unknown option 'epoch'. Did you mean 'epochs'?")]
    [InlineData("data = shapes\nepochs = many\n", "line 2: --epochs is 'many', expected a number")]
    [InlineData("epochs = 3\n\nepochs = 4\n", "line 3: 'epochs' is there twice")]
    [InlineData("epochs =\n", "line 1: 'epochs' has no value")]
    [InlineData("epochs 3\n", "line 1: 'epochs 3', expected name = value")]
    [InlineData("plan = true\n", "line 1: 'plan' is no option of a training")]
    [InlineData("{ \"a\"", "it is no JSON (line 1, byte ")]
    public void FaultsHaveTheirLine(string text, string message)
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["r"], text);
        Assert.Contains(message, Parse("convert", "--recipe", folder["r"], "--out", "x", "--data", "shapes").Refusal, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Parse("convert", "--recipe", folder["none"], "--out", "x").Refusal, StringComparison.Ordinal);
    }

    [Fact]
    public void OptionsWithoutPlaceBesideEachOtherHaveTheirLine()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["r"], "data = shapes\nteacher = none\ntemperature = 3\n");
        EdgeVitProcess.Run("convert", "--recipe", folder["r"], "--out", folder["x"]).Fails(2, "line 2: --teacher none learns from labels alone; leave out --temperature.");
        EdgeVitProcess.Run("convert", "--teacher", "none", "--recipe", folder["r"], "--out", folder["x"]).Fails(2, "--teacher none learns from labels alone; leave out --temperature.");
        string labels = folder.File("labels.txt", [(byte)'a', 10, 0xE4, 10]), twice = folder.File("twice.txt", "a\na\n"u8.ToArray());
        string[] taught = ["convert", "--data", "shapes", "--out", folder["x"], "--teacher", "net.onnx", "--teacher-labels"];
        EdgeVitProcess.Run([.. taught, labels]).Fails(1, $"--teacher-labels {labels}: line 2 is not UTF-8");
        EdgeVitProcess.Run([.. taught, twice]).Fails(1, $"--teacher-labels {twice}: label 2 of 2 is 'a'");
    }

    /// <summary>Every option of a verb with many stands in a group, once, with all of its lines.</summary>
    [Theory]
    [InlineData("convert")]
    [InlineData("run")]
    public void TheHelpShowsGroups(string verb)
    {
        Verb grouping = VerbTable.Create((_, _) => 0).Single(v => v.Name == verb);
        string[] grouped = [.. grouping.Groups.SelectMany(static g => g.Options).Select(static o => o.Name)];
        Assert.Equal(grouped.Distinct(), grouped);
        Assert.Empty(grouping.Options.Select(static o => o.Name).Except(grouped).Except(["--help", .. Verb.Common]));

        string help = EdgeVitProcess.Run(verb, "--help").Expect(0).Output.ReplaceLineEndings("\n");
        int at = 0;
        foreach (string title in grouping.Groups.Select(static g => g.Title).Append("All verbs"))
        {
            int next = help.IndexOf($"\n{title}:\n  -", at, StringComparison.Ordinal);
            Assert.True(next > at, title);
            at = next;
        }

        Assert.All(grouped, name => Assert.Matches($"\n  (-\\S+, )*{name}[ ,]", help));
    }

    private static (ParseResult Result, string? Refusal, Verb Verb) Parse(params string[] words)
    {
        Verb[] all = VerbTable.Create((_, _) => 0);
        (ParseResult result, string? refusal) = CommandTree.Parse(words, all);
        return (result, refusal, all.Single(v => v.Name == words[0]));
    }
}
