using System.CommandLine;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Options that have no effect beside others are refused by name: every row of every verb's table, with what it names typed.</summary>
public sealed class CombinationTests(SmallModel model) : IClassFixture<SmallModel>
{
    public static TheoryData<string> Verbs => [.. VerbTable.Create((_, _) => 0).Select(v => v.Name)];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void EveryRowRefusesWhatItNames(string name)
    {
        Verb[] all = VerbTable.Create((_, _) => 0);
        Verb verb = all.Single(v => v.Name == name);
        foreach (Combination row in verb.Combinations)
        {
            if (row.IsNeed)
            {
                Assert.Contains("too, or leave it out", Fault(all, verb, row, Typed(row.One, row.Value)), StringComparison.Ordinal);
            }

            foreach ((Symbol symbol, string? value) in row.Others)
            {
                string? fault = Fault(all, verb, row, [.. Typed(row.One, row.Value), .. Typed(symbol, value)]);
                if (row.IsNeed)
                {
                    Assert.Null(fault);
                    continue;
                }

                Assert.StartsWith(row.One is Argument ? row.One.Name : row.One.Name + (row.Value is null ? " " : $" {row.Value} "), fault, StringComparison.Ordinal);
                Assert.EndsWith($"; leave out {symbol.Name}.", fault, StringComparison.Ordinal);
                Assert.Null(Fault(all, verb, row, Typed(symbol, value)));
            }

            if (row.Value is not null && !row.IsNeed)
            {
                Assert.Null(Fault(all, verb, row, [.. Typed(row.One, "another"), .. Typed(row.Others[0].Symbol, null)]));
            }
        }
    }

    [Fact]
    public void VerbsRefuseBeforeTheyBegin()
    {
        string m = model.Path;
        EdgeVitProcess.Run("inspect", m, m, "--layers").Fails(2, "other.evit is compared as a whole", "--layers");
        EdgeVitProcess.Run("inspect", m, "--card", "--layers").Fails(2, "--card", "--layers");
        EdgeVitProcess.Run("bench", m, "--quick", "--duration", "1s").Fails(2, "--quick", "--duration");
        EdgeVitProcess.Run("bench", m, "--quick=false", "--cold", "--json").Expect(0);
        EdgeVitProcess.Run("validate", m, "--data", "nowhere", "--seed", "3").Fails(2, "--seed", "--data shapes");
        EdgeVitProcess.Run("run", m, "--tensor", "nowhere", "--watch").Fails(2, "--tensor", "--watch");
        EdgeVitProcess.Run("report", "nowhere.json", "--list", "list.md", "--accuracy", "a.json").Fails(2, "--accuracy", "--out or --markdown");
        EdgeVitProcess.Run("deploy", m, "nobody@nowhere.invalid", "--service-port", "9000").Fails(2, "--service-port", "--service");
    }

    [Fact]
    public void ATypingErrorInPlaceOfAFileIsNamed()
    {
        EdgeVitProcess.Run("inspect", "--no-such").Fails(2, "unknown option '--no-such'", "inspect --help");
        EdgeVitProcess.Run("inspect", model.Path, "--layer").Fails(2, "unknown option '--layer'", "--layers");
        EdgeVitProcess.Run("export", "--too", "onnx").Fails(2, "unknown option '--too'");
        EdgeVitProcess.Run("inspect", "--", "--no-such").Fails(1, "no such file");
        EdgeVitProcess.Run("nosuch", "--help").Fails(2, "unknown verb 'nosuch'");
        EdgeVitProcess.Run("inspekt", "--help").Fails(2, "inspect");
        EdgeVitProcess.Run("--help").Expect(0);
        EdgeVitProcess.Run("validate", model.Path, "--data", "shapes", "--limit", "99999999999").Fails(2, "--limit is 99999999999, expected 1 to 2147483647");
        EdgeVitProcess.Run("validate", model.Path, "--data", "shapes", "--limit", "0").Fails(2, "--limit is 0, expected 1 or more");
    }

    private static string? Fault(Verb[] all, Verb verb, Combination row, string[] typed)
    {
        string[] needed = [.. verb.Options.Where(o => o.Required && !typed.Contains(o.Name)).SelectMany(o => new[] { o.Name, "nowhere" })];
        (ParseResult parsed, string? refusal) = CommandTree.Parse([verb.Name, .. verb.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0).Select(_ => "nowhere/nothing"), .. typed, .. needed], all);
        Assert.Null(refusal);
        // The table's symbols are those of this very verb.
        return row.Fault(parsed);
    }

    private static string[] Typed(Symbol symbol, string? value) => symbol switch
    {
        Argument => ["another.file"],
        Option option when value is not null => [option.Name, value],
        Option option => OptionTests.Good(option),
        _ => throw new NotSupportedException(symbol.Name),
    };
}
