using System.CommandLine;
using System.Text;
using EdgeVit.Export;
using EdgeVit.Export.Onnx;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Files that lie where an output goes: what EdgeVit wrote itself is replaced, anything else only where a person says so.</summary>
internal static class Replacement
{
    /// <summary>The last line of Markdown that EdgeVit writes and may write anew.</summary>
    public const string MarkdownMark = "<!-- edgevit report -->";

    private const string HtmlMark = "<meta name=\"generator\" content=\"edgevit report\">";

    private const int MostBytes = 64 << 20;

    /// <summary>The option of verbs that write files.</summary>
    public static Option<bool> Option() => new("--overwrite") { Description = "Replace an output file that EdgeVit did not write; one that it wrote is replaced in any case." };

    /// <summary>Refuses to replace a file that EdgeVit did not write.</summary>
    /// <param name="option">The option that names the file.</param>
    /// <param name="target">The file.</param>
    /// <param name="overwrite">Whether it may be replaced whatever it is.</param>
    /// <exception cref="UserException">It may not.</exception>
    public static void Check(string option, string target, bool overwrite)
    {
        if (!overwrite && !IsFree(target))
        {
            throw new UserException($"{option} {target}: a file is there that EdgeVit did not write. Name another file, or replace it with --overwrite.", ExitCode.Usage);
        }
    }

    /// <summary>Whether nothing is lost: no file, an empty one, or one that EdgeVit wrote. Devices and pipes are refused where they are opened.</summary>
    private static bool IsFree(string path)
    {
        try
        {
            string target = RegularFile.Target(path);
            return !File.Exists(target) || !RegularFile.Is(target) || new FileInfo(target).Length == 0 || IsOurs(target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whoever writes it says what is wrong.
            return true;
        }
    }

    private static bool IsOurs(string path) => ModelFileKinds.Of(path) switch
    {
        ModelFileKind.Model => true,
        ModelFileKind.Onnx => ProducerOf(path) == OnnxGraph.Producer,
        ModelFileKind.Json => Text(path) is var text && text.Contains("\"schema\"", StringComparison.Ordinal) && text.Contains("\"tool\"", StringComparison.Ordinal) && text.Contains("\"kind\"", StringComparison.Ordinal),
        ModelFileKind.WebPage => Text(path).Contains(HtmlMark, StringComparison.Ordinal),
        ModelFileKind.Unknown => Text(path).TrimEnd().EndsWith(MarkdownMark, StringComparison.Ordinal),
        _ => false,
    };

    private static string? ProducerOf(string path)
    {
        try
        {
            return OnnxFile.Read(path).Producer;
        }
        catch (OnnxModelException)
        {
            return null;
        }
    }

    private static string Text(string path) => new FileInfo(path).Length > MostBytes ? "" : File.ReadAllText(path, Encoding.Latin1);
}
