using System.Globalization;
using System.Text;

namespace EdgeVit.Cli.Training;

/// <summary>Draws a curve with characters: eight dots of Braille to a character, or two of plain ones where the terminal has no more.</summary>
internal static class CurvePlot
{
    private const int Label = 6;

    // The dots of a character of Braille, [row, column].
    private static readonly byte[,] s_braille = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 } };

    /// <summary>The curve as rows of <paramref name="columns"/> characters, its highest and lowest value beside it.</summary>
    /// <param name="values">With x ascending; those that are not finite are left out.</param>
    /// <param name="to">Where x ends; it begins at 0.</param>
    /// <param name="columns">At least 10.</param>
    /// <param name="rows">At least 1.</param>
    /// <param name="unicode">Whether there is Braille.</param>
    public static string[] Draw(IReadOnlyList<(double X, double Y)> values, double to, int columns, int rows, bool unicode)
    {
        (double X, double Y)[] drawn = [.. values.Where(v => double.IsFinite(v.X) && double.IsFinite(v.Y))];
        (int dotColumns, int dotRows) = unicode ? (2, 4) : (1, 2);
        (int width, int height) = ((columns - Label - 1) * dotColumns, rows * dotRows);
        bool[,] dots = new bool[height, width];
        double low = drawn.Length == 0 ? 0 : drawn.Min(v => v.Y), high = drawn.Length == 0 ? 0 : drawn.Max(v => v.Y);
        int Row(double y) => high > low ? (int)Math.Round((high - y) / (high - low) * (height - 1)) : height / 2;

        int? before = null;
        foreach (IGrouping<int, (double X, double Y)> column in drawn.GroupBy(v => Math.Clamp((int)(v.X / Math.Max(to, double.Epsilon) * width), 0, width - 1)))
        {
            int row = Row(column.Average(v => v.Y));
            // Down or up to where the column before it ended, so that a steep curve stays one.
            int from = before is { } last && last != row ? last + Math.Sign(row - last) : row;
            for (int r = Math.Min(from, row); r <= Math.Max(from, row); r++)
            {
                dots[r, column.Key] = true;
            }

            before = row;
        }

        return [.. Enumerable.Range(0, rows).Select(r => $"{Beside(r, rows, low, high, drawn.Length > 0)} {Characters(dots, r * dotRows, unicode)}")];
    }

    private static string Beside(int row, int rows, double low, double high, bool any)
    {
        string text = !any ? "" : row == 0 ? Short(high) : row == rows - 1 && high > low ? Short(low) : "";
        return text.PadLeft(Label);
    }

    private static string Short(double value) => Math.Abs(value) switch
    {
        >= 1e5 or (> 0 and < 1e-3) => value.ToString("0.0e0", CultureInfo.InvariantCulture),
        >= 100 => value.ToString("0", CultureInfo.InvariantCulture),
        >= 10 => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("0.000", CultureInfo.InvariantCulture),
    };

    private static string Characters(bool[,] dots, int top, bool unicode)
    {
        var text = new StringBuilder();
        if (!unicode)
        {
            for (int c = 0; c < dots.GetLength(1); c++)
            {
                text.Append((dots[top, c], dots[top + 1, c]) switch { (true, true) => ':', (true, false) => '\'', (false, true) => '.', _ => ' ' });
            }

            return text.ToString();
        }

        for (int c = 0; c < dots.GetLength(1); c += 2)
        {
            int bits = 0;
            for (int r = 0; r < 4; r++)
            {
                bits |= (dots[top + r, c] ? s_braille[r, 0] : 0) | (dots[top + r, c + 1] ? s_braille[r, 1] : 0);
            }

            text.Append(bits == 0 ? ' ' : (char)(0x2800 + bits));
        }

        return text.ToString();
    }
}
