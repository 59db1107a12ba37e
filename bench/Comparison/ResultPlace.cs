using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.Bench;

/// <summary>Where results are written, and of what they are.</summary>
internal static class ResultPlace
{
    /// <summary>Name and version of each program that takes part.</summary>
    public static IReadOnlyList<(string Name, string Version)> Versions =>
    [
        ("EdgeVit", typeof(Session).Assembly.GetName().Version!.ToString(3)),
        (".NET", Environment.Version.ToString()),
        (OnnxContestants.Engine, OnnxContestants.Version),
    ];

    /// <summary>Name of a processor as a folder: lower case, digits and hyphens. Where virtual machines give a name without a number, family and model stand behind it.</summary>
    public static string Folder(BoardInfo board)
    {
        var name = new StringBuilder();
        string full = board.Cpu.Any(char.IsAsciiDigit) ? board.Cpu : $"{board.Cpu} {Generation()}";
        string cpu = full.ToLowerInvariant().Replace("(r)", "", StringComparison.Ordinal).Replace("(tm)", "", StringComparison.Ordinal);
        foreach (char c in cpu)
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                name.Append(c);
            }
            else if (name.Length > 0 && name[^1] != '-')
            {
                name.Append('-');
            }
        }
        return name.ToString().Trim('-');
    }

    /// <summary>Family and model of an x64 processor; empty elsewhere.</summary>
    private static string Generation()
    {
        const string Description = "/proc/cpuinfo";
        if (!File.Exists(Description))
        {
            return "";
        }

        string[][] fields = [.. File.ReadLines(Description).TakeWhile(l => l.Length > 0).Select(l => l.Split(':', StringSplitOptions.TrimEntries))];
        return string.Join(' ', fields.Where(f => f is ["cpu family" or "model", _]).Select(f => $"{f[0].Split(' ')[^1]} {f[1]}"));
    }

    /// <summary>The machine, for programs.</summary>
    public static JsonObject Machine(BoardInfo board) => new()
    {
        ["model"] = board.Model,
        ["cpu"] = board.Cpu,
        ["cores"] = board.Cores,
        ["architecture"] = board.Architecture,
        ["features"] = new JsonArray([.. board.Features.Select(f => (JsonNode)f)]),
        ["os"] = board.OperatingSystem,
        ["kernel"] = board.Kernel,
    };

    /// <summary>The commit, and whether sources differ from it; the results themselves may.</summary>
    public static string Commit(string root)
    {
        string head = Git(root, "rev-parse", "--short=12", "HEAD");
        string changed = Git(root, "status", "--porcelain", "--", "src", "bench/*.cs", "devices");
        return head.Length == 0 ? "unknown" : changed.Length == 0 ? head : $"{head} with changes";
    }

    /// <summary>The folder of the solution around this program; the current one where there is none.</summary>
    public static string Repository()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EdgeVit.sln")))
            {
                return folder.FullName;
            }
        }
        return Environment.CurrentDirectory;
    }

    private static string Git(string root, params string[] arguments)
    {
        var start = new ProcessStartInfo("git") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = root };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            using Process process = Process.Start(start)!;
            string output = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : "";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "";
        }
    }
}
