using System.Diagnostics;
using System.Runtime.Versioning;
using EdgeVit.Export;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Devices and pipes that never end, in place of every file that is read whole: each is given up soon, with words. <c>FileBytes</c> and its tests have the bounds.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class EndlessInputTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Theory]
    [InlineData("inspect ENDLESS")]
    [InlineData("doctor ENDLESS")]
    [InlineData("run ENDLESS a.png")]
    [InlineData("run MODEL --tensor ENDLESS")]
    [InlineData("validate MODEL --data . --labels-csv ENDLESS")]
    [InlineData("report ENDLESS --out r.html")]
    [InlineData("report MODEL.json --accuracy ENDLESS --out r.html")]
    [InlineData("bench --rerun ENDLESS")]
    [InlineData("export ENDLESS --out e.onnx")]
    [InlineData("import ENDLESS --out i.evit")]
    [InlineData("import CHECKPOINT --labels ENDLESS --out i.evit")]
    [InlineData("serve ENDLESS")]
#if TRAINING
    [InlineData("convert --data . --labels-csv ENDLESS --out OUT")]
    [InlineData("convert --data shapes --recipe ENDLESS --out OUT")]
    [InlineData("convert --data shapes --teacher x.onnx --teacher-labels ENDLESS --out OUT")]
    [InlineData("convert --data shapes --teacher ENDLESS --out OUT")]
#endif
    public async Task WhatNeverEndsIsGivenUp(string command)
    {
        using var folder = new TestFolder();
        SafetensorsWriter.Write(folder["net.safetensors"], FloatCheckpoint.Cancelling(seed: 2));
        string[] endless = ["/dev/zero", "<(yes)", "<(cat /dev/zero)"];
        foreach (string source in endless)
        {
            string line = command.Replace("ENDLESS", source, StringComparison.Ordinal).Replace("MODEL", model.Path, StringComparison.Ordinal).Replace("CHECKPOINT", folder["net.safetensors"], StringComparison.Ordinal).Replace("OUT", folder["out"], StringComparison.Ordinal);
            string tool = EdgeVitProcess.Tool ?? $"dotnet {EdgeVitProcess.Program}";
            using Process process = Process.Start(new ProcessStartInfo("bash", ["-c", $"{tool} {line}"])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                WorkingDirectory = folder.Root,
            })!;
            Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)), $"{line} hangs");
            Assert.True(process.ExitCode is > 0 and < 5, $"{line}: {process.ExitCode}\n{error}{await output}");
            Assert.Contains("edgevit: ", error, StringComparison.Ordinal);
            Assert.DoesNotContain("bug", error, StringComparison.Ordinal);
        }
    }
}
