using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Two benches on one machine disturb each other, and both say so.</summary>
public sealed class OtherBenchesTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void TheSecondBenchSaysThatTheFirstDisturbs()
    {
        using Process first = Begin("1h", out _);
        string mine = string.Create(CultureInfo.InvariantCulture, $"another bench (pid {first.Id}, model test-net) runs on this machine and disturbs");
        Outcome second = EdgeVitProcess.Run("bench", model.Path, "--quick", "--json").Expect(0);
        first.Kill();
        Assert.Contains(mine, second.Error, StringComparison.Ordinal);
        JsonObject json = ResultSchema.Check(second.Json);
        Assert.False((bool)json["valid"]!);
        Assert.Contains(json["reasons"]!.AsArray(), r => ((string)r!).StartsWith(mine, StringComparison.Ordinal));
        JsonNode seen = Assert.Single(json["other_benches"]!.AsArray(), o => (int)o!["pid"]! == first.Id)!;
        Assert.Equal("test-net", (string)seen["model"]!);
    }

    /// <summary>The second is this process, which holds what a bench holds.</summary>
    [Fact]
    public async Task TheFirstBenchNoticesOneThatBeganAfterIt()
    {
        using Process first = Begin("2s", out Task<string> output);
        using (var second = new OtherBenches("a later one\u001b[31m"))
        {
            Assert.Contains(second.Seen, s => s.Process == first.Id && s.Model == "test-net");
            Assert.True(first.WaitForExit(TimeSpan.FromMinutes(2)), "bench hangs");
        }

        JsonNode json = JsonNode.Parse(await output)!;
        string reason = string.Create(CultureInfo.InvariantCulture, $"another bench (pid {Environment.ProcessId}, model a later one[31m) runs on this machine and disturbs");
        Assert.Contains(json["reasons"]!.AsArray(), r => ((string)r!).StartsWith(reason, StringComparison.Ordinal));
        Assert.False((bool)json["valid"]!);
    }

    [Fact]
    public void OneThatWasKilledDisturbsNobody()
    {
        using Process killed = Begin("1h", out _);
        string prefix = string.Create(CultureInfo.InvariantCulture, $"{killed.Id}.");
        Assert.Contains(Markers(), f => f.StartsWith(prefix, StringComparison.Ordinal));
        killed.Kill();
        killed.WaitForExit();
        JsonObject json = EdgeVitProcess.Run("bench", model.Path, "--quick", "--json").Expect(0).Json;
        Assert.DoesNotContain(json["other_benches"]!.AsArray(), o => (int)o!["pid"]! == killed.Id);
        Assert.DoesNotContain(Markers(), f => f.StartsWith(prefix, StringComparison.Ordinal));
    }

    [Fact]
    public void WhatLiesInTheFolderIsNoBench()
    {
        using var folder = new TestFolder();
        string stale = folder.File("1.abc", "gone"u8.ToArray()), other = folder.File("notes.txt", [1]);
        Directory.CreateDirectory(folder["7.folder"]);
        File.CreateSymbolicLink(folder["8.link"], other);
        using (var benches = new OtherBenches("mine", folder.Root))
        {
            Assert.Empty(benches.Seen);
            Assert.False(File.Exists(stale));
            Assert.True(File.Exists(other));
            Assert.Single(Directory.EnumerateFiles(folder.Root), f => Path.GetFileName(f).StartsWith(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}."), StringComparison.Ordinal));
        }

        Assert.Equal(["7.folder", "8.link", "notes.txt"], Directory.EnumerateFileSystemEntries(folder.Root).Select(Path.GetFileName).Order());
        // No folder can be there: nothing is seen, and nothing fails.
        using var none = new OtherBenches("mine", Path.Combine(other, "folder"));
        Assert.Empty(none.Seen);
    }

    /// <summary>A pipe is not waited for, and a bench that has just begun has no lock yet.</summary>
    [Fact]
    public async Task WhatIsEmptyIsLeftAlone()
    {
        using var folder = new TestFolder();
        string begun = folder.File("1.begun", []);
        using (Process? make = Start("mkfifo", folder["2.pipe"]))
        {
            Assert.SkipUnless(make is not null, "there is no mkfifo here");
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, make.ExitCode);
        }

        int seen = await Task.Run(() =>
        {
            using var benches = new OtherBenches("", folder.Root);
            // Its own file is none of the empty ones, though its model has no name.
            Assert.Single(Directory.EnumerateFiles(folder.Root), f => new FileInfo(f).Length > 0);
            return benches.Seen.Count;
        }, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Equal(0, seen);
        Assert.True(File.Exists(begun));
    }

    private static Process? Start(string program, string argument)
    {
        try
        {
            return Process.Start(program, [argument]);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static string[] Markers() => [.. Directory.EnumerateFiles(OtherBenches.MachineFolder).Select(f => Path.GetFileName(f))];

    // A bench that has begun to measure.
    private Process Begin(string duration, out Task<string> output)
    {
        Process bench = EdgeVitProcess.Start(["bench", model.Path, "--duration", duration, "--json"]);
        output = bench.StandardOutput.ReadToEndAsync();
        while (bench.StandardError.ReadLine() is { } line && !line.Contains("kernels", StringComparison.Ordinal))
        {
        }

        _ = bench.StandardError.ReadToEndAsync();
        return bench;
    }
}
