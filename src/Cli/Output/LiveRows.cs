using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace EdgeVit.Cli;

/// <summary>Rows at the bottom of a terminal that are rewritten in place. No mode of the terminal is changed, so a process that ends in whatever way leaves it
/// as it was, and what scrolls past stays readable.</summary>
internal sealed partial class LiveRows(TextWriter terminal)
{
    private int[] _lengths = [];

    /// <summary>Shows rows in place of the former ones. A row that is as wide as the terminal would go on in the next.</summary>
    /// <param name="rows">Each narrower than the terminal; colours do not count.</param>
    /// <param name="width">The terminal's width now, columns.</param>
    public void Show(IReadOnlyList<string> rows, int width)
    {
        var text = new StringBuilder(Back(width));
        for (int i = 0; i < rows.Count; i++)
        {
            text.Append(i == 0 ? "" : "\n").Append(rows[i]).Append("\u001b[K");
        }

        terminal.Write(text.Append("\u001b[J").ToString());
        _lengths = [.. rows.Select(Length)];
    }

    /// <summary>Takes the rows away; the cursor is where they began.</summary>
    public void Erase(int width)
    {
        if (_lengths.Length == 0)
        {
            return;
        }

        terminal.Write($"{Back(width)}\u001b[J");
        _lengths = [];
    }

    /// <summary>Columns that a row takes.</summary>
    public static int Length(string row) => Colours().Replace(row, "").Length;

    /// <summary>To the beginning of the first row. Where the window has become narrower, the terminal has broken rows in two.</summary>
    private string Back(int width)
    {
        int up = _lengths.Sum(length => Math.Max(1, (length + width - 1) / width)) - 1;
        return up > 0 ? string.Create(CultureInfo.InvariantCulture, $"\r\u001b[{up}A") : "\r";
    }

    [GeneratedRegex("\u001b\\[[0-9;]*m")]
    private static partial Regex Colours();
}
