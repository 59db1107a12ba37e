namespace EdgeVit.EndToEnd.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("convert")]
    [InlineData("inspect")]
    [InlineData("run")]
    [InlineData("validate")]
    [InlineData("explain")]
    [InlineData("bench")]
    [InlineData("report")]
    [InlineData("serve")]
    [InlineData("deploy")]
    [InlineData("doctor")]
    public void EveryVerbHasHelpWithAnExampleAndJson(string verb)
    {
        Outcome outcome = EdgeVitProcess.Run(verb, "--help").Expect(0);
        Assert.Contains("Example", outcome.Output, StringComparison.Ordinal);
        Assert.Contains($"  edgevit {verb}", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("--json", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("--quiet", outcome.Output, StringComparison.Ordinal);
        Assert.Empty(outcome.Error);
    }

    [Fact]
    public void HelpListsTheVerbsAndNoVerbAtAllIsAUsageError()
    {
        Assert.Contains("Exit codes", EdgeVitProcess.Run("--help").Expect(0).Output, StringComparison.Ordinal);
        Assert.Contains("validate", EdgeVitProcess.Run().Expect(2).Output, StringComparison.Ordinal);
        // As git and others have it.
        Assert.Contains("Commands:", EdgeVitProcess.Run("help").Expect(0).Output, StringComparison.Ordinal);
        Assert.Contains("--min-top1", EdgeVitProcess.Run("help", "validate").Expect(0).Output, StringComparison.Ordinal);
        EdgeVitProcess.Run("help", "validte").Fails(2, "unknown verb 'validte'", "Did you mean 'validate'");
    }

    [Theory]
    [InlineData("inspct", "Did you mean 'inspect'")]
    [InlineData("vaildate", "Did you mean 'validate'")]
    [InlineData("xyzzy", "Verbs: convert")]
    public void AnUnknownVerbIsNamedWithTheNearest(string verb, string said) => EdgeVitProcess.Run(verb).Fails(2, $"unknown verb '{verb}'", said);

    [Fact]
    public void AnUnknownOptionIsNamedWithTheNearest()
    {
        EdgeVitProcess.Run("validate", "m.evit", "--dta", "x").Fails(2, "unknown option '--dta'", "'--data'");
        EdgeVitProcess.Run("run", "m.evit", "a.png", "--tpo", "3").Fails(2, "unknown option '--tpo'", "'--top'");
    }

    [Fact]
    public void MissingArgumentsAndOptionsAreNamed()
    {
        EdgeVitProcess.Run("run").Fails(2, "run needs model.evit");
        using var folder = new TestFolder();
        EdgeVitProcess.Run("run", folder.File("a.png", Png.Random(8, 8, 1))).Fails(2, "a.png is a picture", "The model comes first");
        EdgeVitProcess.Run("bench").Fails(2, "bench needs model.evit", "edgevit bench --help");
        EdgeVitProcess.Run("validate", "m.evit").Fails(2, "--data PATH");
        EdgeVitProcess.Run("convert", "--data", "shapes").Fails(2, "--out DIR");
        EdgeVitProcess.Run("explain").Fails(2, "explain needs model.evit");
        EdgeVitProcess.Run("report").Fails(2, "report needs RESULT.json");
        EdgeVitProcess.Run("report", "result.json").Fails(2, "--out FILE.html", "--markdown FILE.md");
    }

    [Fact]
    public void ValuesOfTheWrongKindAreNamedWithWhatIsExpected()
    {
        EdgeVitProcess.Run("run", "m.evit", "a.png", "--top", "many").Fails(2, "--top is 'many', expected a whole number");
        EdgeVitProcess.Run("bench", "m.evit", "--threads", "1;2").Fails(2, "--threads is '1;2'");
        EdgeVitProcess.Run("bench", "m.evit", "--duration", "soon").Fails(2, "--duration is 'soon'");
    }

    [Fact]
    public void AnErrorIsAlsoOneJsonObject()
    {
        Outcome outcome = EdgeVitProcess.Run("inspect", "nowhere.evit", "--json").Expect(1);
        Assert.Equal(1, (int)outcome.Json["exitCode"]!);
        Assert.Contains("nowhere.evit", (string)outcome.Json["error"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void TheVersionIsPrinted() => Assert.StartsWith("0.", EdgeVitProcess.Run("--version").Expect(0).Output, StringComparison.Ordinal);

    [Theory]
    [InlineData("inpsect", "inspect")]
    [InlineData("--dta", "--data")]
    [InlineData("valid", "validate")]
    [InlineData("zzzzzz", null)]
    public void TheNearestWordIsFound(string word, string? expected) =>
        Assert.Equal(expected, Cli.Nearest.To(word, ["convert", "inspect", "run", "validate", "--data", "--out"]));
}
