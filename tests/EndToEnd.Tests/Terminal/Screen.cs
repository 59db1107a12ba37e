using System.Globalization;
using System.Text;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>What a terminal of some size shows of the bytes that it is sent: rows break at its width, what goes off the top is kept, and nothing that it does not
/// know is passed over in silence.</summary>
internal sealed class Screen(int width)
{
    private readonly List<StringBuilder> _rows = [new()];
    private string _rest = "";
    private int _row;
    private int _column;

    public int Width { get; set; } = width;

    /// <summary>Where the cursor is.</summary>
    public (int Row, int Column) Cursor => (_row, _column);

    /// <summary>Whether colours are on.</summary>
    public bool Coloured { get; private set; }

    /// <summary>The rows from the first that was ever written, without blanks at their ends.</summary>
    public IReadOnlyList<string> Rows => [.. _rows.Select(r => r.ToString().TrimEnd())];

    public string Text => string.Join('\n', Rows);

    public void Write(string text)
    {
        text = _rest + text;
        _rest = "";
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\u001b')
            {
                int end = i + 1;
                while (end < text.Length && (end == i + 1 || !char.IsAsciiLetter(text[end])))
                {
                    end++;
                }

                if (end >= text.Length)
                {
                    _rest = text[i..];
                    return;
                }

                Control(text[(i + 1)..(end + 1)]);
                i = end;
                continue;
            }

            Character(text[i]);
        }
    }

    private void Character(char c)
    {
        switch (c)
        {
            case '\r':
                _column = 0;
                break;
            case '\n':
                Down();
                break;
            default:
                Assert.False(char.IsControl(c), $"the control character {(int)c}");
                if (_column == Width)
                {
                    _column = 0;
                    Down();
                }

                StringBuilder row = _rows[_row];
                row.Append(' ', Math.Max(0, _column + 1 - row.Length));
                row[_column++] = c;
                break;
        }
    }

    private void Control(string sequence)
    {
        int Number() => sequence.Length > 2 ? int.Parse(sequence.AsSpan(1, sequence.Length - 2), CultureInfo.InvariantCulture) : 1;
        switch (sequence[^1])
        {
            case 'A':
                _row = Math.Max(0, _row - Number());
                break;
            case 'K' when sequence == "[K":
                _rows[_row].Length = Math.Min(_rows[_row].Length, _column);
                break;
            case 'J' when sequence == "[J":
                _rows[_row].Length = Math.Min(_rows[_row].Length, _column);
                _rows.RemoveRange(_row + 1, _rows.Count - _row - 1);
                break;
            case 'm':
                Coloured = sequence is not ("[m" or "[0m");
                break;
            default:
                Assert.Fail($"a sequence that changes the terminal: ESC{sequence}");
                break;
        }
    }

    private void Down()
    {
        if (++_row == _rows.Count)
        {
            _rows.Add(new StringBuilder());
        }
    }
}
