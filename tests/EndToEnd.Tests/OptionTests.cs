using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Every option of every verb, as the tool declares them, fed with what people and scripts type by mistake: what is accepted is what was typed, and
/// everything else is refused by the option's name before any work begins.</summary>
public sealed partial class OptionTests
{
    private static readonly string[] s_numbers =
    [
        "0", "-1", "1", "+1", "2", "3", "007", "1.5", ".5", "5.", "1e3", "1E-3", "1e99", "-1e99", "1e-400", "1e999", "99999999999999999999", "2147483648", "18446744073709551616",
        "NaN", "nan", "Infinity", "-Infinity", "\u221e", "0,5", "1,000", "0,001", "1_000", "1 000", " 1", "1 ", "1'000", "0x10", "1f", "\u0661", "\uff11", "\u22121", "--1", "1-2", "1/2", "50%",
        "1..2", "1e", "e1", "+", "-", ".", "1;2", "word",
    ];

    /// <summary>A recipe must be there when it is named.</summary>
    private static readonly Lazy<string> s_recipe = new(static () =>
    {
        string path = Path.Combine(Path.GetTempPath(), $"options-{Environment.ProcessId}.recipe");
        File.WriteAllText(path, "# nothing\n");
        return path;
    });

    public static TheoryData<string> Verbs => [.. All().Select(v => v.Name)];

    private static Verb[] All() => VerbTable.Create((_, _) => 0);

    [Theory]
    [MemberData(nameof(Verbs))]
    public void NothingAndTheEmptyTextAreRefusedByName(string verb) => Each(verb, option =>
    {
        Refused(verb, option, $"{option.Name}=");
        if (OptionRules.IsFlag(option))
        {
            // An empty word behind a flag is an argument of its own.
            Assert.NotNull(Parse(verb, [option.Name, ""]).Refusal);
        }
        else
        {
            Refused(verb, option, option.Name);
            Refused(verb, option, option.Name, "");
        }
    });

    [Theory]
    [MemberData(nameof(Verbs))]
    public void TwiceIsRefusedUnlessItIsAList(string verb) => Each(verb, option =>
    {
        string[] one = Good(option);
        Accepted(verb, one);
        foreach (string name in option.Aliases.Append(option.Name))
        {
            if (OptionRules.IsList(option))
            {
                Accepted(verb, [.. one, name, .. one[1..]]);
            }
            else
            {
                Refused(verb, option, [.. one, name, .. one[1..]]);
            }
        }
    });

    /// <summary>A value that was forgotten must not cost the option behind it.</summary>
    [Theory]
    [MemberData(nameof(Verbs))]
    public void AnotherOptionIsNoValue(string verb) => Each(verb, option =>
    {
        if (!OptionRules.IsFlag(option))
        {
            foreach (string word in new[] { "--json", "-q", "--help", "-h", "--no-such-thing" }.Where(w => w != option.Name))
            {
                Assert.Contains($"'{word}'", Refused(verb, option, option.Name, word), StringComparison.Ordinal);
            }
        }
    });

    [Theory]
    [MemberData(nameof(Verbs))]
    public void AFlagTakesTrueAndFalse(string verb) => Each(verb, option =>
    {
        if (OptionRules.IsFlag(option))
        {
            Accepted(verb, [$"{option.Name}=true"]);
            Accepted(verb, [$"{option.Name}=FALSE"]);
            Assert.All(s_numbers, n => Refused(verb, option, $"{option.Name}={n}"));
        }
    });

