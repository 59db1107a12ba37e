using System.Diagnostics;
using System.Globalization;

namespace EdgeVit.Devices.Iot.Tests;

/// <summary>The sample as a program: a script in place of rpicam-vid, and none of the devices.</summary>
public sealed class SampleProcessTests : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly TemporaryTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task ItRunsWithoutDevicesAndStopsWhenToldTo(string signal)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "signals and the script need Linux");
        IReadOnlyList<(string Label, byte[] Jpeg)> shapes = ShapePictures.Take(3);
        for (int i = 0; i < shapes.Count; i++)
        {
            File.WriteAllBytes(Path.Combine(_tree.Root, $"{i}.jpg"), shapes[i].Jpeg);
        }

        Script($"""
            echo $$ > '{_tree.Root}/pid'
            while :; do for i in 0 1 2; do cat '{_tree.Root}'/$i.jpg; sleep 0.1; done; done
            """);

        using Process process = Start("--led", "17", "--button", "27", "--display", "250:0x3C");
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var missing = shapes.Select(s => s.Label).ToHashSet();
        string first = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken) ?? "";
        while (missing.Count > 0)
        {
            string? line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken);
            Assert.NotNull(line);
            missing.RemoveWhere(label => line.StartsWith(label + " ", StringComparison.Ordinal));
        }

        int script = int.Parse(await File.ReadAllTextAsync(Path.Combine(_tree.Root, "pid"), TestContext.Current.CancellationToken), CultureInfo.InvariantCulture);
        using Process kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {process.Id}"]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(s_patience, TestContext.Current.CancellationToken);

        Assert.Equal(0, process.ExitCode);
        Assert.StartsWith("rpicam (rpicam-vid, MJPEG", first, StringComparison.Ordinal);
        Assert.EndsWith("shapes.evit", first, StringComparison.Ordinal);
        string[] told = (await errors).TrimEnd().Split('\n');
        Assert.Single(told, t => t.StartsWith("no display: /dev/i2c-250 is not there", StringComparison.Ordinal));
        Assert.Single(told, t => t.StartsWith("no light or button: ", StringComparison.Ordinal));
        Assert.Equal(2, told.Length);
        Assert.True(SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{script}"), s_patience), "the camera's program still runs");
    }

    [Fact]
    public async Task ACameraThatEndsIsAnError()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the script needs Linux");
        Script("echo 'ERROR: *** no cameras available ***' >&2; exit 255");
        (int code, _, string errors) = await Run();
        Assert.Equal(1, code);
        Assert.Contains("no cameras available", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WrongUseIsRefusedWithTheUsage()
    {
        Script("exit 0");
        (int code, string output, string errors) = await Run("--lamp", "17");
        Assert.Equal((2, ""), (code, output));
        Assert.StartsWith("there is no option '--lamp'", errors, StringComparison.Ordinal);
        Assert.Contains("usage:", errors, StringComparison.Ordinal);

        (code, _, errors) = await Run("--label", "unicorn");
        Assert.Equal(1, code);
        Assert.StartsWith("--label is 'unicorn', which the model does not know; its labels: ", errors, StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output, string Errors)> Run(params string[] options)
    {
        using Process process = Start(options);
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(s_patience, TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await errors);
    }

    private Process Start(params string[] options)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "CameraClassifier.dll"), ShapePictures.Model, .. options])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = $"{_tree.Root}{Path.PathSeparator}{start.Environment["PATH"]}";
        return Process.Start(start)!;
    }

    private void Script(string body)
    {
        _tree.Write("rpicam-vid", $"#!/bin/sh\n{body}\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(Path.Combine(_tree.Root, "rpicam-vid"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
