using System.Text.Json;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Reads class names: a text file with one on each line, a JSON array of strings, or a JSON object of names by number (id2label).</summary>
internal static class LabelFile
{
    private const long MostBytes = 16 << 20;
    private const int LongestLabel = 1000;

    /// <summary>The labels of a file.</summary>
    /// <exception cref="UserException">There is no such file, or it holds no labels.</exception>
    public static IReadOnlyList<string> Read(string path, string option = "--labels")
    {
        if (!File.Exists(path))
        {
            throw new UserException($"{option} {path}: no such file.");
        }

        (string? read, string? fault) = TextBytes.Read(Bytes(path, option), path);
        string text = read ?? throw new UserException($"{option} {path}: {fault}");
        if (text.TrimStart().StartsWith('{'))
        {
            IReadOnlyList<string> byNumber = Export.Onnx.OnnxLabels.Id2Label(text) ?? throw new UserException($"{option} {path}: a JSON object, and none with a name for each number from 0 on (id2label).");
            RequireDifferent(path, byNumber, option);
            return byNumber;
        }

        string[] labels = text.TrimStart().StartsWith('[') ? FromJson(path, text, option) : [.. text.TrimEnd().Split('\n').Select(l => l.Trim())];
        int bad = Array.FindIndex(labels, l => l.Length is 0 or > LongestLabel || l.Any(char.IsControl));
        if (bad < 0)
        {
            RequireDifferent(path, labels, option);
            return labels;
        }

        throw new UserException(
            $"{option} {path}: label {bad + 1} of {labels.Length} is {(labels[bad].Length == 0 ? "empty" : labels[bad].Length > LongestLabel ? $"{labels[bad].Length} letters long" : "not text")}, expected one class name on each line.");
    }

    private static byte[] Bytes(string path, string option)
    {
        try
        {
            return FileBytes.Read(path, MostBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{option} {path}: {FileFault.Of(e, path)}. Expected a text file with one class name on each line.", inner: e);
        }
    }

    /// <summary>Classes are found by their names, so that two of one name cannot be told apart.</summary>
    private static void RequireDifferent(string path, IReadOnlyList<string> labels, string option)
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < labels.Count; i++)
        {
            if (!first.TryAdd(labels[i], i))
            {
                throw new UserException(
                    $"{option} {path}: label {i + 1} of {labels.Count} is '{labels[i]}', as label {first[labels[i]] + 1} is. Names tell classes apart: give each its own, such as '{labels[i]} (a)' and '{labels[i]} (b)'.");
            }
        }
    }

    private static string[] FromJson(string path, string text, string option)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateArray().Select(e => e.GetString() ?? "")];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UserException($"{option} {path}: expected a JSON array of strings, but {(e is JsonException fault ? JsonFault.Of(fault) : "it has something else in it")}.", inner: e);
        }
    }
}
