using System.Text;
using System.Text.Json;

namespace EdgeVit.Cli;

/// <summary>Reads class names: a text file with one on each line, or a JSON array of strings.</summary>
internal static class LabelFile
{
    private const long MostBytes = 16 << 20;
    private const int LongestLabel = 1000;

    /// <summary>The labels of a file.</summary>
    /// <exception cref="UserException">There is no such file, or it holds no labels.</exception>
    public static IReadOnlyList<string> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new UserException($"--labels {path}: no such file.");
        }

        if (new FileInfo(path).Length > MostBytes)
        {
            throw new UserException($"--labels {path}: {Quantity.Bytes(new FileInfo(path).Length)} are no list of class names, expected a text file with one on each line.");
        }

        string text = File.ReadAllText(path, Encoding.UTF8);
        string[] labels = text.TrimStart().StartsWith('[') ? FromJson(path, text) : [.. text.TrimEnd().Split('\n').Select(l => l.Trim())];
        int bad = Array.FindIndex(labels, l => l.Length is 0 or > LongestLabel || l.Any(char.IsControl));
        return bad < 0 ? labels : throw new UserException(
            $"--labels {path}: label {bad + 1} of {labels.Length} is {(labels[bad].Length == 0 ? "empty" : labels[bad].Length > LongestLabel ? $"{labels[bad].Length} letters long" : "not text")}, expected one class name on each line.");
    }

    private static string[] FromJson(string path, string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateArray().Select(e => e.GetString() ?? "")];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UserException($"--labels {path}: not a JSON array of strings: {e.Message}", inner: e);
        }
    }
}