    /// <summary>The oracle reads numbers in its own way, and the bounds out of the help.</summary>
    [Theory]
    [MemberData(nameof(Verbs))]
    public void ANumberIsTakenAsItStandsOrRefused(string verb) => Each(verb, option =>
    {
        if (Bounds(option) is not { } bounds)
        {
            return;
        }

        bool whole = Kind(option) != typeof(double);
        foreach (string text in s_numbers.Concat(Edges(option, bounds, whole)))
        {
            decimal? number = Number(text, whole);
            if (number is { } value && value >= bounds.Least && value <= bounds.Most)
            {
                ParseResult parsed = Accepted(verb, [option.Name, text]);
                object? found = ((OptionResult)parsed.GetResult(option.Name)!).GetValueOrDefault<object>();
                Assert.Equal((double)value, Convert.ToDouble(found, CultureInfo.InvariantCulture));
            }
            else
            {
                string said = Refused(verb, option, option.Name, text);
                Assert.Contains(text.StartsWith("--", StringComparison.Ordinal) ? "is an option" : "expected", said, StringComparison.Ordinal);
                if (text is "0,5" or "0,001")
                {
                    Assert.Contains("decimal point", said, StringComparison.Ordinal);
                }
            }
        }
    });

    /// <summary>Times, words of a list, sizes, triples: none of them takes a stray number or word, and what it takes is what it was given.</summary>
    [Theory]
    [MemberData(nameof(Verbs))]
    public void AnOptionWithAFormTakesNothingElse(string verb) => Each(verb, option =>
    {
        if (option is not IValueOption || Bounds(option) is not null)
        {
            return;
        }

        foreach (string text in s_numbers.Concat(["0x0", "cuda:", "cuda:-1", "cuda: 1", "1,2", "1,,2", "nan,1,1", "1,2,3,4", "1h1", "h", "1.5.5s", "-5m", "10h10h"]))
        {
            (ParseResult parsed, string? refusal) = Parse(verb, [option.Name, text]);
            if (refusal is not null)
            {
                Named(option, refusal);
                continue;
            }

            bool fits = option switch
            {
                TimeOption => TimePattern().IsMatch(text),
                ChoiceOption choice => Words(choice).Contains(text),
                TripleOption => Regex.IsMatch(text, "^[-0-9.e]+,[-0-9.e]+,[-0-9.e]+$"),
                _ => Regex.IsMatch(text, @"^\+?[0-9]+(,[0-9]+)*$") || (option.Name == "--clip-start" && Number(text, whole: false) is not null),
            };
            Assert.True(fits, $"{verb} {option.Name} takes '{text}'");
        }
    });

    /// <summary>Options that stand for numbers are declared so, not read from texts later on.</summary>
    [Fact]
    public void NoNumberIsReadByTheParserOfTheLibrary() => Assert.All(
        All().SelectMany(v => v.Options),
        o => Assert.True(o is IValueOption || Kind(o) == typeof(bool) || Kind(o) == typeof(string) || o.ValueType == typeof(string[]), $"{o.Name} is {o.ValueType}"));

    [Theory]
    [InlineData("--quiet", "run", "m.evit", "a.png")]
    [InlineData("-q", "run", "m.evit", "a.png")]
    [InlineData("--json", "--quiet", "run", "m.evit", "a.png")]
    public void WhatEveryVerbTakesMayStandBeforeIt(params string[] arguments)
    {
        (ParseResult parsed, string? refusal) = CommandTree.Parse(CommandTree.VerbFirst(arguments), All());
        Assert.Null(refusal);
        Assert.True(parsed.GetValue<bool>("--quiet"));
        Assert.Equal(arguments.Contains("--json"), parsed.GetValue<bool>("--json"));
        Assert.Equal("run", parsed.CommandResult.Command.Name);
    }

    [Fact]
    public void EmptyArgumentsAreRefused()
    {
        foreach (Verb verb in All().Where(v => v.Arguments.Count > 0))
        {
            (_, string? refusal) = CommandTree.Parse([verb.Name, "", .. Required(verb, null)], All());
            Assert.Contains($"{verb.Arguments[0].HelpName ?? verb.Arguments[0].Name} is empty", refusal, StringComparison.Ordinal);
        }
    }

    private static void Each(string verb, Action<Option> check) => Assert.All(All().Single(v => v.Name == verb).Options.Where(o => o.Name != "--help"), check);

