using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>A checkpoint in several files, with an index that says which tensor lies in which: Hugging Face's <c>model.safetensors.index.json</c> and
/// <c>pytorch_model.bin.index.json</c>.</summary>
internal static class CheckpointParts
{
    internal const string Ending = ".index.json";
    private const long MostBytes = 16 << 20;
    private const int MostFiles = 1000;

    /// <summary>Whether a path names such an index.</summary>
    internal static bool IsIndex(string path) => path.EndsWith(Ending, StringComparison.OrdinalIgnoreCase);

    /// <summary>The index that a file is a part of, where it lies beside it; null for a whole checkpoint.</summary>
    internal static string? IndexOf(string path)
    {
        string name = Path.GetFileName(path);
        int of = name.LastIndexOf("-of-", StringComparison.Ordinal), first = of <= 0 ? -1 : name.LastIndexOf('-', of - 1);
        string index = first < 0 ? "" : Path.Combine(Path.GetDirectoryName(path) ?? "", name[..first] + Path.GetExtension(name) + Ending);
        return first >= 0 && File.Exists(index) ? index : null;
    }

    /// <summary>The index and all files that it names, in order.</summary>
    /// <exception cref="CheckpointException">It is no index, or a file is missing.</exception>
    internal static IReadOnlyList<string> Files(string index) =>
        [index, .. Map(index).Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(f => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(index))!, f))];

    internal static Checkpoint Open(string index, string? key, string? prefix)
    {
        IReadOnlyDictionary<string, string> map = Map(index);
        List<CheckpointReader.Contents> parts = [];
        try
        {
            foreach (string path in Files(index).Skip(1))
            {
                string name = Path.GetFileName(path);
                CheckpointReader.Contents part = Part(path, name, key);
                parts.Add(part);
                HashSet<string> there = [.. part.Views.Select(v => v.Name)];
                if (map.FirstOrDefault(m => m.Value == name && !there.Contains(m.Key) && !part.Skipped.Any(s => s.Name == m.Key)).Key is { } missing)
                {
                    throw new CheckpointException($"says that '{missing}' is in {name}, which has no such tensor: index and files are not of the same checkpoint");
                }
            }
        }
        catch
        {
            parts.ForEach(p => p.File.Dispose());
            throw;
        }
        return CheckpointReader.Loaded(parts, prefix);
    }

    /// <summary>Whether a text is the name of a file on every system: no folder, drive or stream.</summary>
    private static bool IsFileName([NotNullWhen(true)] string? file) =>
        !string.IsNullOrEmpty(file) && file.AsSpan().IndexOfAny("/\\:\0") < 0 && file is not (".." or ".") && Path.GetFileName(file) == file && !Path.IsPathRooted(file);

    private static CheckpointReader.Contents Part(string path, string name, string? key)
    {
        try
        {
            return CheckpointReader.Content(path, key);
        }
        catch (CheckpointException e)
        {
            throw new CheckpointException($"its part {name}: {e.Message}", e);
        }
        catch (FileNotFoundException e)
        {
            throw new CheckpointException($"names the part {name}, which is not beside it: download all parts into one folder", e);
        }
    }

    /// <summary>Tensor to file.</summary>
    private static Dictionary<string, string> Map(string index)
    {
        try
        {
            if (new FileInfo(index).Length > MostBytes)
            {
                throw new CheckpointException($"has {new FileInfo(index).Length} bytes, expected an index of at most {MostBytes}");
            }

            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(index));
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
            {
                throw new CheckpointException("is no index of a checkpoint: expected a JSON object with 'weight_map', tensor to file");
            }

            var files = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (JsonProperty entry in map.EnumerateObject())
            {
                string? file = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
                // A part lies beside its index; a path could lead anywhere.
                files[entry.Name] = IsFileName(file) ? file
                    : throw new CheckpointException($"says that '{entry.Name}' is in '{file}', expected the name of a file beside it");
            }
            return files.Count > 0 && files.Values.Distinct().Count() <= MostFiles ? files : throw new CheckpointException($"names {files.Values.Distinct().Count()} files, expected 1 to {MostFiles}");
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"is no JSON, as an index of a checkpoint is: {JsonFault.Of(e)}", e);
        }
    }
}
