using System.Text.Json.Nodes;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>What the commands make of folders of pictures.</summary>
public sealed class FolderDataTests(SmallModel model) : IClassFixture<SmallModel>
{
    [Fact]
    public void ValidateMeasuresOnTheSplitThatIsNamed()
    {
        using var folder = new TestFolder();
        folder.Images("data/train", 3, SmallModel.Labels);
        folder.Images("data/val", 2, SmallModel.Labels);
        folder.Images("data/test_set", 1, SmallModel.Labels);
        Assert.Equal(4, Images(folder["data"]));
        Assert.Equal(8, Images(folder["data"], "--split", "val"));
        Assert.Equal(12, Images(folder["data"], "--split", "train"));
        Assert.Equal(8, Images(folder["data"], "--split", "train=train,test=val"));
        Assert.Equal(12, Images(folder["data"], "--split", "test=train"));
        EdgeVitProcess.Run("validate", model.Path, "--data", folder["data"], "--split", "test=nowhere").Fails(2, "no such folder", "train");
        EdgeVitProcess.Run("validate", model.Path, "--data", "shapes", "--split", "test=a").Fails(2, "--split");
    }

    [Fact]
    public void TestImagesAloneAreEnoughToValidate()
    {
        using var folder = new TestFolder();
        folder.Images("data/test", 2, SmallModel.Labels);
        Outcome outcome = EdgeVitProcess.Run("validate", model.Path, "--data", folder["data"], "--json").Expect(0);
        Assert.Equal(8, (int)outcome.Json["images"]!);
        Assert.DoesNotContain("has no test images", outcome.Error, StringComparison.Ordinal);
        EdgeVitProcess.Run("validate", model.Path, "--data", folder["data"], "--split", "train").Fails(1, "no training images");
    }

    [Fact]
    public void WhatCanBeReadInTwoWaysIsAQuestionToTheUser()
    {
        using var folder = new TestFolder();
        folder.Images("data", 2, "train", "val");
        EdgeVitProcess.Run("validate", model.Path, "--data", folder["data"]).Fails(2, "can be read in two ways", "--split train=.");
        EdgeVitProcess.Run("validate", model.Path, "--data", folder["data"], "--split", "train=.").Fails(1, "2 classes (train, val)");
    }

    [Fact]
    public void FilesThatAreLeftOutAreTold()
    {
        using var folder = new TestFolder();
        string data = folder.Images("data", 2, SmallModel.Labels);
        folder.File("data/ant/scan.tiff", "II*\0"u8.ToArray());
        folder.File("data/ant/._00.png", "junk"u8.ToArray());
        folder.File("data/ant/Thumbs.db", "junk"u8.ToArray());
        File.Move(Path.Combine(data, "bee/00.png"), Path.Combine(data, "bee/00"));
        Outcome outcome = EdgeVitProcess.Run("validate", model.Path, "--data", data, "--json").Expect(0);
        JsonNode files = outcome.Json["files"]!;
        Assert.Equal((8, 9, 8), ((int)outcome.Json["images"]!, (int)files["found"]!, (int)files["used"]!));
        Assert.Equal((".tiff", 1), ((string)files["left_out"]![0]!["extension"]!, (int)files["left_out"]![0]!["files"]!));
        Assert.Contains("9 files found, 8 used; left out: 1 .tiff (a TIFF", outcome.Error, StringComparison.Ordinal);

        JsonArray ran = EdgeVitProcess.Run("run", model.Path, data, "--json").Expect(0).Json["results"]!.AsArray();
        Assert.Equal(8, ran.Count);
        Assert.Contains(ran, r => r!.ToJsonString().Contains("bee/00\"", StringComparison.Ordinal));
        Assert.Equal(2, EdgeVitProcess.Run("run", model.Path, Path.Combine(data, "ant/*.png"), "--json").Expect(0).Json["results"]!.AsArray().Count);
    }

    private int Images(string data, params string[] options) =>
        (int)EdgeVitProcess.Run(["validate", model.Path, "--data", data, "--json", .. options]).Expect(0).Json["images"]!;
}
