using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Devices;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Clips that the system's <c>ffmpeg</c> makes; skipped where there is none.</summary>
public sealed class ClipTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void AClipHasOneScoreAndATimeline()
    {
        using var folder = new TestFolder();
        string clip = Make(folder["a.mp4"], "testsrc=size=64x48:rate=10:duration=4");
        JsonObject[] lines = Lines.Of(EdgeVitProcess.Run("run", model.Path, clip, "--frames", "8", "--top", "4", "--json").Expect(0).Output);
        JsonObject result = lines[0];
        Assert.Equal((2, 8, 8), (lines.Length, (int)result["frames"]!, result["timeline"]!.AsArray().Count));
        Assert.Equal((64, 48), ((int)result["clip"]!["width"]!, (int)result["clip"]!["height"]!));
        double[] times = [.. result["timeline"]!.AsArray().Select(t => (double)t!["time"]!)];
        Assert.All(times.Select((t, i) => (t, i)), p => Assert.Equal(p.i * 0.5, p.t, 2));

        // The score is the mean of what the pictures have.
        foreach (JsonNode? top in result["top"]!.AsArray())
        {
            double mean = result["timeline"]!.AsArray().Average(t => (double)t!["top"]!.AsArray().Single(p => (int)p!["index"]! == (int)top!["index"]!)!["probability"]!);
            Assert.Equal(mean, (double)top!["probability"]!, 1e-5);
        }

        Assert.Equal((1, 8), ((int)lines[1]["summary"]!["clips"]!, (int)lines[1]["summary"]!["frames"]!));
        Outcome words = EdgeVitProcess.Run("run", model.Path, clip, "--frames", "4").Expect(0);
        Assert.Equal(["0.00 s", "1.00 s", "2.00 s", "3.00 s"], words.Output.Split('\n').Take(4).Select(l => l[..6]));
        Assert.Contains("probability", words.Output, StringComparison.Ordinal);
    }

    /// <summary>The left half is red and the right half blue. The file's degrees go against the clock: by 90, what was on the right is at the top.</summary>
    [Theory]
    [InlineData(90)]
    [InlineData(270)]
    public void ATurnedClipIsTurnedUpright(int rotation)
    {
        using var folder = new TestFolder();
        string upright = Make(folder["a.mp4"], "color=red:size=32x48:rate=5:duration=1[l];color=blue:size=32x48:rate=5:duration=1[r];[l][r]hstack");
        string turned = folder["turned.mp4"];
        Ffmpeg("-i", upright, "-c", "copy", "-metadata:s:v", string.Create(CultureInfo.InvariantCulture, $"rotate={rotation}"), turned);
        ClipInfo info = ClipInfo.Read(turned, TestContext.Current.CancellationToken);
        Assert.SkipUnless((info.Width, info.Height) == (48, 64), "this ffmpeg writes no rotation by a tag");
        JsonObject answer = FfmpegProgram.Probe(turned, ["-show_entries", "stream_side_data=rotation"], TestContext.Current.CancellationToken);
        bool redAtTop = (int)answer["streams"]![0]!["side_data_list"]![0]!["rotation"]! is -90 or 270;
        byte[]? pixels = null;
        new ClipFrames(turned, info, TestContext.Current.CancellationToken).Read(1, keyFrames: false, image => pixels = [.. image.Pixels]);
        (byte topRed, byte topBlue) = (pixels![0], pixels[2]);
        Assert.Equal(redAtTop, topRed > 200 && topBlue < 50);
        Assert.Equal(!redAtTop, topRed < 50 && topBlue > 200);
    }

    /// <summary>Each half is as wide as its pixels say.</summary>
    [Fact]
    public void PixelsThatAreNotSquareAreMadeSo()
    {
        using var folder = new TestFolder();
        string clip = Make(folder["a.mkv"], "testsrc=size=40x40:rate=5:duration=1,setsar=2");
        ClipInfo info = ClipInfo.Read(clip, TestContext.Current.CancellationToken);
        Assert.Equal((80, 40), (info.Width, info.Height));
        // The bound is on the pixels that it comes to.
        EdgeVitProcess.Run(["run", model.Path, clip], null, ("EDGEVIT_MAX_PIXELS", "3000")).Fails(1, "80 x 40 pixels", "EDGEVIT_MAX_PIXELS");
    }

    /// <summary>The picture's brightness tells the time: 20 levels a second.</summary>
    [Theory]
    [InlineData("a.mp4", "")]
    [InlineData("a.mkv", ",setpts='if(lt(N,30),N,3*N-60)/10/TB'")]
    public void PicturesAreOfTheTimesThatAreSaid(string name, string timing)
    {
        using var folder = new TestFolder();
        string clip = Make(folder[name], "color=black:size=32x32:rate=10:duration=10,format=gray,geq=lum='16+N*2'" + timing, "-fps_mode", "vfr", "-g", "10");
        ClipInfo info = ClipInfo.Read(clip, TestContext.Current.CancellationToken);
        foreach (bool keyFrames in (bool[])[false, true])
        {
            var levels = new List<int>();
            IReadOnlyList<double> times = new ClipFrames(clip, info, TestContext.Current.CancellationToken).Read(5, keyFrames, image => levels.Add(image.Pixels[0]));
            Assert.InRange(times.Count, 4, 5);
            for (int i = 0; i < times.Count; i++)
            {
                double frame = (levels[i] * 219 / 255.0) / 2, time = timing.Length == 0 || frame < 29.5 ? frame / 10 : ((3 * frame) - 60) / 10;
                Assert.InRange(times[i], time - 0.25, time + 0.25);
                Assert.InRange(times[i], i * info.Seconds!.Value / 5, ((i + 1) * info.Seconds.Value / 5) + 0.01);
            }
        }
    }

    /// <summary>Far apart, pictures are sought one by one.</summary>
    [Fact]
    public void ALongClipGivesTheSameEvenTimes()
    {
        using var folder = new TestFolder();
        string clip = Make(folder["a.mkv"], "color=black:size=32x32:rate=2:duration=60,format=gray,geq=lum='16+N'", "-g", "20");
        ClipInfo info = ClipInfo.Read(clip, TestContext.Current.CancellationToken);
        var levels = new List<double>();
        IReadOnlyList<double> times = new ClipFrames(clip, info, TestContext.Current.CancellationToken).Read(4, keyFrames: false, image => levels.Add(image.Pixels[0] * 219 / 255.0 / 2));
        Assert.Equal([0, 15, 30, 45], times.Select(t => Math.Round(t, 1)));
        Assert.All(levels.Zip(times), p => Assert.InRange(p.First, p.Second - 0.6, p.Second + 0.6));
    }

    [Theory]
    [InlineData("33x47", "yuv444p", 33, 47)]
    [InlineData("2x2", "yuv420p", 2, 2)]
    public void OddSizesAndSinglePicturesAreRead(string size, string format, int width, int height)
    {
        using var folder = new TestFolder();
        string clip = Make(folder["one.avi"], $"testsrc=size={size}:rate=25,trim=end_frame=1,format={format}", "-c:v", "ffv1");
        JsonObject result = Lines.Of(EdgeVitProcess.Run("run", model.Path, clip, "--json").Expect(0).Output)[0];
        Assert.Equal((1, width, height), ((int)result["frames"]!, (int)result["clip"]!["width"]!, (int)result["clip"]!["height"]!));
    }

    [Fact]
    public void ACutOffClipGivesWhatItHasAndIsTold()
    {
        using var folder = new TestFolder();
        byte[] whole = File.ReadAllBytes(Make(folder["a.mp4"], "testsrc2=size=160x120:rate=10:duration=8", "-movflags", "+faststart"));
        string cut = folder.File("cut.mp4", whole[..(whole.Length / 2)]);
        Outcome outcome = EdgeVitProcess.Run("run", model.Path, cut, "--frames", "8", "--json").Expect(0);
        JsonObject result = Lines.Of(outcome.Output)[0];
        Assert.InRange((int)result["frames"]!, 2, 7);
        Assert.NotNull((string?)result["complaint"]);
        Assert.Contains("ffmpeg:", outcome.Error, StringComparison.Ordinal);
        // The index comes last where it is not asked for first.
        byte[] indexLast = File.ReadAllBytes(Make(folder["b.mp4"], "testsrc2=size=160x120:rate=10:duration=2"));
        string nothing = folder.File("nothing.mp4", indexLast[..(indexLast.Length / 2)]);
        EdgeVitProcess.Run("run", model.Path, nothing).Fails(1, "nothing.mp4", "no clip that ffmpeg reads", "copied to its end");
    }

    [Fact]
    public void WhatIsNoClipIsRefused()
    {
        using var folder = new TestFolder();
        string good = Make(folder["good.mp4"], "testsrc=size=64x48:rate=10:duration=1");
        string audio = folder["audio.mp4"];
        Ffmpeg("-f", "lavfi", "-i", "sine=duration=1", audio);
        EdgeVitProcess.Run("run", model.Path, audio).Fails(1, "has no video stream");
        string text = folder.File("text.mp4", "this is no clip"u8.ToArray());
        EdgeVitProcess.Run("run", model.Path, text).Fails(1, "text.mp4", "no clip that ffmpeg reads");
        EdgeVitProcess.Run("run", model.Path, folder.File("empty.mkv", [])).Fails(1, "empty.mkv", "no clip that ffmpeg reads");
        // A list that names another file is no clip, though ffmpeg would follow it.
        string list = folder.File("list.mp4", System.Text.Encoding.UTF8.GetBytes($"ffconcat version 1.0\nfile '{good}'\n"));
        EdgeVitProcess.Run("run", model.Path, list).Fails(1, "list.mp4", "no clip that ffmpeg reads");
        string playlist = folder.File("playlist.mp4", System.Text.Encoding.UTF8.GetBytes($"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:{good}\n#EXT-X-ENDLIST\n"));
        EdgeVitProcess.Run("run", model.Path, playlist).Fails(1, "playlist.mp4", "no clip that ffmpeg reads");
        EdgeVitProcess.Run("run", model.Path, folder["none.mp4"]).Fails(1, "no such file");
        EdgeVitProcess.Run(["run", model.Path, good], null, ("EDGEVIT_MAX_PIXELS", "1000")).Fails(1, "64 x 48 pixels", "EDGEVIT_MAX_PIXELS");

        Outcome some = EdgeVitProcess.Run("run", model.Path, text, good, audio, "--skip-bad", "--json").Expect(0);
        JsonObject[] lines = Lines.Of(some.Output);
        Assert.Equal((1, 2), ((int)lines[^1]["summary"]!["clips"]!, (int)lines[^1]["summary"]!["failed"]!));
        EdgeVitProcess.Run("run", model.Path, good, folder.File("a.png", Png.Random(8, 8, 1))).Fails(2, "1 clips and 1 images");
    }

    [Fact]
    public void NamesAreNeitherOptionsNorAddresses()
    {
        using var folder = new TestFolder();
        string clip = Make(folder["a.mp4"], "testsrc=size=64x48:rate=10:duration=1");
        foreach (string name in (string[])["-y.mp4", "http:--x.mp4", "a b'c%d;e.mp4", "concat:a.mp4"])
        {
            folder.File($"clips/{name}", File.ReadAllBytes(clip));
        }

        Outcome all = EdgeVitProcess.Run("run", model.Path, folder["clips"], "--frames", "2").Expect(0);
        Assert.Equal(4, all.Output.Split('\n').Count(l => l.EndsWith("  2 frames", StringComparison.Ordinal)));
    }

    [Fact]
    public void WithoutFfmpegTheMessageSaysWhatToInstall()
    {
        using var folder = new TestFolder();
        string clip = folder.File("a.mp4", [1, 2, 3]);
        // A PATH with what the command itself needs, and nothing else.
        using var links = new TestFolder();
        foreach (string tool in (string[])["dotnet", "bash", "sh", "dirname", "uname", "grep", "readlink"])
        {
            if (PipedProgram.Find(tool) is { } file)
            {
                File.CreateSymbolicLink(links[tool], file);
            }
        }

        EdgeVitProcess.Run(["run", model.Path, clip], null, ("PATH", links.Root)).Fails(4, "ffprobe, which is not in PATH", "apt-get install ffmpeg");
    }

    private static string Make(string file, string source, params string[] options)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        Ffmpeg(["-f", "lavfi", "-i", source, .. options, file]);
        return file;
    }

    private static void Ffmpeg(params string[] arguments)
    {
        string? program = PipedProgram.Find("ffmpeg");
        Assert.SkipUnless(program is not null && PipedProgram.Find("ffprobe") is not null, "there is no ffmpeg here");
        using Process process = Process.Start(new ProcessStartInfo(program, ["-nostdin", "-v", "error", "-y", .. arguments]) { RedirectStandardError = true })!;
        string errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, errors);
    }
}
