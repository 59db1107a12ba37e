using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Frames on standard input, through a pipe as users have it, and cameras that are programs.</summary>
public sealed class FrameStreamTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void RawFramesGiveWhatTheLibraryGives()
    {
        byte[] pixels = new byte[3 * 40 * 30 * 3];
        new Random(1).NextBytes(pixels);
        JsonObject[] lines = Lines.Of(EdgeVitProcess.Run(["run", model.Path, "-", "--format", "rgb24", "--size", "40x30", "--json"], pixels).Expect(0).Output);
        Assert.Equal(4, lines.Length);
        using EvitModel library = EvitModel.Open(model.Path);
        using Session session = library.CreateSession();
        var pipeline = new PreprocessPipeline(library.Preprocess);
        for (int i = 0; i < 3; i++)
        {
            byte[] prepared = new byte[pipeline.Length];
            pipeline.ToPixels(new RgbImage(40, 30, pixels.AsSpan(i * 3600, 3600).ToArray()), prepared);
            float[] logits = new float[library.Classes];
            session.RunNhwc(prepared, logits);
            Prediction best = Prediction.Top(logits, library.Labels, 1)[0];
            Assert.Equal((i, "-", best.Label), ((int)lines[i]["sequence"]!, (string)lines[i]["source"]!, (string)lines[i]["top"]![0]!["label"]!));
            Assert.Equal(best.Probability, (double)lines[i]["top"]![0]!["probability"]!, 1e-6);
            Assert.True(DateTime.TryParse((string)lines[i]["time"]!, System.Globalization.CultureInfo.InvariantCulture, out _));
        }

        JsonNode summary = lines[3]["summary"]!;
        Assert.Equal((3, 0, 0), ((int)summary["frames"]!, (int)summary["dropped"]!, (int)summary["damaged"]!));
    }

    [Theory]
    [InlineData("yuyv", 2)]
    [InlineData("gray8", 1)]
    [InlineData("rgb24", 3)]
    public void APartialLastFrameIsTold(string format, int bytesPerPixel)
    {
        byte[] bytes = new byte[(2 * 8 * 6 * bytesPerPixel) + 5];
        Outcome outcome = EdgeVitProcess.Run(["run", model.Path, "-", "--format", format, "--size", "8x6"], bytes).Expect(0);
        Assert.Equal(2, outcome.Output.Split('\n').Count(l => l.StartsWith("-#", StringComparison.Ordinal)));
        Assert.Contains($"in the middle of a frame: 5 of {48 * bytesPerPixel} bytes", outcome.Error, StringComparison.Ordinal);
        // Less than one frame is a failure.
        EdgeVitProcess.Run(["run", model.Path, "-", "--format", format, "--size", "8x6"], bytes[..5]).Fails(1, "5 of");
        EdgeVitProcess.Run(["run", model.Path, "-", "--format", format, "--size", "8x6"], []).Fails(1, "not one whole frame");
    }

    [Fact]
    public void AStreamOfJpegsIsCutIntoFramesAndDamagedOnesAreLeftOut()
    {
        byte[] a = TestJpeg.Noise(40, 30, 1), b = TestJpeg.Noise(40, 30, 2);
        byte[] broken = [0xFF, 0xD8, 0xFF, 0xDA, 0, 2, 1, 2, 3, 0xFF, 0xD9];
        Outcome outcome = EdgeVitProcess.Run(["run", model.Path, "-", "--format", "mjpeg", "--json"], [.. a, .. broken, .. b, .. a[..100]]).Expect(0);
        JsonObject[] lines = Lines.Of(outcome.Output);
        Assert.Equal([0, 2], lines[..^1].Select(l => (int)l["sequence"]!));
        Assert.Equal((2, 2), ((int)lines[^1]["summary"]!["frames"]!, (int)lines[^1]["summary"]!["damaged"]!));
        Assert.Contains("in the middle of a JPEG", outcome.Error, StringComparison.Ordinal);

        using var folder = new TestFolder();
        string file = folder.File("b.jpg", b);
        JsonNode alone = EdgeVitProcess.Run("run", model.Path, file, "--json").Expect(0).Json["results"]![0]!["top"]!;
        Assert.True(JsonNode.DeepEquals(alone, lines[1]["top"]));

        EdgeVitProcess.Run(["run", model.Path, "-", "--format", "mjpeg"], broken).Fails(1, "not one whole frame");
        EdgeVitProcess.Run(["run", model.Path, "-", "--format", "mjpeg"], "some text"u8.ToArray()).Fails(1, "9 bytes without a JPEG");
        EdgeVitProcess.Run(["run", model.Path, "-", "--format", "mjpeg"], [.. Enumerable.Repeat(broken, 40).SelectMany(f => f)]).Fails(1, "none of the first 30 frames");
    }

    [Fact]
    public void EndsAfterTheNumberOfFrames()
    {
        JsonObject[] lines = Lines.Of(EdgeVitProcess.Run(["run", model.Path, "-", "--format", "gray8", "--size", "4x4", "--frames", "3", "--json"], new byte[4000]).Expect(0).Output);
        Assert.Equal(3, (int)lines[^1]["summary"]!["frames"]!);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void StoppingAStreamIsItsNormalEnd(string signal)
    {
        using Process process = EdgeVitProcess.Start(["run", model.Path, "-", "--format", "gray8", "--size", "4x4", "--json"]);
        process.StandardInput.BaseStream.Write(new byte[16]);
        process.StandardInput.BaseStream.Flush();
        string? first = process.StandardOutput.ReadLine();
        Assert.Contains("\"sequence\":0", first, StringComparison.Ordinal);
        EdgeVitProcess.Signal(process, signal);
        string rest = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)));
        Assert.Equal(0, process.ExitCode);
        Assert.Equal(1, (int)Lines.Of(rest).Single()["summary"]!["frames"]!);
    }

    /// <summary>Who asked for a number of frames did not get them.</summary>
    [Fact]
    public void StoppingBeforeTheNumberOfFramesIsAnInterruption()
    {
        using Process process = EdgeVitProcess.Start(["run", model.Path, "-", "--format", "gray8", "--size", "4x4", "--frames", "5"]);
        process.StandardInput.BaseStream.Write(new byte[16]);
        process.StandardInput.BaseStream.Flush();
        Assert.StartsWith("-#0", process.StandardOutput.ReadLine(), StringComparison.Ordinal);
        EdgeVitProcess.Signal(process, "INT");
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)));
        Assert.Equal(130, process.ExitCode);
    }

    [Fact]
    public void AReaderThatHasSeenEnoughEndsItQuietly()
    {
        using Process process = EdgeVitProcess.Start(["run", model.Path, "-", "--format", "gray8", "--size", "4x4", "--quiet"]);
        Stream input = process.StandardInput.BaseStream;
        input.Write(new byte[16]);
        input.Flush();
        Assert.StartsWith("-#0", process.StandardOutput.ReadLine(), StringComparison.Ordinal);
        process.StandardOutput.Close();
        try
        {
            // Until the process is gone and the pipe with it.
            for (int i = 0; i < 10_000 && !process.HasExited; i++)
            {
                input.Write(new byte[16]);
                input.Flush();
                Thread.Sleep(1);
            }
        }
        catch (IOException)
        {
            // That is the end.
        }

        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(1)));
        Assert.Equal((0, ""), (process.ExitCode, process.StandardError.ReadToEnd()));
    }

    [Fact]
    public void AProgramInPlaceOfTheCameraGivesFramesAndItsEndIsTold()
    {
        using var folder = new TestFolder();
        folder.File("a.jpg", TestJpeg.Noise(40, 30, 1));
        string script = folder.File("rpicam-vid", "#!/bin/sh\nfor i in 1 2 3 4 5; do cat \"$(dirname \"$0\")/a.jpg\"; sleep 0.2; done; echo 'the sensor fell off' >&2; exit 7\n"u8.ToArray());
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        (string, string) path = ("PATH", $"{folder.Root}:{Environment.GetEnvironmentVariable("PATH")}");
        Outcome outcome = EdgeVitProcess.Run(["run", model.Path, "rpicam", "--frames", "2", "--size", "40x30", "--json"], null, path).Expect(0);
        Assert.Equal(3, Lines.Of(outcome.Output).Length);
        Outcome ended = EdgeVitProcess.Run(["run", model.Path, "rpicam", "--json"], null, path);
        ended.Fails(1, "rpicam-vid ended with code 7: the sensor fell off");
        JsonObject[] lines = Lines.Of(ended.Output);
        // The summary comes before the error.
        Assert.True(lines[^2].ContainsKey("summary") && lines[^1].ContainsKey("error"));
    }

    [Fact]
    public void WrongUsesAreNamed()
    {
        using var folder = new TestFolder();
        string picture = folder.File("a.png", Png.Random(8, 8, 1));
        Fails(2, "needs their size", "-", "--format", "rgb24");
        Fails(2, "expected one of rgb24", "-", "--format", "bgr");
        Fails(2, "640x480", "-", "--format", "rgb24", "--size", "640");
        Fails(2, "640x480", "-", "--format", "rgb24", "--size", "0x4");
        Fails(2, "even", "-", "--format", "yuyv", "--size", "3x4");
        Fails(2, "name it alone", "camera:0", picture);
        Fails(2, "names no camera", "camera:front");
        Fails(2, "--fps is for cameras", picture, "--fps", "3");
        Fails(2, "--fps is 0", "camera:0", "--fps", "0");
        Fails(2, "--frames is 0", "camera:0", "--frames", "0");
        Fails(2, "--frames is for", picture, "--frames", "2");
        Fails(2, "--format is for", picture, "--format", "rgb24");
        Fails(2, "--watch needs a folder", picture, "--watch");
        Fails(2, "--key-frames is for clips", picture, "--key-frames");
        Fails(1, "is no video device", $"camera:{picture}");

        void Fails(int code, string said, params string[] arguments) => EdgeVitProcess.Run(["run", model.Path, .. arguments], []).Fails(code, said);
    }
}
