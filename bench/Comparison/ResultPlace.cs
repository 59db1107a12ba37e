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

    /// <summary>Name of a processor as a folder: lower case, digits and hyphens.</summary>
    public static string Folder(BoardInfo board)
    {
        var name = new StringBuilder();
        string cpu = board.Cpu.ToLowerInvariant().Replace("(r)", "", StringComparison.Ordinal).Replace("(tm)", "", StringComparison.Ordinal);
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
