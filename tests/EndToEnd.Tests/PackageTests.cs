using System.Text.RegularExpressions;
using System.Xml.Linq;
using EdgeVit.Devices;
using EdgeVit.Export;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>What the packages are published with, and the pages at the root; the packages themselves are tried by tests/packages.sh.</summary>
public sealed class PackageTests(SmallModel model) : IClassFixture<SmallModel>
{
    private const int LongestDescription = 200;

    public static TheoryData<string, string> Packages => new()
    {
        { "EdgeVit.Runtime", "src/Runtime" },
        { "EdgeVit.Imaging", "src/Imaging" },
        { "EdgeVit.Export", "src/Export" },
        { "EdgeVit.Devices", "devices" },
        { "EdgeVit.Devices.Iot", "devices/Iot" },
    };

    private static string Version => Regex.Match(Repository.Read("Directory.Build.props"), "<Version>(.*)</Version>").Groups[1].Value;

    [Fact]
    public void ThePackagesAreThese()
    {
        string named = Regex.Match(Repository.Read("Directory.Build.props"), "Copy\\(';(EdgeVit[^']*);'\\)").Groups[1].Value;
        Assert.Equal(Packages.Select(p => p.Data.Item1), named.Split(';'));
        string packed = Regex.Match(Repository.Read("tests", "packages.sh"), @"^names=\((.*)\)$", RegexOptions.Multiline).Groups[1].Value;
        Assert.Equal(Packages.Select(p => p.Data.Item1["EdgeVit.".Length..]), packed.Split(' '));
    }

    [Theory]
    [MemberData(nameof(Packages))]
    public void APackageHasADescriptionAndItsOwnReadme(string package, string folder)
    {
        string description = XDocument.Parse(Repository.Read(folder, $"{package}.csproj")).Descendants("Description").Single().Value;
        Assert.InRange(description.Length, 30, LongestDescription);
        Assert.EndsWith(".", description, StringComparison.Ordinal);

        string readme = Repository.Read(folder, "README.md");
        Assert.StartsWith($"# {package}\n\n", readme, StringComparison.Ordinal);
        Assert.Contains("in one version only", readme, StringComparison.Ordinal);
        // A package's page has no other pages beside it.
        Assert.DoesNotMatch(@"\]\((?!https:)", readme);
        Assert.Contains($"```csharp\n{Sample(package)}\n```", readme, StringComparison.Ordinal);
    }

    [Fact]
    public void TheIconIsAPictureOfTheSizeThatPackagesHave()
    {
        RgbImage icon = ImageDecoder.DecodeFile(Path.Combine(Repository.Root, "packaging", "icon.png"));
        Assert.Equal((128, 128), (icon.Width, icon.Height));
    }

    [Fact]
    public void TheChangelogHasTheVersionOnTopAndVersionsInOrder()
    {
        MatchCollection sections = Regex.Matches(Repository.Read("CHANGELOG.md"), @"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d|unreleased)$", RegexOptions.Multiline);
        Assert.Equal(Version, sections[0].Groups[1].Value);
        Version[] versions = [.. sections.Select(s => System.Version.Parse(s.Groups[1].Value))];
        Assert.Equal(versions.OrderDescending(), versions);
        Assert.All(sections.Skip(1), s => Assert.NotEqual("unreleased", s.Groups[2].Value));
    }

    [Theory]
    [InlineData("CONTRIBUTING.md")]
    [InlineData("CHANGELOG.md")]
    [InlineData("SECURITY.md")]
    [InlineData(".github/pull_request_template.md")]
    public void PagesAtTheRootNameFilesThatAreThere(string page)
    {
        string text = Repository.Read(page), folder = Path.GetDirectoryName(Path.Combine(Repository.Root, page))!;
        Assert.All(Regex.Matches(text, @"\]\((?!https?:|#)([^)#]+)").Select(m => m.Groups[1].Value),
            link => Assert.True(Path.Exists(Path.Combine(folder, link)), $"{page} names {link}"));
        // Scripts and folders in code spans are named from the root.
        Assert.All(Regex.Matches(text, @"`(?:\./)?((?:tests|src|bench|docs|packaging|\.ci|\.github)/[\w./-]+)").Select(m => m.Groups[1].Value),
            file => Assert.True(Path.Exists(Path.Combine(Repository.Root, file)), $"{page} names {file}"));
    }

    /// <summary>Hosted CI runs the scripts that everyone runs.</summary>
    [Fact]
    public void TheWorkflowRunsScriptsThatAreThere()
    {
        string[] scripts = [.. Regex.Matches(Repository.Read(".github", "workflows", "ci.yml"), @"(?<=run: )\S*\.sh").Select(m => m.Value).Distinct()];
        Assert.Contains("./test.sh", scripts);
        Assert.Contains("tests/packages.sh", scripts);
        Assert.All(scripts, s => Assert.True(File.Exists(Path.Combine(Repository.Root, s)), s));
    }

    [Fact]
    public void TheSamplesOfRuntimeAndImagingGiveTheSameAnswer()
    {
        using var folder = new TestFolder();
        byte[] pixels = new byte[3 * 32 * 32];
        new Random(9).NextBytes(pixels);
        string picture = folder.File("a.png", Png.Encode(32, 32, pixels));
        Assert.Equal(PackageSamples.Runtime(model.Path, new RgbImage(32, 32, pixels)), PackageSamples.Imaging(model.Path, picture));
    }

    [Fact]
    public void TheSampleOfExportWritesAModel()
    {
        using var folder = new TestFolder();
        string checkpoint = folder["net.safetensors"];
        SafetensorsWriter.Write(checkpoint, FloatCheckpoint.Tensors(width: 64, depth: 1, imageSize: 32, patch: 8, classes: 2, seed: 5));
        PackageSamples.Export(checkpoint, ["no", "yes"], folder["net.evit"]);
        using EvitModel written = EvitModel.Open(folder["net.evit"]);
        Assert.Equal(["no", "yes"], written.Labels);
    }

    [Fact]
    public void TheSampleOfDevicesMeasuresAndTells()
    {
        bool measured = false;
        Assert.StartsWith($"{BoardDetector.Detect().Model}: ", PackageSamples.Devices(() => measured = true), StringComparison.Ordinal);
        Assert.True(measured);
    }

    private static string Sample(string package)
    {
        string text = Repository.Read("tests", "EndToEnd.Tests", "PackageSamples.cs") + Repository.Read("tests", "Devices.Iot.Tests", "ReadmeSample.cs");
        string body = Regex.Match(text, $@"// <{Regex.Escape(package)}>\n(.*?)\n *// </", RegexOptions.Singleline).Groups[1].Value;
        return string.Join('\n', body.Split('\n').Select(l => l.Length > 8 ? l[8..] : ""));
    }
}
