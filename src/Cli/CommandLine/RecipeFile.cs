using System.CommandLine;
using System.Text.Json;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>A file with options: lines <c>name = value</c>, where the name is an option's without dashes and lines that begin with # are remarks; or a run's
/// <c>config.json</c>, whose <c>option.*</c> are taken. Options of the command line count more.</summary>
internal sealed class RecipeFile
{
    /// <summary>The option that names it.</summary>
    public const string OptionName = "--recipe";

    private const long MostBytes = 1 << 20;

    private readonly string _path;
    private readonly List<(string Name, string Value, int Line)> _settings = [];

    private RecipeFile(string path) => _path = path;

    /// <summary>What is said of it: how many options it has, and which the command line replaces.</summary>
    public string Text { get; private set; } = "";

    /// <summary>A command line with the options of the recipe that it names, those that it does not give itself; null where it names none.</summary>
    /// <exception cref="UserException">The file cannot be used; the message has the line.</exception>
    public static (string[] Words, RecipeFile Recipe)? Expand(string[] words, Command command)
    {
        int at = Array.FindIndex(words, static w => w == OptionName || w.StartsWith($"{OptionName}=", StringComparison.Ordinal));
        string? path = at < 0 ? null : words[at].Length > OptionName.Length ? words[at][(OptionName.Length + 1)..] : words.ElementAtOrDefault(at + 1);
        if (path is null or "" || (OptionRules.IsOption(path, command) && words[at].Length == OptionName.Length))
        {
            return null;
        }

        var recipe = new RecipeFile(path);
        recipe.Read(command);
        HashSet<string> typed = [.. words.Where(static w => w.StartsWith('-')).Select(w => OptionRules.Named(command, w.Split('=')[0])?.Name).OfType<string>()];
        List<string> more = [], replaced = [];
        foreach ((string name, string value, _) in recipe._settings)
        {
            if (typed.Contains(name))
            {
                replaced.Add($"{name} ({value} in the recipe)");
            }
            else
            {
                more.AddRange(OptionRules.IsFlag(OptionRules.Named(command, name)!) ? [$"{name}={value}"] : [name, value]);
            }
        }

        recipe.Text = $"recipe {path}: {recipe._settings.Count} options{(replaced.Count == 0 ? "" : $"; of the command line instead: {string.Join(", ", replaced)}")}";
        recipe._settings.RemoveAll(s => typed.Contains(s.Name));
        return ([words[0], .. more, .. words[1..]], recipe);
    }

    /// <summary>A message about an option, with the line where the recipe has it.</summary>
    public string Located(string message)
    {
        (string name, _, int line) = _settings.FirstOrDefault(s => message.StartsWith($"{s.Name} ", StringComparison.Ordinal));
        return name is null ? message : $"{Place(line)}: {message}";
    }

    private string Place(int line) => line == 0 ? $"{OptionName} {_path}" : $"{OptionName} {_path}, line {line}";

    private void Read(Command command)
    {
        string text;
        try
        {
            (string? read, string? fault) = TextBytes.Read(FileBytes.Read(_path, MostBytes), _path);
            text = read ?? throw new UserException($"{OptionName} {_path}: {fault}", ExitCode.Usage);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException($"{OptionName} {_path}: cannot be read: {FileFault.Of(e, _path)}. Expected lines 'name = value'.", ExitCode.Usage, e);
        }

        foreach ((string name, string value, int line) in text.TrimStart().StartsWith('{') ? FromRun(text) : Lines(text))
        {
            Option option = OptionRules.Named(command, $"--{name}") ?? throw new UserException($"{Place(line)}: {CommandTree.UnknownOption(command, $"--{name}").Replace("--", "", StringComparison.Ordinal)}", ExitCode.Usage);
            if (option.Name is OptionName or "--help" or "--plan" || Verb.Common.Contains(option.Name))
            {
                throw new UserException($"{Place(line)}: '{name}' is no option of a training. Give it on the command line.", ExitCode.Usage);
            }

            if (value.Length == 0 || _settings.Any(s => s.Name == option.Name))
            {
                throw new UserException($"{Place(line)}: '{name}' {(value.Length == 0 ? "has no value. Put a # before the line for the usual one." : "is there twice: leave one line out.")}", ExitCode.Usage);
            }

            _settings.Add((option.Name, value, line));
        }
    }

    private IEnumerable<(string Name, string Value, int Line)> Lines(string text)
    {
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            string line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            int at = line.IndexOf('=', StringComparison.Ordinal);
            yield return at > 0 ? (line[..at].Trim().TrimStart('-'), line[(at + 1)..].Trim(), i + 1)
                : throw new UserException($"{Place(i + 1)}: '{line}', expected name = value, such as epochs = 30.", ExitCode.Usage);
        }
    }

    private IEnumerable<(string Name, string Value, int Line)> FromRun(string text)
    {
        const string Prefix = "option.";
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateObject()
                .Where(static p => p.Name.StartsWith(Prefix, StringComparison.Ordinal) && p.Name != $"{Prefix}{OptionName.TrimStart('-')}" && p.Value.ValueKind == JsonValueKind.String)
                .Select(static p => (p.Name[Prefix.Length..], p.Value.GetString()!, 0))];
        }
        catch (JsonException e)
        {
            throw new UserException($"{OptionName} {_path}: {JsonFault.Of(e)}. Expected a run's config.json, or lines 'name = value'.", ExitCode.Usage, e);
        }
    }
}
