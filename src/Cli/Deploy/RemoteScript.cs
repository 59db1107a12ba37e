using System.Text;

namespace EdgeVit.Cli;

/// <summary>The scripts that a board's shell reads from its standard input, in plain POSIX sh.</summary>
internal static class RemoteScript
{
    /// <summary>The line after which a script's own output begins: what a login shell prints before it is no answer.</summary>
    public const string Marker = "--- edgevit answers ---";

    /// <summary>The stored script of this name with its arguments. The whole text is read before anything of it runs, so that a connection
    /// that breaks while it is sent runs nothing.</summary>
    public static string Compose(string name, params IEnumerable<string> arguments) =>
        $"main() {{\necho {ShellQuote.Word(Marker)}\n{Read("common.sh")}\n{Read(name)}\n}}\n{{ main {ShellQuote.Words(arguments)}\nexit $?\n}}\n";

    /// <summary>What follows the marker; null where there is none.</summary>
    public static string? Answer(string output)
    {
        int at = output.IndexOf(Marker + "\n", StringComparison.Ordinal);
        return at < 0 ? null : output[(at + Marker.Length + 1)..];
    }

    /// <summary>The lines <c>name=value</c> of an answer; the last of a name counts, other lines are left out.</summary>
    public static IReadOnlyDictionary<string, string> Values(string answer)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string line in answer.Split('\n'))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && line.AsSpan(0, equals).IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789_") < 0)
            {
                values[line[..equals]] = line[(equals + 1)..].Trim();
            }
        }
        return values;
    }

    private static string Read(string name)
    {
        using Stream stream = typeof(RemoteScript).Assembly.GetManifestResourceStream($"deploy/{name}")!;
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
