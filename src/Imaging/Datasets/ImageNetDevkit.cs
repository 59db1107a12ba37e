using System.Globalization;
using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>The classes of ImageNet's validation pictures as its development kit has them: a number for each in a text, and what the numbers mean in
/// <c>meta.mat</c>.</summary>
internal static class ImageNetDevkit
{
    private const string NumbersFile = "ILSVRC2012_validation_ground_truth.txt", NamesFile = "meta.mat";

    private const int MaxFileBytes = 64 << 20;

    /// <summary>The text with the numbers, in a data set's folder, the split's or the kit's; null where it is in none.</summary>
    internal static string? Find(FolderTree root, FolderTree split)
    {
        IEnumerable<string> folders = root.Folders.Select(static f => f.Path).Prepend(root.Path).Prepend(split.Path);
        return folders.SelectMany(static f => (string[])[f, Path.Combine(f, "data")]).Select(static f => Path.Combine(f, NumbersFile)).FirstOrDefault(File.Exists);
    }

    /// <summary>The class of each picture by its name without extension.</summary>
    /// <param name="file">The text, see <see cref="Find"/>.</param>
    /// <param name="instead">Where a table of names may lie in place of all this, for messages.</param>
    /// <exception cref="DatasetException">The numbers or their meanings cannot be read.</exception>
    internal static Dictionary<string, string> Read(string file, string instead)
    {
        Dictionary<int, string> names = Names(file, instead);
        var classes = new Dictionary<string, string>(StringComparer.Ordinal);
        int line = 0;
        foreach (string text in File.ReadLines(file))
        {
            line++;
            if (!int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int number) || !names.TryGetValue(number, out string? name))
            {
                throw new DatasetException(file, $"line {line}: '{text[..Math.Min(text.Length, 24)]}' is no number of a class in {NamesFile}.");
            }

            classes[$"ILSVRC2012_val_{line:D8}"] = name;
        }
        return classes;
    }

    /// <summary>The synset of each number.</summary>
    private static Dictionary<int, string> Names(string file, string instead)
    {
        string meta = Path.Combine(Path.GetDirectoryName(file)!, NamesFile);
        try
        {
            if (new FileInfo(meta) is { Exists: true, Length: > MaxFileBytes })
            {
                throw new InvalidDataException("it is too large");
            }

            MatArray? synsets = MatFile.Read(File.ReadAllBytes(meta)).Find(static a => a.Fields.Contains("WNID"));
            int fields = synsets?.Fields.Count ?? 0, number = Index(synsets, "ILSVRC2012_ID"), name = Index(synsets, "WNID");
            var names = new Dictionary<int, string>();
            for (int at = 0; number >= 0 && at + fields <= synsets!.Values.Count; at += fields)
            {
                if (synsets.Values[at + number].Number is >= 1 and <= int.MaxValue and var n && synsets.Values[at + name].Text is { Length: > 0 } text)
                {
                    names[(int)n] = text;
                }
            }

            return names.Count > 0 ? names : throw new InvalidDataException("it names no synsets");
        }
        catch (Exception e) when (e is FileNotFoundException or InvalidDataException)
        {
            throw new DatasetException(file, $"has classes as the numbers of ImageNet's development kit; what they mean stands in {meta}, "
                + $"which {(e is FileNotFoundException ? "is missing" : $"cannot be read ({FileFault.Of(e)})")}. Put the kit's {NamesFile} there, or Kaggle's {instead} beside the splits.", e);
        }
    }

    private static int Index(MatArray? array, string field)
    {
        for (int i = 0; i < (array?.Fields.Count ?? 0); i++)
        {
            if (array!.Fields[i] == field)
            {
                return i;
            }
        }
        return -1;
    }
}
