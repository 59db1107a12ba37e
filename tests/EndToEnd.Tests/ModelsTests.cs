using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The models of the repository are what their records say, and the README says no more than the records.</summary>
public sealed class ModelsTests
{
    public static TheoryData<string> Models =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "models"), "*.evit").Order(StringComparer.Ordinal).Select(f => Path.GetFileNameWithoutExtension(f)!)];

    private static string At(string name, string extension) => Path.Combine(Repository.Root, "models", name + extension);

    private static JsonObject Record(string name) => JsonNode.Parse(File.ReadAllText(At(name, ".json")))!.AsObject();

    [Theory]
    [MemberData(nameof(Models))]
    public void AModelIsTheOneOfItsRecordAndComputesTheSameBitsHere(string name)
    {
        JsonObject record = Record(name);
        JsonObject seen = EdgeVitProcess.Run("inspect", At(name, ".evit"), "--json").Expect(0).Json;
        Assert.Equal((long)record["bytes"]!, new FileInfo(At(name, ".evit")).Length);
        Assert.Contains((string)record["sha256"]!, seen.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains((string)record["sha256"]!, File.ReadAllText(At(name, ".md")), StringComparison.Ordinal);
        EdgeVitProcess.Run("doctor", At(name, ".evit"), "--json").Expect(0);
    }

    [Fact]
    public void TheShapesModelHasTheAccuracyOfItsRecord()
    {
        double recorded = (double)Record("shapes")["top1"]!;
        JsonObject measured = EdgeVitProcess.Run("validate", At("shapes", ".evit"), "--data", "shapes", "--min-top1", "90", "--json").Expect(0).Json;
        Assert.Equal(2000, (int)measured["images"]!);
        Assert.Equal(recorded, (double)measured["top1"]!, 6);
    }

    /// <summary>What storing floats in 16 bits does to predictions.</summary>
    [Fact]
    public void TheReadmeTellsWhat16BitFloatsChange()
    {
        EvitFile exact = EvitFile.Read(At("shapes", ".evit"));
        LoweredModel rounded = HalfFloats.Store(new LoweredModel(exact.Graph, exact.Tensors), FloatGroups.All);
        EvitFile half = EvitFile.Parse(EvitWriter.ToBytes(rounded, exact.Preprocess, exact.Labels, exact.Provenance));
        IImageDataset images = DatasetFolder.Open(DatasetFolder.Shapes, new DatasetOptions { Seed = 1 }).Test!;
        var pipeline = new PreprocessPipeline(exact.Preprocess);
        var pixels = new byte[images.Count * pipeline.Length];
        for (int i = 0; i < images.Count; i++)
        {
            pipeline.ToPixels(images.Load(i), pixels.AsSpan(i * pipeline.Length, pipeline.Length));
        }

        int[] Predict(EvitFile file)
        {
            using EvitModel model = EvitModel.Load(file);
            using Session session = model.CreateSession();
            var logits = new float[images.Count * model.Classes];
            session.RunNhwc(pixels, logits);
            return [.. Enumerable.Range(0, images.Count).Select(i => Array.IndexOf(logits, logits.AsSpan(i * model.Classes, model.Classes).ToArray().Max(), i * model.Classes) - (i * model.Classes))];
        }

        int[] before = Predict(exact), after = Predict(half);
        int changed = before.Zip(after).Count(p => p.First != p.Second);
        double Top1(int[] predictions) => 100.0 * predictions.Where((p, i) => p == images.Label(i)).Count() / images.Count;
        string page = Repository.Read("docs", "import-export.md").ReplaceLineEndings(" ");
        Assert.Contains($"the `shapes` test images {changed} of 2,000 (top-1 {Percent(Top1(after))} instead of {Percent(Top1(before))})", page, StringComparison.Ordinal);
    }

    [Fact]
    public void ThePageOnPerformanceTellsTheMeasuredAblation()
    {
        var record = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "bench", "results", "cifar10-ablation.json")))!;
        string page = Repository.Read("docs", "performance.md").ReplaceLineEndings(" ");
        string[] top1 = [.. record["runs"]!.AsArray().Select(r => Percent(r!["top1"]!))];
        Assert.Contains($"{top1[0]} with the teacher, {top1[1]} without, {top1[2]} with clips", page, StringComparison.Ordinal);
    }

    [Fact]
    public void ThePageOnStudentsTellsTheMeasuredLayouts()
    {
        var record = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "bench", "results", "cifar10-layouts.json")))!;
        string page = Repository.Read("docs", "architectures.md");
        Assert.All(record["runs"]!.AsArray(), run => Assert.Contains(string.Create(CultureInfo.InvariantCulture,
            $" | {run!["what"]} | {(double)run["studentMinutes"]!:F1} | {(double)run["passes"]!:F1} | {Percent(run["top1"]!)} |\n"), page, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void TheReadmeTellsTheMeasuredFigures(string name)
    {
        JsonObject record = Record(name);
        string row = Repository.Read("README.md").Split('\n').Single(l => l.StartsWith($"| `{name}` |", StringComparison.Ordinal));
        foreach (string figure in (string[])[
            Percent(record["top1"]!), Percent(record["teacherTop1"]!), ((int)record["testImages"]!).ToString("N0", CultureInfo.InvariantCulture),
            ((long)record["bytes"]!).ToString("N0", CultureInfo.InvariantCulture), Minutes(record["timings"]!["total"]!)])
        {
            Assert.Contains($" {figure} ", row, StringComparison.Ordinal);
        }
    }

    private static string Percent(JsonNode value) => string.Create(CultureInfo.InvariantCulture, $"{(double)value:F2} %");

    private static string Minutes(JsonNode seconds) => string.Create(CultureInfo.InvariantCulture, $"{(double)seconds / 60:F1} min");
}
