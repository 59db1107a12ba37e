using System.Text.RegularExpressions;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>What .NET says of a file or a JSON text names its own classes and options: no message hands it on.</summary>
public partial class LibraryWordsTests
{
    private static readonly string[] s_libraries =
        ["IOException", "UnauthorizedAccessException", "JsonException", "FileNotFoundException", "DirectoryNotFoundException", "InvalidDataException", "InvalidOperationException", "FormatException"];

    [Fact]
    public void MessagesAreInOurWords()
    {
        List<string> found = [];
        foreach (string file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.cs", SearchOption.AllDirectories))
        {
            string text = File.ReadAllText(file);
            foreach (Match clause in Catch().Matches(text))
            {
                string name = clause.Groups["name"].Value, caught = clause.Value;
                bool library = s_libraries.Any(l => Regex.IsMatch(caught, $@"\b{l}\b"));
                if (library && Regex.IsMatch(Body(text, clause.Index + clause.Length), $@"[{{(]\s*{name}\.Message(?!\.(?:Contains|StartsWith))"))
                {
                    found.Add($"{Path.GetRelativePath(Repository.Root, file)}: {caught.Split('\n')[0]}");
                }
            }
        }

        // The text of these exceptions is our own.
        found.RemoveAll(static f => f.StartsWith(Path.Combine("src", "Cli", "Sources", "FrameRun.cs"), StringComparison.Ordinal));
        Assert.Empty(found);
    }

    /// <summary>From the brace that opens a block to the one that closes it.</summary>
    private static string Body(string text, int from)
    {
        int start = text.IndexOf('{', from), depth = 0;
        for (int i = start; i < text.Length; i++)
        {
            depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return text[start..i];
            }
        }

        return text[start..];
    }

    [GeneratedRegex(@"catch \((?<type>\w+) (?<name>\w+)\)(?: when \([^\r\n]*\))?", RegexOptions.ExplicitCapture)]
    private static partial Regex Catch();
}
