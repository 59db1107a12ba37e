using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Cli;
using EdgeVit.Devices;
using EdgeVit.Export;
using EdgeVit.Export.Onnx;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Faces out of clips that the system's <c>ffmpeg</c> makes; skipped where there is none.</summary>
public sealed class FaceClipTests(SmallModel model) : IClassFixture<SmallModel>
{
    private const string Half = "color=gray:size=128x128:rate=4:duration=2";

    [Fact]
    public void AClipIsScoredByItsFaces()
    {
        using var folder = new TestFolder();
        string detector = Detector(folder), clip = Clip(folder, "a.mkv", "drawbox=x=56:y=64:w=24:h=24:color=red:t=fill:enable='gte(t,1)'");
        foreach (string aggregate in (string[])["mean", "max"])
        {
            JsonObject result = Run("run", model.Path, clip, "--faces", detector, "--aggregate", aggregate, "--frames", "8", "--top", "4", "--json", "--crops", folder["crops"])[0];
            JsonArray timeline = result["timeline"]!.AsArray();
            Assert.Equal((4, 4, 4, 0), (timeline.Count, (int)result["faces"]!["with"]!, (int)result["faces"]!["without"]!, (int)result["faces"]!["several"]!));
            Assert.All(timeline, t =>
            {
                Assert.True((double)t!["time"]! >= 0.99);
                Assert.All(new[] { 56.0, 64, 24, 24 }.Zip(t["face"]!.AsArray()), p => Assert.Equal(p.First, (double)p.Second!, 1.0));
            });
            foreach (JsonNode? top in result["top"]!.AsArray())
            {
                double[] own = [.. timeline.Select(t => (double)t!["top"]!.AsArray().Single(p => (int)p!["index"]! == (int)top!["index"]!)!["probability"]!)];
                Assert.Equal(aggregate == "max" ? own.Max() : own.Average(), (double)top!["probability"]!, 1e-5);
            }
        }

        // What was classified lies in the folder of crops, and gives the same answers.
        string[] crops = [.. Directory.GetFiles(folder["crops"]).Order(StringComparer.Ordinal)];
        Assert.Equal(["a-0004.png", "a-0005.png", "a-0006.png", "a-0007.png"], crops.Select(c => Path.GetFileName(c)));
        JsonObject again = Run("run", model.Path, clip, "--faces", detector, "--frames", "8", "--top", "4", "--json")[0];
        JsonNode pictures = JsonNode.Parse(EdgeVitProcess.Run(["run", model.Path, .. crops, "--top", "4", "--json"]).Expect(0).Output)!;
        Assert.Equal(again["timeline"]!.AsArray().Select(t => t!["top"]!.ToJsonString()), pictures["results"]!.AsArray().Select(r => r!["top"]!.ToJsonString()));
    }

