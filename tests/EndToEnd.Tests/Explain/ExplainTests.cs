using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EdgeVit.Cli;
using EdgeVit.Export;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The verb as a person uses it, and what it refuses.</summary>
public sealed class ExplainTests(SmallModel model) : IClassFixture<SmallModel>, IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void APhotoBecomesAPageAndNumbers()
    {
        string photo = _folder.File("a <b>&'.png", Png.Random(64, 48, 4)), page = _folder["page.html"];
        JsonObject json = EdgeVitProcess.Run("explain", model.Path, photo, "--class", "cow", "--grid", "5", "--out", page, "--json").Expect(0).Json;
        JsonNode found = Assert.Single(json["photos"]!.AsArray())!;
        Assert.True((bool)found["logits_equal"]!);
        JsonArray top = EdgeVitProcess.Run("run", model.Path, photo, "--json").Expect(0).Json["results"]![0]!["top"]!.AsArray();
        Assert.Equal((string)top[0]!["label"]!, (string)found["top"]![0]!["label"]!);
        JsonArray classes = found["occlusion"]!["classes"]!.AsArray();
        Assert.Equal(SmallModel.Labels.Order(), classes.Select(c => (string)c!["label"]!).Order());
        Assert.All(classes, c => Assert.Equal(25, c!["drops"]!.AsArray().Count));
        Assert.All(classes, c => Assert.Equal(c!["drops"]!.AsArray().Max(d => (double)d!), (double)c["peak"]!["drop"]!, 1e-9));
        // Two layers: 8 x 8 queries of keys on half of the grid, then 4 x 4 of each other.
        JsonArray layers = found["attention"]!.AsArray();
        Assert.Equal([(64, 16, 1), (16, 16, 2)], layers.Select(l => (Tokens(l!["queries"]!), Tokens(l["keys"]!), l["heads"]!.AsArray().Count)));
        foreach (JsonNode? layer in layers)
        {
            byte[] bits = Convert.FromBase64String((string)layer!["bits"]!);
            int pairs = Tokens(layer["queries"]!) * Tokens(layer["keys"]!);
            Assert.Equal(layer["heads"]!.AsArray().Count * pairs / 8, bits.Length);
            for (int head = 0; head < layer["heads"]!.AsArray().Count; head++)
            {
                double share = (double)bits.Skip(head * pairs / 8).Take(pairs / 8).Sum(b => System.Numerics.BitOperations.PopCount(b)) / pairs;
                Assert.Equal(share, (double)layer["heads"]![head]!["keys_on"]!, 1e-4);
            }
        }

        string html = File.ReadAllText(page);
        Assert.Equal(Path.GetFullPath(page), (string)json["html"]!);
        Assert.Contains("a &lt;b&gt;&amp;&#39;.png", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>&'", html, StringComparison.Ordinal);
        Assert.Contains("bit for bit", html, StringComparison.Ordinal);
        Assert.Contains("Activation maximisation", html, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
        Assert.All(Regex.Matches(html, "(?:href|src)=\"([^\"]*)\""), m => Assert.Matches("^(#|data:)", m.Groups[1].Value));
        Assert.InRange(html.Length, 10_000, 1_000_000);
        // A page of its own may be replaced.
        EdgeVitProcess.Run("explain", model.Path, photo, "--grid", "4", "--fill", "grey", "--out", page).Expect(0);
    }

    [Fact]
    public void DataAreToldMistakesFirst()
    {
        string data = _folder.Images("data", 6, SmallModel.Labels), page = _folder["page.html"];
        JsonObject json = EdgeVitProcess.Run("explain", model.Path, "--data", data, "--limit", "20", "--grid", "4", "--channels", "2", "--out", page, "--json").Expect(0).Json;
        JsonNode told = json["data"]!;
        JsonObject validated = EdgeVitProcess.Run("validate", model.Path, "--data", data, "--limit", "20", "--json").Expect(0).Json;
        Assert.Equal((double)validated["top1"]!, (double)told["top1"]!, 1e-3);
        Assert.Equal(20, told["confusion"]!.AsArray().Sum(c => (int)c!["images"]!));
        foreach (JsonNode? c in validated["classes"]!.AsArray())
        {
            JsonNode?[] row = [.. told["confusion"]!.AsArray().Where(r => (string)r!["label"]! == (string)c!["label"]!)];
            Assert.Equal((int)c!["images"]!, row.Sum(r => (int)r!["images"]!));
            Assert.Equal((int)c["correct"]!, row.Where(r => (string)r!["predicted"]! == (string)c["label"]!).Sum(r => (int)r!["images"]!));
        }

        double[] mistakes = [.. told["mistakes"]!.AsArray().Select(m => (double)m!["probability"]!)];
        Assert.Equal(20 - (int)told["correct"]!, mistakes.Length);
        Assert.Equal(mistakes.OrderDescending(), mistakes);
        Assert.Equal(4, told["channels"]!.AsArray().Count);
        Assert.All(told["channels"]!.AsArray(), c => Assert.Equal(9, c!["images"]!.AsArray().Count));
        // Noise above the diagonal's radius is none: the last entry is the pictures as they are.
        Assert.Equal((int)told["correct"]!, (int)told["low_pass"]!.AsArray()[^1]!["correct"]!);
        Assert.Equal(2, json["photos"]!.AsArray().Count);
        string html = File.ReadAllText(page);
        Assert.Contains("Confusion matrix", html, StringComparison.Ordinal);
        Assert.Contains("class=\"gallery\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutAPageNothingIsWritten()
    {
        string photo = _folder.File("a.png", Png.Random(40, 40, 1));
        string[] before = [.. Directory.EnumerateFileSystemEntries(_folder.Root)];
        Assert.Null(EdgeVitProcess.Run("explain", model.Path, photo, "--grid", "4", "--json").Expect(0).Json["html"]);
        Assert.Equal(before, Directory.EnumerateFileSystemEntries(_folder.Root));
    }

    [Fact]
    public void WhatCannotBeIsToldAndCostsNothing()
    {
        string photo = _folder.File("a.png", Png.Random(40, 40, 1)), broken = _folder.File("broken.png", Png.Random(40, 40, 1)[..60]);
        string foreign = _folder.File("notes.html", "<html>my notes</html>"u8.ToArray()), page = _folder["page.html"];
        EdgeVitProcess.Run("explain", model.Path).Fails(2, "needs photos, or --data");
        EdgeVitProcess.Run("explain", model.Path, _folder["none.png"], "--out", page).Fails(1, "no such file");
        EdgeVitProcess.Run("explain", model.Path, photo, broken, "--out", page).Fails(1, "broken.png");
        EdgeVitProcess.Run("explain", model.Path, model.Path, "--out", page).Fails(2, "is a packed model, not a picture");
        EdgeVitProcess.Run("explain", model.Path, photo, "--class", "caw", "--out", page).Fails(2, "'caw'", "Did you mean 'cow'");
        EdgeVitProcess.Run("explain", model.Path, photo, "--out", foreign).Fails(2, "notes.html", "is no page of 'edgevit explain'");
        EdgeVitProcess.Run("explain", model.Path, photo, "--out", photo).Fails(2, "is an input itself");
        EdgeVitProcess.Run("explain", model.Path, photo, "--out", _folder.Root).Fails(2, "is a folder");
        EdgeVitProcess.Run("explain", model.Path, photo, "--out", Path.Combine(photo, "page.html")).Fails(1, "Cannot write");
        EdgeVitProcess.Run("explain", model.Path, photo, "--gird", "4").Fails(2, "'--grid'");
        Assert.False(File.Exists(page));
        Assert.Equal("<html>my notes</html>", File.ReadAllText(foreign));
        string many = _folder.Images("many", ExplainSettings.MostPhotos + 1, "x");
        EdgeVitProcess.Run("explain", model.Path, many, "--out", page).Fails(2, "25 photos, expected at most 24");
    }

    /// <summary>The one failure that no file can cause: a kernel that computes something else.</summary>
    [Fact]
    public void ADifferenceFromTheInterpreterIsAFailedCheck()
    {
        float[] logits = [1, 2, 3];
        var image = new ExplainedImage([1, 2, MathF.BitIncrement(3)], [], [], null);
        UserException failure = Assert.Throws<UserException>(() => PhotoStudy.Check("a.png", image, logits, "avx2"));
        Assert.Equal(ExitCode.CheckFailed, failure.ExitCode);
        Assert.Contains("a.png", failure.Message, StringComparison.Ordinal);
        Assert.Contains("avx2", failure.Message, StringComparison.Ordinal);
        PhotoStudy.Check("a.png", image with { Logits = [1, 2, 3] }, logits, "avx2");
    }

    /// <summary>A stage that convolves, one that attends within windows with a bias, and a class token behind them.</summary>
    [Fact]
    public void EachKindOfStageIsToldAsWhatItIs()
    {
        var config = new BinaryViTConfig(
            "hybrid", 16, 2, [new(1, 64, 128, 1, 1) { Mixer = MixerKind.Conv3 }, new(1, 128, 128, 2, 1) { WindowSide = 2, Bias = BiasKind.Relative }], Classes: 3, ClassAttention: 1);
        string path = _folder["hybrid.evit"], page = _folder["page.html"];
        EvitWriter.Write(path, FoldedModel.Of(Lowering.Lower(config, RandomNetwork.Tensors(config, 3))).Model, RandomNetwork.Preprocess(config), RandomNetwork.Labels(config), "{}");
        JsonNode photo = EdgeVitProcess.Run("explain", path, _folder.File("a.png", Png.Random(20, 16, 1)), "--grid", "4", "--out", page, "--json").Expect(0).Json["photos"]![0]!;
        Assert.True((bool)photo["logits_equal"]!);
        JsonNode[] layers = [.. photo["attention"]!.AsArray().Select(l => l!)];
        Assert.Equal([(2, true), (3, false)], layers.Select(l => ((int)l["stage"]!, (bool)l["bias"]!)));
        Assert.Equal([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3], layers[0]["windows"]!.AsArray().Select(w => (int)w!));
        Assert.Null(layers[1]["windows"]);
        Assert.Equal(1, (int)layers[1]["queries"]!["leading"]!);
        Assert.Equal(16, photo["rollout"]!["shares"]!.AsArray().Count);
        Assert.Equal(2, photo["stages"]!.AsArray().Count);
        string html = File.ReadAllText(page);
        foreach (string said in (string[])["no 1-bit attention", "binary convolutions", "windows of 2 x 2 bias", "class attention, 1 layer of 1-bit attention", "Rollout"])
        {
            Assert.Contains(said, html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ANetworkWithoutBitsOfAttentionIsSaidToHaveNone()
    {
        var config = new FloatViTConfig("vit", ImageSize: 32, PatchSize: 8, Width: 64, FfnWidth: 256, Depth: 1, Heads: 1, Classes: 2);
        LoweredModel lowered = FloatViTLowering.Lower(config, ViTNames.Timm, FloatCheckpoint.Tensors(64, 1, 32, 8, 2, seed: 1).ToDictionary(t => t.Name));
        string path = _folder["float.evit"], page = _folder["page.html"];
        EvitWriter.Write(path, lowered, new Preprocess(32, 32, 32, Interpolation.Bicubic, [0.5f, 0.5f, 0.5f], [0.25f, 0.25f, 0.25f]), ["a", "b"], "{}");
        JsonObject json = EdgeVitProcess.Run("explain", path, _folder.File("a.png", Png.Random(9, 12, 1)), "--grid", "4", "--out", page, "--json").Expect(0).Json;
        Assert.Empty(json["photos"]![0]!["attention"]!.AsArray());
        Assert.Equal(1, (int)json["float_attention_layers"]!);
        Assert.Contains("attend in floats", File.ReadAllText(page), StringComparison.Ordinal);
    }

    private static int Tokens(JsonNode grid) => ((int)grid["rows"]! * (int)grid["columns"]!) + (int)grid["leading"]!;
}
