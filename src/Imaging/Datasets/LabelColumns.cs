namespace EdgeVit.Imaging;

/// <summary>Which columns of a table are what: named by its first line, or found by what is in them.</summary>
/// <param name="File">The pictures.</param>
/// <param name="Label">Their classes.</param>
/// <param name="Split">What they are for; -1 where no column says.</param>
/// <param name="Count">Columns in all.</param>
/// <param name="HasHeader">The first line names them.</param>
internal sealed record LabelColumns(int File, int Label, int Split, int Count, bool HasHeader)
{
    /// <summary>So many lines are looked at to find the column of the pictures.</summary>
    private const int Looked = 20;

    // In this order where several are there.
    private static readonly string[] s_files =
        ["file", "filename", "filepath", "path", "imagefile", "imagefilename", "imagepath", "imagename", "imgpath", "imgname", "image", "img", "picture", "photo", "imageid", "imgid", "id", "name"];

    private static readonly string[] s_labels =
        ["label", "labelname", "labels", "class", "classname", "category", "categoryname", "target", "species", "breed", "variety", "diagnosis", "classid", "labelid", "categoryid", "y"];

    private static readonly string[] s_splits = ["split", "subset", "partition", "set", "dataset", "usage"];

    /// <summary>Finds the columns.</summary>
    /// <param name="file">The table, for messages.</param>
    /// <param name="rows">Its lines, one or more.</param>
    /// <param name="isPicture">Whether a field names a picture that is there.</param>
    /// <exception cref="DatasetException">They cannot be told.</exception>
    internal static LabelColumns Of(string file, List<CsvRow> rows, Func<string, bool> isPicture)
    {
        string[] first = rows[0].Fields;
        string[] names = [.. first.Select(Plain)];
        bool header = (Find(names, s_files) >= 0 || Find(names, s_labels) >= 0) && !Array.Exists(first, f => isPicture(f));
        List<CsvRow> body = header ? rows[1..] : rows;
        LabelColumns columns = header ? new(Find(names, s_files), Find(names, s_labels), Find(names, s_splits), first.Length, true) : new(-1, -1, -1, first.Length, false);
        columns = columns.WithFile(body, isPicture).WithSplit(body);
        columns = columns.Label < 0 && columns.Rest is [var only] ? columns with { Label = only } : columns;
        return columns is { File: >= 0, Label: >= 0 } ? columns : throw Unclear(file, rows[0], header, columns.File);
    }

    /// <summary>Columns of which it is not known what they are.</summary>
    private int[] Rest => [.. Enumerable.Range(0, Count).Where(c => c != File && c != Label && c != Split)];

    /// <summary>Where it is not named: the column of which most fields name a picture, or the first of two.</summary>
    private LabelColumns WithFile(List<CsvRow> body, Func<string, bool> isPicture)
    {
        if (File >= 0)
        {
            return this;
        }

        (int best, int most) = (-1, 0);
        foreach (int c in Rest)
        {
            int found = body.Take(Looked).Count(r => isPicture(At(r, c)));
            (best, most) = found > most ? (c, found) : (best, most);
        }

        bool isPair = Count - (Split < 0 ? 0 : 1) == 2;
        return this with { File = best < 0 && isPair ? Rest[0] : best };
    }

    /// <summary>Without names: that of two which has names of splits alone.</summary>
    private LabelColumns WithSplit(List<CsvRow> body) => !HasHeader && Rest is { Length: 2 } rest
        ? this with { Split = Array.Find([.. rest, -1], c => c < 0 || body.TrueForAll(r => SplitNames.KindOf(At(r, c)) is not null)) } : this;

    private static string At(CsvRow row, int column) => column < row.Fields.Length ? row.Fields[column] : "";

    /// <summary>The columns in words.</summary>
    /// <param name="first">The first line.</param>
    internal string Describe(CsvRow first)
    {
        string Name(string use, int column) => column < 0 ? "" : HasHeader ? $"{use} '{first.Fields[column]}'" : $"{use} in column {column + 1}";
        return string.Join(", ", ((string[])[Name("file", File), Name("label", Label), Name("split", Split)]).Where(static t => t.Length > 0));
    }

    private static int Find(string[] names, string[] known) => known.Select(k => Array.IndexOf(names, k)).FirstOrDefault(static i => i >= 0, -1);

    private static string Plain(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    private static DatasetException Unclear(string file, CsvRow first, bool header, int picture)
    {
        string found = string.Join(", ", first.Fields.Take(8).Select(static f => $"'{f}'")) + (first.Fields.Length > 8 ? ", ..." : "");
        string problem = first.Fields.Length < 2
            ? $"line {first.Line}: one column, {found}; expected a file name and a label, parted by a comma, a semicolon or a tab."
            : $"line {first.Line}: {(header ? "no column is known to be" : "without names of columns it is not clear which is")} {(picture < 0 ? "the file" : "the label")} ({found}). "
                + "Begin with a line that names the columns: file,label or file,label,split.";
        return new DatasetException(file, problem) { IsUsage = true };
    }
}