    [Fact]
    public void FoldersThatNameClassesAreCompared()
    {
        using var folder = new TestFolder();
        string detector = Detector(folder);
        string[] labels = [.. SmallModel.Labels.Take(2)];
        foreach ((string label, int number) in labels.SelectMany(l => Enumerable.Range(0, 2).Select(i => (l, i))))
        {
            Directory.CreateDirectory(folder[$"clips/{label}"]);
            Clip(folder, $"clips/{label}/{number}.mkv", string.Create(CultureInfo.InvariantCulture, $"drawbox=x={16 + (40 * number)}:y=16:w=24:h=24:color=red:t=fill,drawbox=x=0:y=100:w=128:h=28:color={(number == 0 ? "blue" : "white")}:t=fill"));
        }

        Directory.CreateDirectory(folder[$"clips/{labels[0]}"]);
        Clip(folder, $"clips/{labels[0]}/dark.mkv", "null");
        Outcome outcome = EdgeVitProcess.Run("run", model.Path, folder["clips"], "--faces", detector, "--positive", labels[1], "--frames", "2", "--json");
        outcome.Fails(1, "dark.mkv: no face was found in any of 2 pictures", "1 of 5 clips could not be read");
        JsonObject[] lines = Lines.Of(outcome.Output);
        JsonObject classes = lines[^1]["summary"]!["classes"]!.AsObject();
        Assert.Equal((4, labels[1]), ((int)classes["clips"]!, (string?)classes["positive"]));

        // By hand from the lines of the clips.
        (string Class, double Score, string Best)[] clips = [.. lines.Where(l => l["score"] is not null).Select(l => (Path.GetFileName(Path.GetDirectoryName((string)l["source"]!))!, (double)l["score"]!, (string)l["top"]![0]!["label"]!))];
        Assert.Equal(4, clips.Length);
        Assert.Equal(clips.Count(c => c.Best == c.Class), (int)classes["right"]!);
        double[] ours = [.. clips.Where(c => c.Class == labels[1]).Select(c => c.Score)], others = [.. clips.Where(c => c.Class == labels[0]).Select(c => c.Score)];
        double wins = ours.Sum(o => others.Sum(x => o > x ? 1.0 : o == x ? 0.5 : 0));
        Assert.Equal(wins / 4, (double)classes["auc"]!, 1e-5);

        Outcome words = EdgeVitProcess.Run("run", model.Path, folder["clips"], "--faces", detector, "--positive", labels[1], "--frames", "2", "--skip-bad").Expect(0);
        Assert.Contains($"AUC of '{labels[1]}'", words.Output, StringComparison.Ordinal);
        Assert.Contains("of 4 clips right", words.Output, StringComparison.Ordinal);
    }

#if TRAINING
    /// <summary>From clips to a model of their classes: faces cut out by a model of other classes, taught by an ONNX network, and the clips scored by what was trained.</summary>
    [Fact]
    public void FacesOfClipsAreTrainedOnWithATeacher()
    {
        using var folder = new TestFolder();
        string detector = Detector(folder);
        foreach ((string label, string part, string colour) in ((string, string, string)[])[("real", "a", "blue"), ("real", "b", "blue"), ("fake", "a", "lime"), ("fake", "b/fake", "lime")])
        {
            Directory.CreateDirectory(folder[$"clips/{part}/{label}"]);
            Clip(folder, $"clips/{part}/{label}/1.mkv", $"drawbox=x=50:y=50:w=24:h=24:color=red:t=fill,drawbox=x=46:y=76:w=32:h=4:color={colour}:t=fill");
        }

        EdgeVitProcess.Run("run", model.Path, folder["clips"], "--faces", detector, "--frames", "8", "--crops", folder["faces"]).Expect(0);
        Assert.Equal(["fake", "real"], Directory.GetDirectories(folder["faces"]).Select(d => Path.GetFileName(d)).Order());
        // Both clips of a class have the same name.
        Assert.All(["fake", "real"], l => Assert.Equal(16, Directory.GetFiles(folder[$"faces/{l}"]).Length));

        File.WriteAllBytes(folder["cvit.onnx"], new ColourOnnx
        {
            Outputs = (graph, logits) => graph.Output(
                graph.Named("MatMul", "classes", [logits, graph.Constant("two", (float[])[1, 0, 0, 1, -1, 0, 0, -1], ColourOnnx.Classes, 2)]), OnnxType.Float, -1, 2),
        }.Bytes());
        File.WriteAllText(folder["tiny.json"], ConfigJson.Write(new BinaryViTConfig("tiny", ImageSize: 16, PatchSize: 4, [new StageConfig(1, 32, 64, 1, 1)], Classes: 2)));
        EdgeVitProcess.Run(
            "convert", "--data", folder["faces"], "--teacher", folder["cvit.onnx"], "--out", folder["run"], "--student", folder["tiny.json"], "--epochs", "2", "--batch", "8", "--parity-images", "1").Expect(0);
        JsonObject[] lines = Run("run", folder["run"], folder["clips"], "--faces", detector, "--positive", "fake", "--frames", "2", "--json");
        Assert.Equal((4, "fake"), ((int)lines[^1]["summary"]!["classes"]!["clips"]!, (string?)lines[^1]["summary"]!["classes"]!["positive"]));
    }
#endif

