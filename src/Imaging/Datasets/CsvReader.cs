using System.Text;

namespace EdgeVit.Imaging;

/// <summary>Parts a text into lines and fields.</summary>
/// <param name="file">For messages.</param>
/// <param name="text">All of it.</param>
/// <param name="delimiter">Between fields; several blanks count as one.</param>
/// <param name="start">Where the lines begin.</param>
internal sealed class CsvReader(string file, string text, char delimiter, int start)
{
    private const char Quote = '"';

    private readonly List<CsvRow> _rows = [];
    private readonly List<string> _fields = [];
    private readonly StringBuilder _field = new();
    private int _at = start;
    private int _line = 1 + text.AsSpan(0, start).Count('\n');
    private bool _wasQuoted;

    /// <summary>All lines that have a field.</summary>
    /// <exception cref="DatasetException">A quote is not closed.</exception>
    internal List<CsvRow> Rows()
    {
        int begin = _line;
        for (; _at < text.Length; _at++)
        {
            char c = text[_at];
            if (c is '\n' or '\r')
            {
                EndRow(begin);
                _line += c == '\n' ? 1 : 0;
                begin = _line;
            }
            else
            {
                Take(c);
            }
        }

        EndRow(begin);
        return _rows;
    }

    private void Take(char c)
    {
        if (c == delimiter)
        {
            EndField();
        }
        else if (c == Quote && !_wasQuoted && IsBlank())
        {
            Quoted();
        }
        else if (!_wasQuoted || !char.IsWhiteSpace(c))
        {
            _field.Append(c);
        }
    }

    /// <summary>What stands in quotes, from the first to the last.</summary>
    private void Quoted()
    {
        int opened = _line;
        _field.Clear();
        _wasQuoted = true;
        while (++_at < text.Length)
        {
            char c = text[_at];
            if (c == Quote && (_at + 1 == text.Length || text[_at + 1] != Quote))
            {
                return;
            }

            _at += c == Quote ? 1 : 0;
            _line += c == '\n' ? 1 : 0;
            _field.Append(c);
        }

        throw new DatasetException(file, $"line {opened}: a quote (\") is opened and never closed.") { IsUsage = true };
    }

    private bool IsBlank()
    {
        for (int i = 0; i < _field.Length; i++)
        {
            if (!char.IsWhiteSpace(_field[i]) && _field[i] != '\uFEFF')
            {
                return false;
            }
        }
        return true;
    }

    private void EndField()
    {
        string value = _wasQuoted ? _field.ToString() : _field.ToString().Trim(' ', '\t', '\uFEFF');
        if (delimiter != ' ' || value.Length > 0)
        {
            _fields.Add(value);
        }

        _field.Clear();
        _wasQuoted = false;
    }

    private void EndRow(int begin)
    {
        EndField();
        if (_fields.Exists(static f => f.Length > 0))
        {
            _rows.Add(new CsvRow(begin, [.. _fields]));
        }

        _fields.Clear();
    }
}
