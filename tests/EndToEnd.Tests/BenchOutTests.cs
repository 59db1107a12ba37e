using System.Diagnostics;
using System.Text.Json.Nodes;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Results in files: checked before measuring, whole or not at all, and never lost.</summary>
public sealed class BenchOutTests(SmallModel model) : IClassFixture<SmallModel>
{
    /// <summary>What an earlier result begins with.</summary>
    private const string Old = """{"schema": 1, "kind": "latency", "tool": {}}""";

    [Fact]
    public void TheFormIsThatOfTheEnding()
    {
        using var folder = new TestFolder();
        Outcome bench = EdgeVitProcess.Run("bench", model.Path, "--quick", "--json",
            "--out", folder["a/r.json"], "--out", folder["r.md"], "--out", folder["r.html"]).Expect(0);
        Assert.Equal(bench.Json.ToJsonString(), ResultSchema.Check(JsonNode.Parse(File.ReadAllText(folder["a/r.json"]))!.AsObject()).ToJsonString());
        string markdown = File.ReadAllText(folder["r.md"]);
        Assert.StartsWith("# test-net on ", markdown, StringComparison.Ordinal);
        Assert.Contains("| energy for one image | ", markdown, StringComparison.Ordinal);
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(folder["r.html"]), StringComparison.OrdinalIgnoreCase);
        // The report of the file says what was written at once.
        EdgeVitProcess.Run("report", folder["a/r.json"], "--markdown", folder["again.md"]).Expect(0);
        Assert.Equal(markdown, File.ReadAllText(folder["again.md"]));
    }

    /// <summary>Each would measure for an hour.</summary>
    [Fact]
    public void WhatCannotBeWrittenIsRefusedBeforeMeasuring()
    {
        using var folder = new TestFolder();
        string[] hour = ["bench", model.Path, "--duration", "1h", "--out"];
        EdgeVitProcess.Run([.. hour, folder["r.txt"]]).Fails(2, ".json, .md or .html");
        EdgeVitProcess.Run([.. hour, folder.Root]).Fails(2, "is a folder");
        EdgeVitProcess.Run([.. hour, model.Path]).Fails(2, "is an input itself");
        EdgeVitProcess.Run("bench", model.Path, "--cold", "--out", folder["r.md"]).Fails(2, "as .json only");
        EdgeVitProcess.Run([.. hour, Path.Combine(folder.File("file", [1]), "r.json")]).Fails(1, "Cannot write");
        Assert.Equal(["file"], Directory.EnumerateFileSystemEntries(folder.Root).Select(Path.GetFileName));
    }

    [Fact]
    public void AFullDiskIsNoticedBeforeMeasuringAndLosesNothing()
    {
        using Disk disk = new("128k");
        Assert.SkipUnless(disk.Works, "a small disk cannot be mounted here");
        File.WriteAllText(disk["r.json"], Old);
        disk.Fill();
        EdgeVitProcess.Run("bench", model.Path, "--duration", "1h", "--out", disk["r.json"]).Fails(1, "Cannot write", "free the disk");
        Assert.Equal(Old, File.ReadAllText(disk["r.json"]));
        Assert.Equal(["fill", "r.json"], Directory.EnumerateFileSystemEntries(disk.Root).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ADiskThatBecomesFullWhileMeasuringLosesNothing(bool json)
    {
        using Disk disk = new("2m");
        Assert.SkipUnless(disk.Works, "a small disk cannot be mounted here");
        using var folder = new TestFolder();
        File.WriteAllText(disk["r.json"], Old);
        string[] form = json ? ["--json"] : [];
        using Process bench = EdgeVitProcess.Start(["bench", model.Path, "--duration", "2s", .. form, "--out", disk["r.json"], "--out", folder["r.json"]]);
        Task<string> output = bench.StandardOutput.ReadToEndAsync();
        // It says what it measures when it has tried the disk.
        while (bench.StandardError.ReadLine() is { } line && !line.Contains("kernels", StringComparison.Ordinal))
        {
        }

        disk.Fill();
        string error = bench.StandardError.ReadToEnd();
        Assert.True(bench.WaitForExit(TimeSpan.FromMinutes(2)), "bench hangs");
        Assert.Equal(1, bench.ExitCode);
        Assert.Contains("edgevit: Cannot write", error, StringComparison.Ordinal);
        Assert.Equal(Old, File.ReadAllText(disk["r.json"]));
        string text = await output;
        JsonObject printed = JsonNode.Parse(text[text.IndexOf('{', StringComparison.Ordinal)..])!.AsObject();
        ResultSchema.Check(printed);
        // The file on the other disk has it, too.
        Assert.Equal(printed.ToJsonString(), JsonNode.Parse(File.ReadAllText(folder["r.json"]))!.ToJsonString());
    }

    /// <summary>A disk in memory of a few kilobytes; needs root.</summary>
    private sealed class Disk : IDisposable
    {
        public Disk(string size)
        {
            Root = Directory.CreateTempSubdirectory("edgevit-disk-").FullName;
            Works = OperatingSystem.IsLinux() && Environment.UserName == "root" && Succeeds("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", Root);
        }

        public string Root { get; }

        public bool Works { get; }

        public string this[string name] => Path.Combine(Root, name);

        /// <summary>Leaves no byte.</summary>
        public void Fill()
        {
            try
            {
                using var file = new FileStream(this["fill"], FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
                while (true)
                {
                    file.Write(new byte[4096]);
                }
            }
            catch (IOException)
            {
                // Full.
            }
        }

        public void Dispose()
        {
            if (Works)
            {
                Succeeds("umount", Root);
            }

            Directory.Delete(Root, recursive: true);
        }

        private static bool Succeeds(string program, params string[] arguments)
        {
            try
            {
                using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
                process.StandardError.ReadToEnd();
                process.WaitForExit();
                return process.ExitCode == 0;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }
    }
}
