namespace EdgeVit.Cli;

/// <summary>A table of words and numbers, to be drawn with borders on a terminal and as aligned columns in a pipe.</summary>
/// <param name="title">Printed above; null for none.</param>
/// <param name="columns">Names of the columns; one that begins with <c>&gt;</c> is aligned to the right. All empty: no headers.</param>
internal sealed class TextTable(string? title, params string[] columns)
{
    private readonly List<IReadOnlyList<string>> _rows = [];

    public string? Title { get; } = title;

    public IReadOnlyList<(string Name, bool RightAligned)> Columns { get; } =
        [.. columns.Select(c => c.StartsWith('>') ? (c[1..], true) : (c, false))];

    /// <summary>The rows, each with as many cells as there are columns.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Rows => _rows;

    public bool HasHeaders => Columns.Any(c => c.Name.Length > 0);

    /// <summary>Characters of the columns together, without what stands between them.</summary>
    public int Width => Widths().Sum();

    /// <summary>Adds a row for each line, the first one with this name before it.</summary>
    public TextTable AddLines(string name, IReadOnlyList<string> lines)
    {
        for (int i = 0; i < lines.Count; i++)
        {
            Add(i == 0 ? name : "", lines[i]);
        }

        return this;
    }

    /// <summary>Adds a row; missing cells at the end are empty.</summary>
    public TextTable Add(params string[] cells)
    {
        _rows.Add([.. cells, .. Enumerable.Repeat("", Columns.Count - cells.Length)]);
        return this;
    }

    /// <summary>Writes aligned columns, two spaces apart, without borders.</summary>
    /// <param name="writer">Takes the lines.</param>
    /// <param name="plainNumbers">Whether whole numbers in columns of numbers lose their separators of thousands.</param>
    public void WriteTo(TextWriter writer, bool plainNumbers = false)
    {
        if (plainNumbers)
        {
            for (int i = 0; i < _rows.Count; i++)
            {
                _rows[i] = [.. _rows[i].Select((cell, c) => Columns[c].RightAligned && IsWhole(cell) ? cell.Replace(",", "", StringComparison.Ordinal) : cell)];
            }
        }

        if (Title is not null)
        {
            writer.WriteLine(Title);
        }

        int[] widths = Widths();
        if (HasHeaders)
        {
            writer.WriteLine(Line([.. Columns.Select(c => c.Name)], widths));
        }

        foreach (IReadOnlyList<string> row in _rows)
        {
            writer.WriteLine(Line(row, widths));
        }
    }

    private static bool IsWhole(string cell) => cell.Length > 0 && cell.All(c => char.IsAsciiDigit(c) || c is ',' or '-' or '+');

    private int[] Widths() => [.. Columns.Select((c, i) => Math.Max(c.Name.Length, _rows.Select(r => r[i].Length).DefaultIfEmpty(0).Max()))];

    private string Line(IReadOnlyList<string> cells, int[] widths) =>
        string.Join("  ", cells.Select((cell, i) => Columns[i].RightAligned ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))).TrimEnd();
}