    private static string Refused(string verb, Option option, params string[] typed)
    {
        string? refusal = Parse(verb, typed, option).Refusal;
        Assert.True(refusal is not null, $"{verb} takes {string.Join(' ', typed)}");
        return Named(option, refusal);
    }

    private static string Named(Option option, string refusal)
    {
        Assert.StartsWith(option.Name, refusal, StringComparison.Ordinal);
        return refusal;
    }

    private static ParseResult Accepted(string verb, string[] typed)
    {
        (ParseResult result, string? refusal) = Parse(verb, typed);
        Assert.True(refusal is null, $"{verb} {string.Join(' ', typed)}: {refusal}");
        return result;
    }

    /// <summary>A verb with what it needs and some words more; the option that they are about is not given besides.</summary>
    private static (ParseResult Result, string? Refusal) Parse(string name, string[] typed, Option? about = null)
    {
        Verb[] all = All();
        Verb verb = all.Single(v => v.Name == name);
        string given = about?.Name ?? typed[0].Split('=')[0];
        string[] arguments = [.. verb.Arguments.Where(a => a.Arity.MinimumNumberOfValues > 0).Select(_ => "nowhere/nothing")];
        return CommandTree.Parse([name, .. arguments, .. Required(verb, given), .. typed], all);
    }

    private static IEnumerable<string> Required(Verb verb, string? given) =>
        verb.Options.Where(o => o.Required && o.Name != given).SelectMany(o => new[] { o.Name, "nowhere" });

    internal static string[] Good(Option option) => option switch
    {
        _ when OptionRules.IsFlag(option) => [option.Name],
        _ when Bounds(option) is { } bounds => [option.Name, bounds.Least.ToString(CultureInfo.InvariantCulture)],
        TimeOption => [option.Name, "90s"],
        ChoiceOption choice => [option.Name, Words(choice)[0]],
        TripleOption => [option.Name, "0.5,0.5,0.5"],
        _ => [option.Name, option.Name switch
        {
            "--size" => "640x480",
            "--threads" => "1",
            "--meter" => "ina219:1:0x40:0.1",
            "--listen" => "::1",
            "--folder" => "/opt/edgevit",
            "--reductions" => "8,4,1,1",
            "--clip-start" => "3/keys",
            "--memory" => "1.5G",
            "--recipe" => s_recipe.Value,
            _ => "some.file",
        }],
    };

    private static string[] Words(ChoiceOption option) => option.HelpName!.Split('|');

    private static Type Kind(Option option) => Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType;

    internal static (decimal Least, decimal Most)? Bounds(Option option)
    {
        if (option is not IValueOption { Range: { } range } || option is TimeOption)
        {
            return null;
        }

        Assert.Contains($"({range})", option.Description, StringComparison.Ordinal);
        Match match = Regex.Match(range, "^([-0-9.Ee]+)(?: to ([-0-9.Ee]+)| or more)$");
        decimal Read(int group) => decimal.Parse(match.Groups[group].Value, NumberStyles.Float, CultureInfo.InvariantCulture);
        return (Read(1), match.Groups[2].Success ? Read(2) : Kind(option) == typeof(ulong) ? ulong.MaxValue : int.MaxValue);
    }

    private static IEnumerable<string> Edges(Option option, (decimal Least, decimal Most) bounds, bool whole)
    {
        decimal step = whole ? 1 : 1e-9m;
        foreach (decimal edge in new[] { bounds.Least - step, bounds.Least, bounds.Most, bounds.Most + step })
        {
            yield return edge.ToString(CultureInfo.InvariantCulture);
        }

        if (!whole && option.Name == "--lr")
        {
            yield return "0.0050000000000000001";
        }
    }

    private static decimal? Number(string text, bool whole) =>
        Regex.IsMatch(text, whole ? @"\A[+-]?[0-9]+\z" : @"\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?\z")
        && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value) ? value : null;

    [GeneratedRegex("^[0-9.]+(ms|s|m|h)?$")]
    private static partial Regex TimePattern();
}
