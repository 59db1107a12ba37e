using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace EdgeVit.Cli;

/// <summary>Where a verb's words and data go: data on standard output, words on standard error. With <c>--json</c> the data are one JSON
/// object; a pipe gets plain lines, a terminal gets tables. <c>NO_COLOR</c> is respected.</summary>
internal sealed class Printer
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions s_line = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const int BrokenPipe = 32;

    private readonly TextWriter _words;
    private readonly LiveRows _live;
    // Signals speak on threads of their own.
    private readonly Lock _turn = new();
    private TextWriter _data;
    private bool _lines;

    public Printer(bool json, bool quiet) : this(json, quiet, Console.Out, Console.Error)
    {
        bool color = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));
        bool capable = Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb";
        RichData = !json && capable && !Console.IsOutputRedirected;
        LiveWords = !quiet && capable && !Console.IsErrorRedirected;
        Color = color && capable;
    }

    /// <summary>Prints plain text to these writers.</summary>
    public Printer(bool json, bool quiet, TextWriter data, TextWriter words)
    {
        Json = json;
        Quiet = quiet;
        _data = data;
        _words = words;
        _live = new LiveRows(words);
    }

    public bool Json { get; }

    /// <summary>Whether words that are not errors are left out.</summary>
    public bool Quiet { get; }

    /// <summary>Whether standard error is a terminal, so that a line may be rewritten in place.</summary>
    public bool LiveWords { get; }

    /// <summary>Whether data go to a terminal.</summary>
    public bool RichData { get; }

    /// <summary>Whether words may have colours.</summary>
    public bool Color { get; }

    /// <summary>A whole number among data: with separators of thousands for people, plain for programs.</summary>
    public string Count(double number) => RichData ? Quantity.Count(number) : Quantity.Fixed(number, 0);

    /// <summary>A line for the person; left out with <c>--quiet</c>.</summary>
    public void Say(string line)
    {
        if (Quiet)
        {
            return;
        }

        Words(line);
    }

    /// <summary>A line that must be seen, whatever the options.</summary>
    public void Warn(string line) => Words(Color && LiveWords ? $"\u001b[33m{line}\u001b[0m" : line);

    /// <summary>An error; always printed.</summary>
    public void Error(string message)
    {
        string prefix = Color && LiveWords ? "\u001b[1;31medgevit:\u001b[0m" : "edgevit:";
        Words($"{prefix} {message}");
    }

    /// <summary>Rewrites the live line on a terminal; does nothing elsewhere.</summary>
    public void Live(string line) => Live((width, _) => [line.Length >= width ? line[..(width - 1)] : line]);

    /// <summary>Rewrites the live rows on a terminal; does nothing elsewhere.</summary>
    /// <param name="rows">Makes them for a terminal's columns and rows: each narrower, and fewer.</param>
    public void Live(Func<int, int, IReadOnlyList<string>> rows)
    {
        if (!LiveWords)
        {
            return;
        }

        lock (_turn)
        {
            (int width, int height) = TerminalSize();
            _live.Show(rows(width, height), width);
        }
    }

    /// <summary>A line of data; nothing with <c>--json</c>.</summary>
    public void Data(string line = "")
    {
        if (Json)
        {
            return;
        }

        lock (_turn)
        {
            EndLive();
            _data.WriteLine(line);
        }
    }

    /// <summary>A table of data; nothing with <c>--json</c>.</summary>
    public void Data(TextTable table)
    {
        if (Json)
        {
            return;
        }

        using Lock.Scope turn = _turn.EnterScope();
        EndLive();
        if (RichData && table.HasHeaders && table.Width + (3 * table.Columns.Count) + 1 <= TerminalSize().Width)
        {
            Rich(table);
        }
        else
        {
            table.WriteTo(_data, plainNumbers: !RichData);
        }
    }

    /// <summary>The one JSON object of a verb; nothing without <c>--json</c>. One line where a stream has begun.</summary>
    public void Object(JsonObject value)
    {
        if (Json)
        {
            _data.WriteLine(_lines ? value.ToJsonString(s_line) : Text(value));
        }
    }

    /// <summary>From here on each object is a line, and a reader that has closed its pipe shows as an <see cref="IOException"/>, which the console's own
    /// writer passes over in silence.</summary>
    public void BeginLines()
    {
        _lines = true;
        if (!ReferenceEquals(_data, Console.Out) || !Console.IsOutputRedirected || OperatingSystem.IsWindows() || !StandardStreams.IsOpen(1))
        {
            return;
        }

        // A file is left to the console's writer: it shares its position with standard error.
        var output = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        if (!output.CanSeek)
        {
            _data = new StreamWriter(output, new System.Text.UTF8Encoding(false)) { AutoFlush = true };
        }
    }

    /// <summary>Whether an error says that nobody reads the data any more; if so, later data go nowhere.</summary>
    public bool IsClosed(IOException error)
    {
        if (!_lines || error.HResult != BrokenPipe)
        {
            return false;
        }

        _data = TextWriter.Null;
        return true;
    }

    /// <summary>An object as it is printed.</summary>
    public static string Text(JsonObject value) => value.ToJsonString(s_indented);

    /// <summary>Makes sure that everything written has left the process; a full disk shows here.</summary>
    public void Flush()
    {
        using Lock.Scope turn = _turn.EnterScope();
        EndLive();
        _data.Flush();
        _words.Flush();
    }

    private void Words(string line)
    {
        lock (_turn)
        {
            EndLive();
            _words.WriteLine(line);
        }
    }

    private void EndLive() => _live.Erase(TerminalSize().Width);

    private void Rich(TextTable source)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(_data),
            ColorSystem = Color ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Ansi = Color ? AnsiSupport.Detect : AnsiSupport.No,
        });
        var table = new Table { Border = TableBorder.Rounded, ShowHeaders = source.HasHeaders };
        if (source.Title is not null)
        {
            table.Title = new TableTitle(Markup.Escape(source.Title));
        }

        for (int i = 0; i < source.Columns.Count; i++)
        {
            var column = new TableColumn(Markup.Escape(source.Columns[i].Name)) { NoWrap = i < source.Columns.Count - 1 };
            table.AddColumn(source.Columns[i].RightAligned ? column.RightAligned() : column);
        }
        foreach (IReadOnlyList<string> row in source.Rows)
        {
            table.AddRow([.. row.Select(cell => Markup.Escape(cell))]);
        }

        console.Write(table);
    }

    private static (int Width, int Height) TerminalSize()
    {
        try
        {
            return (Console.WindowWidth > 0 ? Math.Max(Console.WindowWidth, 8) : 120, Console.WindowHeight > 0 ? Console.WindowHeight : 24);
        }
        catch (IOException)
        {
            return (120, 24);
        }
    }
}
