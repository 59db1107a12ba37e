#if TRAINING
using System.Text;
using System.Text.Json.Nodes;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Layouts of one's own with other mixers than attention, from photos to the verbs that take a model.</summary>
public sealed class LayoutTests
{
    [Theory]
    [InlineData("", "binary convolutions")]
    [InlineData("conv3", "This network has no layer of binary attention: its tokens see each other through binary convolutions")]
    public void ALayoutThatConvolvesGoesTheWholeWay(string last, string said)
    {
        using var folder = new TestFolder();
        string second = last.Length == 0 ? "\"heads\": 2, \"reduction\": 1" : $"\"mixer\": \"{last}\"";
        string layout = folder.File("own.json", Encoding.UTF8.GetBytes($$"""
            {
              "name": "own", "imageSize": 32, "patchSize": 4, "classes": 10, "branches": "none", "down": "{{(last.Length == 0 ? "attention" : "binary")}}",
              "stages": [
                { "depth": 1, "width": 64, "ffnWidth": 128, "mixer": "conv3", "dilation": 2, "gate": "channel" },
                { "depth": 1, "width": 128, "ffnWidth": 128, {{second}} }
              ]
            }
            """));
        string run = folder["run"], model = Path.Combine(run, "model.evit");
        JsonObject json = EdgeVitProcess.Run(
            "convert", "--data", "shapes", "--student", layout, "--out", run, "--teacher", "none", "--shapes-train", "200", "--shapes-test", "40",
            "--epochs", "1", "--batch", "32", "--parity-images", "2", "--json").Expect(0).Json;
        Assert.True((bool)json["certificate"]!["passed"]!);
        Assert.Equal(0, (long)json["certificate"]!["mismatches"]!);
        Assert.Equal(50, (int)EdgeVitProcess.Run("validate", run, "--data", "shapes", "--limit", "50", "--json").Expect(0).Json["images"]!);
        Assert.True((bool)EdgeVitProcess.Run("doctor", model, "--json").Expect(0).Json["selftest"]!["passed"]!);
        Assert.Contains("vit.encoder.layer.0.conv.dense", EdgeVitProcess.Run("inspect", model, "--layers").Expect(0).Output, StringComparison.Ordinal);
        EdgeVitProcess.Run("export", model, "--to", "onnx", "--out", folder["model.onnx"]).Expect(0);
        EdgeVitProcess.Run("import", Path.Combine(run, "student", "best.safetensors"), "--out", folder["again.evit"]).Expect(0);

        string page = folder["page.html"];
        EdgeVitProcess.Run("explain", model, folder.File("photo.png", Png.Random(32, 32, 3)), "--out", page).Expect(0);
        Assert.Contains(said, File.ReadAllText(page), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"mixer\": \"conv\"", "mixer is 'conv', expected attention, conv3, depthwise or pool")]
    [InlineData("\"mixer\": \"conv3\", \"heads\": 2", "its mixer conv3 has no heads")]
    [InlineData("\"mixer\": \"conv3\", \"dilation\": 9", "dilation 9 of stage 1, 1 to 8 are possible")]
    [InlineData("\"mixer\": \"pool\", \"gate\": \"channel\"", "gate channel of stage 1, but its mixer pool has no convolution")]
    [InlineData("\"mixer\": \"conv3\", \"mixing\": 1", "mixing")]
    public void WhatALayoutCannotSayIsNamedWithItsKey(string keys, string expected)
    {
        using var folder = new TestFolder();
        string layout = folder.File("own.json", Encoding.UTF8.GetBytes($$"""
            { "name": "own", "imageSize": 32, "patchSize": 4, "classes": 10, "stages": [ { "depth": 1, "width": 64, "ffnWidth": 128, {{keys}} } ] }
            """));
        EdgeVitProcess.Run("convert", "--data", "shapes", "--student", layout, "--out", folder["run"]).Fails(2, "own.json", expected);
    }
}
#endif
