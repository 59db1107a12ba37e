#if TRAINING
using System.Text;
using System.Text.Json.Nodes;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Students that convolve first and attend late, from the layout to the ONNX file, by the command: every certificate on the way holds.</summary>
public sealed class HybridConversionTests
{
    /// <summary>A stem of two kinds of convolution, 3x3 mixers, a depthwise step, windows that shift, a bias and a zero point.</summary>
    private const string Layout = """
        {"name": "small-hybrid", "imageSize": 16, "patchSize": 1, "classes": 10, "down": "depthwise", "branches": "shift", "attentionLevels": 3, "zeroPoint": true,
         "stem": [{"kernel": 3, "stride": 1, "width": 8}, {"kernel": 3, "stride": 2, "depthwise": true}],
         "stages": [{"depth": 1, "width": 32, "ffnWidth": 64, "mixer": "conv3", "dilation": 2},
                    {"depth": 2, "width": 64, "ffnWidth": 64, "heads": 2, "reduction": 1, "window": 2, "shift": 1, "bias": "relative"}]}
        """;

    [Theory]
    [InlineData("float32")]
    [InlineData("bfloat16")]
    public void AHybridIsTrainedProvenAndExported(string precision)
    {
        using var folder = new TestFolder();
        string student = folder.File("hybrid.json", Encoding.UTF8.GetBytes(Layout));
        JsonObject json = EdgeVitProcess.Run(
            "convert", "--data", "shapes", "--out", folder["run"], "--student", student, "--teacher", "none", "--shapes-train", "200", "--shapes-test", "20", "--epochs", "0.5", "--batch", "32",
            "--parity-images", "2", "--precision", precision, "--device", "cpu", "--json", "--quiet").Expect(0).Json;
        JsonNode certificate = json["certificate"]!;
        Assert.True((bool)certificate["passed"]!);
        Assert.Equal(0, (long)certificate["mismatches"]!);
        Assert.InRange((long)certificate["compared"]!, 100_000, long.MaxValue);
        Assert.Empty(certificate["report"]!["untapped"]?.AsArray() ?? []);
        if (EdgeVitProcess.Tool is null)
        {
            JsonObject onnx = EdgeVitProcess.Run("export", folder["run"], "--out", folder["new/hybrid.onnx"], "--opset", "13", "--parity-images", "1", "--json", "--quiet").Expect(0).Json;
            Assert.True((bool)onnx["certificate"]!["passed"]!);
        }
    }
}
#endif
