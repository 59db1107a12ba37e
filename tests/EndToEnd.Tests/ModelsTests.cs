using System.Globalization;
using System.Text.Json.Nodes;

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
    public void A_model_is_the_one_of_its_record_and_computes_the_same_bits_here(string name)
    {
        JsonObject record = Record(name);
        JsonObject seen = EdgeVitProcess.Run("inspect", At(name, ".evit"), "--json").Expect(0).Json;
        Assert.Equal((long)record["bytes"]!, new FileInfo(At(name, ".evit")).Length);
        Assert.Contains((string)record["sha256"]!, seen.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains((string)record["sha256"]!, File.ReadAllText(At(name, ".md")), StringComparison.Ordinal);
        EdgeVitProcess.Run("doctor", At(name, ".evit"), "--json").Expect(0);
    }

    [Fact]
    public void The_shapes_model_has_the_accuracy_of_its_record()
    {
        double recorded = (double)Record("shapes")["top1"]!;
        JsonObject measured = EdgeVitProcess.Run("validate", At("shapes", ".evit"), "--data", "shapes", "--min-top1", "90", "--json").Expect(0).Json;
        Assert.Equal(2000, (int)measured["images"]!);
        Assert.Equal(recorded, (double)measured["top1"]!, 6);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void The_readme_tells_the_measured_figures(string name)
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