    [Fact]
    public void TwoFacesAndMistakesAreSaid()
    {
        using var folder = new TestFolder();
        string detector = Detector(folder), clip = Clip(folder, "a.mkv", "drawbox=x=16:y=16:w=24:h=24:color=red:t=fill,drawbox=x=80:y=80:w=24:h=24:color=red:t=fill");
        Outcome two = EdgeVitProcess.Run("run", model.Path, clip, "--faces", detector, "--frames", "2").Expect(0);
        Assert.Contains("2 have several, of which the largest counts", two.Error, StringComparison.Ordinal);
        EdgeVitProcess.Run("run", model.Path, clip, "--faces", folder["none.onnx"]).Fails(2, "--faces", "none.onnx: no such file");
        File.WriteAllBytes(folder["c.onnx"], new ColourOnnx().Bytes());
        EdgeVitProcess.Run("run", model.Path, clip, "--faces", folder["c.onnx"]).Fails(2, "--faces", "no face detector", "'scores'");
        EdgeVitProcess.Run("run", model.Path, clip, "--positive", "nobody").Fails(2, "--positive nobody", "no such class", SmallModel.Labels[0]);
        EdgeVitProcess.Run("run", model.Path, clip, "--crops", folder["x"]).Fails(2, "--crops", "--faces");
    }

    /// <summary>Whatever is no clip: a picture, a folder of them, standard input, a camera, a folder that is watched.</summary>
    [Fact]
    public void OptionsOfClipsAreRefusedForOtherSources()
    {
        using var folder = new TestFolder();
        string detector = Detector(folder);
        string picture = folder.File("pictures/a.png", Png.Encode(8, 8, new byte[8 * 8 * 3]));
        string[][] options = [["--aggregate", "mean"], ["--aggregate", "max"], ["--faces", detector], ["--positive", SmallModel.Labels[0]], ["--crops", folder["c"], "--faces", detector]];
        foreach (string[] option in options)
        {
            EdgeVitProcess.Run(["run", model.Path, picture, .. option]).Fails(2, option[0] == "--crops" ? "--faces" : option[0], "is for clips");
        }

        foreach (string[] source in (string[][])[[folder["pictures"]], [folder["pictures/*.png"]], ["-"], ["-", "--format", "rgb24", "--size", "8x8"], ["camera:0"], [folder["pictures"], "--watch"]])
        {
            EdgeVitProcess.Run(["run", model.Path, .. source, "--aggregate", "mean"]).Fails(2, "--aggregate is for clips");
        }

        Assert.False(Directory.Exists(folder["c"]));
    }

    /// <summary>The area by counting pairs, against the ranks' sum (Mann and Whitney 1947).</summary>
    [Fact]
    public void TheAreaIsThatOfTheRanks()
    {
        var random = new Random(3);
        for (int trial = 0; trial < 100; trial++)
        {
            var table = new ClipTable(["no", "yes"], null);
            (int Class, double Score)[] clips = [.. Enumerable.Range(0, random.Next(2, 30)).Select(i => (i < 2 ? i : random.Next(2), random.Next(10) / 10.0))];
            foreach ((int label, double score) in clips)
            {
                table.Add(label, [1 - score, score]);
            }

            double[] sorted = [.. clips.Select(c => c.Score).Order()];
            double ranks = clips.Where(c => c.Class == 1).Sum(c => (Array.IndexOf(sorted, c.Score) + Array.LastIndexOf(sorted, c.Score)) / 2.0 + 1);
            int ours = clips.Count(c => c.Class == 1), others = clips.Length - ours;
            Assert.Equal((ranks - (ours * (ours + 1) / 2.0)) / (ours * others), table.Area()!.Value, 10);
        }

        Assert.Null(new ClipTable(["a", "b", "c"], null).Area());
    }

    private static JsonObject[] Run(params string[] arguments) => Lines.Of(EdgeVitProcess.Run(arguments).Expect(0).Output);

    private static string Detector(TestFolder folder)
    {
        File.WriteAllBytes(folder["faces.onnx"], TemplateDetector.Blaze(whole: true));
        return folder["faces.onnx"];
    }

    private static string Clip(TestFolder folder, string name, string filter)
    {
        Assert.SkipUnless(PipedProgram.Find("ffmpeg") is not null, "there is no ffmpeg here");
        using Process process = Process.Start("ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", $"{Half},{filter}", "-c:v", "ffv1", "-pix_fmt", "yuv444p", folder[name]]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return folder[name];
    }
}
