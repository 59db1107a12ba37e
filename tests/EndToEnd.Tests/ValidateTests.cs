using System.Text.Json.Nodes;

namespace EdgeVit.EndToEnd.Tests;

public sealed class ValidateTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void CountsRightAnswersByClass()
    {
        using var folder = new TestFolder();
        string data = folder.Images("data", 5, SmallModel.Labels);
        JsonObject json = EdgeVitProcess.Run("validate", model.Path, "--data", data, "--json").Expect(0).Json;
        Assert.Equal(20, (int)json["images"]!);
        Assert.InRange((double)json["top1"]!, 0, 100);
        Assert.Equal(100, (double)json["top5"]!);
        Assert.Equal(4, json["classes"]!.AsArray().Count);
        Assert.Equal(20, json["classes"]!.AsArray().Sum(c => (int)c!["images"]!));
        Assert.InRange((double)json["top1"]!, (double)json["top1_interval"]![0]!, (double)json["top1_interval"]![1]!);

        string one = EdgeVitProcess.Run("validate", model.Path, "--data", data, "--json", "--threads", "1").Expect(0).Json["classes"]!.ToJsonString();
        Assert.Equal(json["classes"]!.ToJsonString(), one);
    }

    [Fact]
    public void ClassesAreMatchedByName()
    {
        using var folder = new TestFolder();
        // The data have two of the model's four classes, so that their indices differ.
        JsonObject json = EdgeVitProcess.Run("validate", model.Path, "--data", folder.Images("data", 3, "dog", "bee"), "--json").Expect(0).Json;
        Assert.Equal([0, 3, 0, 3], json["classes"]!.AsArray().Select(c => (int)c!["images"]!));
    }

    [Fact]
    public void AMissedThresholdIsAFailedCheck()
    {
        using var folder = new TestFolder();
        string data = folder.Images("data", 6, SmallModel.Labels);
        Outcome failed = EdgeVitProcess.Run("validate", model.Path, "--data", data, "--min-top1", "100", "--json").Expect(3);
        Assert.False((bool)failed.Json["passed"]!);
        Assert.Contains("below", failed.Error, StringComparison.Ordinal);
        EdgeVitProcess.Run("validate", model.Path, "--data", data, "--min-top1", "0").Expect(0);
        EdgeVitProcess.Run("validate", model.Path, "--data", data, "--min-top1", "101").Fails(2, "--min-top1 is 101");
    }

    [Fact]
    public void BadDataAreNamed()
    {
        using var folder = new TestFolder();
        EdgeVitProcess.Run("validate", model.Path, "--data", folder["none"]).Fails(1, "none", "no such folder");
        EdgeVitProcess.Run("validate", model.Path, "--data", folder.Images("one", 3, "ant")).Fails(1, "one");
        EdgeVitProcess.Run("validate", model.Path, "--data", folder.Images("other", 2, "a", "b", "c")).Fails(1, "3 classes", "4");
        EdgeVitProcess.Run("validate", model.Path, "--data", folder["other"], "--split", "half").Fails(2, "--split is 'half'");

        string data = folder.Images("data", 2, SmallModel.Labels);
        folder.File("data/bee/bad.png", Png.Random(32, 32, 1)[..200]);
        EdgeVitProcess.Run("validate", model.Path, "--data", data).Fails(1, "bad.png");
        JsonObject json = EdgeVitProcess.Run("validate", model.Path, "--data", data, "--skip-bad", "--json").Expect(0).Json;
        Assert.Equal(8, (int)json["images"]!);
        Assert.Equal(1, (int)json["skipped"]!);
    }

    [Fact]
    public void WilsonsIntervalIsRight()
    {
        var accuracy = new Cli.Accuracy(["a", "b"]);
        for (int i = 0; i < 100; i++)
        {
            accuracy.Add(0, i < 90 ? 0 : 1);
        }

        (double low, double high) = accuracy.Interval();
        Assert.Equal(90, accuracy.Top1);
        Assert.Equal(82.563, low, 2);
        Assert.Equal(94.478, high, 2);
    }
}
