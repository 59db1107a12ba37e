using System.Diagnostics;
using System.Text.RegularExpressions;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The README's library sample compiles, runs, and stands in the README word for word.</summary>
public sealed class ReadmeTests(SmallModel model) : IClassFixture<SmallModel>
{
    private static string Classify(string modelPath, string imagePath)
    {
        // <sample>
        using EvitModel model = EvitModel.Open(modelPath);
        using Session session = model.CreateSession(new SessionOptions { Threads = 2 });
        var pipeline = new PreprocessPipeline(model.Preprocess);
        byte[] pixels = new byte[pipeline.Length];
        float[] logits = new float[model.Classes];

        pipeline.ToPixels(ImageDecoder.DecodeFile(imagePath), pixels);  // PNG, JPEG, WebP, BMP or GIF
        session.RunNhwc(pixels, logits);                                // allocates nothing
        return Prediction.Top(logits, model.Labels, 1)[0].Label;
        // </sample>
    }

    [Fact]
    public void TheSampleGivesTheAnswerOfTheCommand()
    {
        using var folder = new TestFolder();
        string picture = folder.File("a.png", Png.Random(64, 48, 4));
        string answer = Classify(model.Path, picture);
        Assert.Equal(answer, (string)EdgeVitProcess.Run("run", model.Path, picture, "--json").Expect(0).Json["results"]![0]!["top"]![0]!["label"]!);
    }

    [Fact]
    public void TheReadmeHasTheSampleAndEveryVerb()
    {
        string[] source = Repository.Read("tests", "EndToEnd.Tests", "ReadmeTests.cs").Split('\n');
        int from = Array.FindIndex(source, l => l.Trim() == "// <sample>"), to = Array.FindIndex(source, l => l.Trim() == "// </sample>");
        string sample = string.Join('\n', source[(from + 1)..to].Select(l => l.Length > 8 ? l[8..] : ""));
        string readme = Repository.Read("README.md");
        Assert.Contains(sample, readme, StringComparison.Ordinal);
        foreach (string verb in (string[])["convert", "import", "export", "inspect", "run", "validate", "explain", "bench", "report", "serve", "deploy", "doctor"])
        {
            Assert.Contains($"`edgevit {verb} ", readme, StringComparison.Ordinal);
        }
    }

    /// <summary>A commit that a page shows is one that a reader's clone has.</summary>
    [Fact]
    public void CommitsThatPagesNameAreThere()
    {
        (int code, string branch) = Git("rev-parse", "--is-shallow-repository");
        Assert.SkipUnless(code == 0 && branch.Trim() == "false", "no history here: no git, not a clone, or a shallow one");
        string[] named = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md").SelectMany(p => Regex.Matches(File.ReadAllText(p), "git show (?:--stat )?([0-9a-f]{7,40})")).Select(m => m.Groups[1].Value)];
        Assert.NotEmpty(named);
        Assert.All(named, c => Assert.Equal(0, Git("merge-base", "--is-ancestor", c, "HEAD").Code));
    }

    private static (int Code, string Output) Git(params string[] arguments)
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "git"))))
        {
            return (-1, "");
        }

        using Process git = Process.Start(new ProcessStartInfo("git", ["-C", Repository.Root, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        string output = git.StandardOutput.ReadToEnd();
        git.StandardError.ReadToEnd();
        git.WaitForExit();
        return (git.ExitCode, output);
    }

    /// <summary>Every page that the documents name is there, says in its first lines what it is for, and is named by the README.</summary>
    [Fact]
    public void PagesAreThereAndAreFound()
    {
        string readme = Repository.Read("README.md");
        string[] pages = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md")];
        Assert.All(pages, p => Assert.Contains($"](docs/{Path.GetFileName(p)})", readme, StringComparison.Ordinal));
        foreach (string page in (string[])[Path.Combine(Repository.Root, "README.md"), .. pages])
        {
            string text = File.ReadAllText(page);
            Assert.StartsWith("# ", text, StringComparison.Ordinal);
            Assert.InRange(text.Split('\n')[2].Length, 20, 200);
            foreach (Match link in Regex.Matches(text, @"\]\((?!https?:|#)([^)#]+)"))
            {
                Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(page)!, link.Groups[1].Value)), $"{page} names {link.Groups[1].Value}");
            }
        }
    }
}
