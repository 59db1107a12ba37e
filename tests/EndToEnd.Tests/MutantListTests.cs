using System.Diagnostics;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>What tests/mutants.sh refuses before it builds anything.</summary>
public sealed class MutantListTests : IDisposable
{
    private const string Entry = "name: one\nfile: LICENSE\nfind: MIT License\nmake: BSD License\ntest: Runtime.Tests\nonly: KernelTests\n";

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheListIsPrintedAndChosenFromByPatterns()
    {
        Outcome all = Mutants("--list").Expect(0);
        Assert.Contains("plan-never-frees  src/Runtime/Plan/ExecutionPlan.cs\n  - ", all.Output, StringComparison.Ordinal);
        Outcome some = Mutants("--list", "src/Imaging/*", "plan-never-*").Expect(0);
        string[] names = [.. some.Output.Split('\n').Where(l => l.Length > 0 && l[0] != ' ')];
        Assert.Contains(names, n => n.StartsWith("plan-never-frees ", StringComparison.Ordinal));
        Assert.All(names, n => Assert.Matches("^(plan-never-|[a-z0-9-]+  src/Imaging/)", n));
        Assert.True(names.Length > 5);
        Assert.Contains("nothing in", Mutants("--list", "no-such-mutant").Expect(2).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("find: MIT License", "find: GPL License", "its line is in LICENSE 0 times, expected once")]
    [InlineData("find: MIT License", "find: the", "its line is in LICENSE 8 times, expected once")]
    [InlineData("find: MIT License", "find: ", "its line is in LICENSE 0 times, expected once")]
    [InlineData("make: BSD License", "make: MIT License", "it changes nothing")]
    [InlineData("file: LICENSE", "file: LICENCE", "there is no LICENCE")]
    [InlineData("test: Runtime.Tests", "test: Walltime.Tests", "there is no test project tests/Walltime.Tests")]
    public void AListThatIsOutOfDateIsRefused(string line, string other, string said)
    {
        Outcome outcome = Mutants("--from", List(Entry.Replace(line, other, StringComparison.Ordinal))).Expect(2);
        Assert.Equal($"out of date: one: {said}\n0 killed, 0 survived, 1 out of date\n", outcome.Output);
    }

    [Theory]
    [InlineData("only: KernelTests\n", "", "has no 'only'")]
    [InlineData("only:", "tests:", "'tests: KernelTests', expected name, file, find, make, test or only with a colon")]
    [InlineData("only: KernelTests\n", "only: KernelTests\n\n" + Entry, "there are two entries 'one'")]
    public void AListThatCannotBeReadIsRefused(string part, string other, string said) =>
        Assert.Contains(said, Mutants("--from", List(Entry.Replace(part, other, StringComparison.Ordinal))).Expect(2).Error, StringComparison.Ordinal);

    [Fact]
    public void TheWorkingTreeIsNotChanged()
    {
        Assert.Contains("is not to be changed", Mutants("--from", List(Entry), "--copy", Repository.Root).Expect(2).Error, StringComparison.Ordinal);
        Assert.Contains("unknown option '--all'", Mutants("--all").Expect(2).Error, StringComparison.Ordinal);
        Assert.Contains("--from needs a value", Mutants("--from").Expect(2).Error, StringComparison.Ordinal);
    }

    private string List(string text) => _folder.File("list.txt", System.Text.Encoding.UTF8.GetBytes(text));

    private static Outcome Mutants(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "tests", "mutants.sh"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return new Outcome(process.ExitCode, output.GetAwaiter().GetResult(), error);
    }
}
