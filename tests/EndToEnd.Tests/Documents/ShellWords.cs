using System.Text;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Takes a line of a shell apart into the commands that it starts and their words; redirections and remarks are left out, patterns stay as they are.</summary>
internal sealed class ShellWords
{
    private readonly string _line;
    private readonly List<string[]> _commands = [];
    private int _at;

    private ShellWords(string line) => _line = line;

    public static IReadOnlyList<string[]> Of(string line)
    {
        var reader = new ShellWords(line);
        reader.Read();
        return reader._commands;
    }

    private void Read()
    {
        var words = new List<string>();
        StringBuilder? word = null;
        bool redirected = false;
        while (_at < _line.Length)
        {
            char c = _line[_at++];
            switch (c)
            {
                case '#' when word is null:
                    _at = _line.Length;
                    break;
                case ' ':
                    EndWord();
                    break;
                case '\'' or '"':
                    (word ??= new StringBuilder()).Append(Quoted(c));
                    break;
                case '<' when _at < _line.Length && _line[_at] == '(':
                    _at++;
                    Read();
                    word = new StringBuilder("/dev/fd/63");
                    break;
                case '<' or '>':
                    EndWord();
                    redirected = true;
                    break;
                case '|' or ';' or '&':
                    EndCommand();
                    break;
                case ')':
                    EndCommand();
                    return;
                default:
                    (word ??= new StringBuilder()).Append(c);
                    break;
            }
        }

        EndCommand();

        void EndWord()
        {
            if (word is not null && !redirected)
            {
                words.Add(word.ToString());
            }

            redirected &= word is null;
            word = null;
        }

        void EndCommand()
        {
            EndWord();
            if (words.Count > 0)
            {
                _commands.Add([.. words]);
            }

            words.Clear();
        }
    }

    private string Quoted(char quote)
    {
        int end = _line.IndexOf(quote, _at);
        string text = _line[_at..end];
        _at = end + 1;
        return text;
    }
}
