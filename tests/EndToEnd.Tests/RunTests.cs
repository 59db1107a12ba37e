using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

public sealed class RunTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void ClassifiesAnImage()
    {
        using var folder = new TestFolder();
        string picture = folder.File("a.png", Png.Random(40, 60, 1));
        JsonObject json = EdgeVitProcess.Run("run", model.Path, picture, "--top", "2", "--json").Expect(0).Json;
        JsonArray top = json["results"]![0]!["top"]!.AsArray();
        Assert.Equal(2, top.Count);
        Assert.Equal(SmallModel.Labels[(int)top[0]!["index"]!], (string)top[0]!["label"]!);
        Assert.InRange((double)top[0]!["probability"]!, (double)top[1]!["probability"]!, 1.0);
        Assert.True((double)json["results"]![0]!["timing"]!["inference_ms"]! > 0);

        // The command and the library give the same answer.
        using EvitModel library = EvitModel.Open(model.Path);
        using Session session = library.CreateSession();
        var pipeline = new PreprocessPipeline(library.Preprocess);
        byte[] pixels = new byte[pipeline.Length];
        pipeline.ToPixels(ImageDecoder.DecodeFile(picture), pixels);
        float[] logits = new float[library.Classes];
        session.RunNhwc(pixels, logits);
        Assert.Equal(Array.IndexOf(logits, logits.Max()), (int)top[0]!["index"]!);
    }

    [Fact]
    public void ReadsAFolderAPatternAndStandardInput()
    {
        using var folder = new TestFolder();
        folder.Images("pictures", 2, "x", "y");
        Assert.Equal(4, EdgeVitProcess.Run("run", model.Path, folder["pictures"], "--json").Expect(0).Json["results"]!.AsArray().Count);
        Assert.Equal(2, EdgeVitProcess.Run("run", model.Path, folder["pictures/*/01.png"], "--json").Expect(0).Json["results"]!.AsArray().Count);
        Assert.Equal(4, EdgeVitProcess.Run("run", model.Path, folder["pictures/**"], "--json").Expect(0).Json["results"]!.AsArray().Count);
        Outcome piped = EdgeVitProcess.Run(["run", model.Path, "-"], Png.Random(32, 32, 5)).Expect(0);
        Assert.Contains("probability", piped.Output, StringComparison.Ordinal);
    }

    /// <summary>Who waits for the rest of a picture on standard input.</summary>
    [Fact]
    public void AWaitForStandardInputEndsAtTheFirstSignal()
    {
        using Process process = EdgeVitProcess.Start(["run", model.Path, "-"]);
        // More than a pipe holds: it has begun to read.
        process.StandardInput.BaseStream.Write(new byte[1 << 20]);
        process.StandardInput.BaseStream.Flush();
        EdgeVitProcess.Signal(process, "INT");
        if (!process.WaitForExit(TimeSpan.FromMinutes(1)))
        {
            process.Kill();
        }

        Assert.Equal(130, process.ExitCode);
    }

    [Fact]
    public void RunsAnExactTensorAndPrintsItsLogits()
    {
        using var folder = new TestFolder();
        float[] input = RandomNetwork.Images(model.Config, 2, seed: 9);
        string file = folder["input.safetensors"];
        SafetensorsWriter.Write(file, [new FloatTensor("image", [2, 3, 32, 32], input), new FloatTensor("other", [1], [0])]);

        JsonObject json = EdgeVitProcess.Run("run", model.Path, "--tensor", $"{file}:image", "--json").Expect(0).Json;
        using EvitModel library = EvitModel.Open(model.Path);
        using Session session = library.CreateSession();
        float[] logits = new float[2 * library.Classes];
        session.RunNchw(input, logits);
        Assert.Equal(logits, json["logits"]!.AsArray().SelectMany(row => row!.AsArray().Select(v => (float)v!)));

        EdgeVitProcess.Run("run", model.Path, "--tensor", file).Fails(2, "2 tensors", "image");
        EdgeVitProcess.Run("run", model.Path, "--tensor", $"{file}:nothing").Fails(1, "no tensor 'nothing'");
        EdgeVitProcess.Run("run", model.Path, "--tensor", $"{file}:other").Fails(1, "shape [1]", "[n, 3, 32, 32]");
    }

    [Fact]
    public void SaysWhatIsWrongWithItsInputs()
    {
        using var folder = new TestFolder();
        byte[] good = Png.Random(32, 32, 1);
        string text = folder.File("notes.png", "no picture"u8.ToArray());
        string cut = folder.File("cut.png", good[..(good.Length / 2)]);
        EdgeVitProcess.Run("run", model.Path, folder["none.png"]).Fails(1, "none.png", "no such file");
        EdgeVitProcess.Run("run", model.Path, text).Fails(1, "notes.png", "not a PNG, JPEG, WebP, BMP or GIF but a text that starts with 'no picture'");
        EdgeVitProcess.Run("run", model.Path, cut).Fails(1, "cut.png");
        EdgeVitProcess.Run("run", model.Path, folder["*.jpg"]).Fails(1, "no file matches");
        EdgeVitProcess.Run("run", model.Path, "camera:4711").Fails(4, "there is no /dev/video4711");
        EdgeVitProcess.Run("run", model.Path, text, "--top", "0").Fails(2, "--top is 0");
        EdgeVitProcess.Run("run", model.Path, text, "--threads", "0").Fails(2, "--threads is 0");
        Directory.CreateDirectory(folder["empty"]);
        EdgeVitProcess.Run("run", model.Path, folder["empty"]).Fails(1, "no PNG, JPEG, WebP, BMP or GIF");
    }

    [Fact]
    public void LeavesBadImagesOutWhenAsked()
    {
        using var folder = new TestFolder();
        folder.Images("pictures", 1, "x");
        folder.File("pictures/x/bad.png", [1, 2, 3]);
        EdgeVitProcess.Run("run", model.Path, folder["pictures"]).Fails(1, "bad.png");
        JsonObject json = EdgeVitProcess.Run("run", model.Path, folder["pictures"], "--skip-bad", "--json").Expect(0).Json;
        Assert.Single(json["results"]!.AsArray());
        Assert.Equal(1, (int)json["skipped"]!);
    }

    /// <summary>What cannot be read is named, wherever it stands, and the rest is classified all the same.</summary>
    [Fact]
    public void GoesOnAfterABadPictureAndFailsAtTheEnd()
    {
        using var folder = new TestFolder();
        string first = folder.File("a.png", Png.Random(32, 32, 1)), last = folder.File("z.png", Png.Random(32, 32, 2));
        string cut = folder.File("cut.png", Png.Random(32, 32, 3)[..200]), text = folder.File("text.png", "no picture"u8.ToArray());
        string[] sources = ["run", model.Path, first, cut, folder["none.png"], folder["*.gif"], text, last];

        Outcome plain = EdgeVitProcess.Run(sources).Expect(1);
        Assert.Equal([first, last], plain.Output.TrimEnd().Split('\n').Select(l => l.Split("  ")[0]));
        plain.Fails(1, "cut.png", "none.png: no such file", "*.gif: no file matches", "text.png: not a PNG", "4 of 6 images could not be read");

        JsonObject json = EdgeVitProcess.Run([.. sources, "--json"]).Expect(1).Json;
        Assert.Equal([first, last], json["results"]!.AsArray().Select(r => (string)r!["source"]!));
        Assert.Equal([folder["none.png"], folder["*.gif"], cut, text], json["bad"]!.AsArray().Select(b => (string)b!["source"]!));
        Assert.Equal(4, (int)json["skipped"]!);

        Assert.Equal(2, EdgeVitProcess.Run([.. sources, "--skip-bad", "--json"]).Expect(0).Json["results"]!.AsArray().Count);
        Outcome fast = EdgeVitProcess.Run("run", model.Path, first, cut, last, "--fail-fast");
        fast.Fails(1, "cut.png");
        Assert.Single(fast.Output.TrimEnd().Split('\n'));
        EdgeVitProcess.Run("run", model.Path, first, "--fail-fast", "--skip-bad").Fails(2, "--skip-bad", "--fail-fast");

        // One object also where nothing could be read.
        JsonObject none = EdgeVitProcess.Run("run", model.Path, cut, text, "--json").Expect(1).Json;
        Assert.Empty(none["results"]!.AsArray());
        Assert.Equal(1, (int)EdgeVitProcess.Run("run", model.Path, cut, "--json").Expect(1).Json["exitCode"]!);

        // The same where no source is there, each named once, and of braces each that is not there.
        Outcome gone = EdgeVitProcess.Run("run", model.Path, folder["no.png"], folder["none.png"], "--json").Expect(1);
        Assert.Equal([folder["no.png"], folder["none.png"]], gone.Json["bad"]!.AsArray().Select(b => (string)b!["source"]!));
        Assert.Single(gone.Error.Split("no.png: no such file")[1..]);
        Assert.Contains("none of the 2 images could be read", gone.Error, StringComparison.Ordinal);
        JsonObject braces = EdgeVitProcess.Run("run", model.Path, $"{{{first},{folder["no.png"]}}}", "--json").Expect(1).Json;
        Assert.Equal((1, folder["no.png"]), (braces["results"]!.AsArray().Count, (string)braces["bad"]![0]!["source"]!));
    }

    [Theory]
    [InlineData("1,000")]
    [InlineData("1e6")]
    [InlineData("-1")]
    [InlineData("0")]
    [InlineData("NaN")]
    [InlineData(" 5")]
    public void AVariableThatIsNoNumberIsAWrongUsage(string value)
    {
        using var folder = new TestFolder();
        string picture = folder.File("a.png", Png.Random(32, 32, 1));
        EdgeVitProcess.Run(["run", model.Path, picture, picture], null, ("EDGEVIT_MAX_PIXELS", value)).Fails(2, $"EDGEVIT_MAX_PIXELS: '{value}' is no number");
    }

    [Fact]
    public void AForcedKernelThatDoesNotExistIsNotSupported() =>
        EdgeVitProcess.Run(["inspect", model.Path], null, ("EDGEVIT_KERNEL", "mmx")).Fails(4, "mmx");
}
