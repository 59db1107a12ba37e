using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>The examples of docs/serve.md do what the page says.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ServeDocumentTests(SharedServer shared) : IClassFixture<SharedServer>
{
    [Fact]
    public async Task TheExampleInPythonPrintsTheClasses()
    {
        Assert.SkipUnless(Run("python3", "--version").ExitCode == 0, "there is no python3");
        using var folder = new TestFolder();
        byte[] png = Png.Random(50, 50, 1);
        folder.File("photo.jpg", png);
        string program = Regex.Match(Repository.Read("docs", "serve.md"), "```python\n(.*?)```", RegexOptions.Singleline).Groups[1].Value.Replace("127.0.0.1:8080", $"127.0.0.1:{shared.Server.Port}", StringComparison.Ordinal);
        Outcome outcome = Run("bash", "-c", "cd \"$0\" && python3 -c \"$1\"", folder.Root, program).Expect(0);
        Assert.Equal((await shared.Server.TopAsync(png)).Take(3).Select(t => (string)t!["label"]!), outcome.Output.TrimEnd().Split('\n').Select(l => l.Split(' ')[1]));
    }

    [Fact]
    public async Task CurlSendsAnImageAndAForm()
    {
        Assert.SkipUnless(Run("curl", "--version").ExitCode == 0, "there is no curl");
        using var folder = new TestFolder();
        byte[] png = Png.Random(50, 50, 1);
        string path = folder.File("photo.jpg", png), address = $"http://127.0.0.1:{shared.Server.Port}/classify";
        string expected = (await shared.Server.TopAsync(png)).ToJsonString();
        JsonObject answer = Run("curl", "-sS", "--data-binary", "@" + path, address).Expect(0).Json;
        Assert.Equal(expected, answer["top"]!.ToJsonString());
        MarkdownBlock shown = MarkdownBlock.Read("docs/serve.md").First(b => b.Language == "json");
        Assert.Equal(DocumentSampleTests.Shape(JsonNode.Parse(shown.Text)), DocumentSampleTests.Shape(answer));
        Assert.Equal(expected, Run("curl", "-sS", "-F", "image=@" + path, address).Expect(0).Json["top"]!.ToJsonString());
    }

    private static Outcome Run(string program, params string[] arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return new Outcome(process.ExitCode, output, error.Result);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return new Outcome(-1, "", e.Message);
        }
    }
}
