using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Two benches on one machine disturb each other, and both say so.</summary>
public sealed class OtherBenchesTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void BothOfTwoBenchesSayThatTheOtherDisturbs()
    {
        using Process first = Begin("6s", out Task<string> output);
        string mine = string.Create(CultureInfo.InvariantCulture, $"another bench (pid {first.Id}, model test-net) runs on this machine and disturbs");
        Outcome second = EdgeVitProcess.Run("bench", model.Path, "--quick", "--duration", "300ms", "--json").Expect(0);
        Assert.Contains(mine, second.Error, StringComparison.Ordinal);
        JsonObject json = ResultSchema.Check(second.Json);
        Assert.False((bool)json["valid"]!);
        Assert.Contains(json["reasons"]!.AsArray(), r => ((string)r!).StartsWith(mine, StringComparison.Ordinal));
        JsonNode seen = Assert.Single(json["other_benches"]!.AsArray(), o => (int)o!["pid"]! == first.Id)!;
        Assert.Equal("test-net", (string)seen["model"]!);

        // The first began alone, and ends after the second is gone.
        Assert.True(first.WaitForExit(TimeSpan.FromMinutes(2)), "bench hangs");
        JsonNode former = JsonNode.Parse(output.Result)!;
        Assert.Contains(former["reasons"]!.AsArray(), r => ((string)r!).Contains("another bench (pid ", StringComparison.Ordinal));
        Assert.NotEmpty(former["other_benches"]!.AsArray());
    }

    [Fact]
    public void OneThatWasKilledDisturbsNobody()
    {
        using Process killed = Begin("60s", out _);
        string prefix = string.Create(CultureInfo.InvariantCulture, $"{killed.Id}.");
        Assert.Contains(Markers(), f => f.StartsWith(prefix, StringComparison.Ordinal));
        killed.Kill();
        killed.WaitForExit();
        JsonObject json = EdgeVitProcess.Run("bench", model.Path, "--quick", "--duration", "100ms", "--json").Expect(0).Json;
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

    private static string[] Markers() => [.. Directory.EnumerateFiles(OtherBenches.MachineFolder).Select(f => Path.GetFileName(f))];

    // A bench that has begun to measure.
    private Process Begin(string duration, out Task<string> output)
    {
        Process bench = EdgeVitProcess.Start(["bench", model.Path, "--duration", duration, "--json"]);
        output = bench.StandardOutput.ReadToEndAsync();
        while (bench.StandardError.ReadLine() is { } line && !line.Contains("kernels", StringComparison.Ordinal))
        {
        }

        bench.ErrorDataReceived += (_, _) => { };
        bench.BeginErrorReadLine();
        return bench;
    }
}
