using System.CommandLine;

namespace EdgeVit.Cli;

/// <summary>Options of a verb that belong together, as its help shows them.</summary>
internal sealed record OptionGroup(string Title, IReadOnlyList<Option> Options)
{
    private const string Heading = "Options:";

    /// <summary>A help whose options stand in groups; what is in none comes last.</summary>
    /// <param name="help">As the library writes it: an option begins a line after two blanks, and goes on in lines that are further in.</param>
    /// <param name="groups">None leaves it as it is.</param>
    public static string Arrange(string help, IReadOnlyList<OptionGroup> groups)
    {
        List<string> lines = [.. help.ReplaceLineEndings("\n").Split('\n')];
        int first = lines.IndexOf(Heading) + 1;
        if (groups.Count == 0 || first == 0)
        {
            return help;
        }

        int end = lines.FindIndex(first, static l => l.Length == 0);
        List<List<string>> entries = [];
        foreach (string line in lines[first..end])
        {
            if (line.StartsWith("  -", StringComparison.Ordinal))
            {
                entries.Add([]);
            }

            entries[^1].Add(line);
        }

        // An entry names all aliases before its description: "  -q, --quiet  ...".
        ILookup<string, List<string>> byGroup = entries.ToLookup(e => groups.FirstOrDefault(g => g.Options.Any(o => Names(e[0]).Contains(o.Name)))?.Title ?? "All verbs");
        IEnumerable<string> arranged = groups.Select(static g => g.Title).Append("All verbs").SelectMany(t => byGroup[t].SelectMany(static e => e).Prepend($"{t}:").Append(""));
        return string.Join(Environment.NewLine, [.. lines[..(first - 1)], .. arranged, .. lines[(end + 1)..]]);
    }

    private static IEnumerable<string> Names(string line) => line.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries).TakeWhile(static w => w.StartsWith('-'));
}
