using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>The system's <c>ffmpeg</c> and <c>ffprobe</c>. A clip is read as a local file and nothing else: no network, no lists of other files.</summary>
internal static partial class FfmpegProgram
{
    /// <summary>The containers that are opened; a text that names other files, such as a playlist, is none of them.</summary>
    private const string Containers = "mov,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,ogg,flv,asf,gif";

    /// <summary>The arguments that name a clip; whatever its name is like, it is no option and no address.</summary>
    public static string[] Input(string path) => ["-protocol_whitelist", "file", "-format_whitelist", Containers, "-i", $"file:{path}"];

    /// <summary>Starts <c>ffmpeg</c> or <c>ffprobe</c>.</summary>
    /// <exception cref="UserException">It is not installed.</exception>
    public static PipedProgram Start(string name, IEnumerable<string> arguments, Action<string> onError) => PipedProgram.Find(name) is { } file
        ? PipedProgram.Start(file, arguments, onError)
        : throw new UserException($"clips are read by the system's {name}, which is not in PATH. On Debian: sudo apt-get install ffmpeg", ExitCode.NotSupported);

    /// <summary>What <c>ffprobe</c> prints about a clip's video streams.</summary>
    /// <exception cref="UserException">It refuses the file.</exception>
    public static JsonObject Probe(string path, string[] entries, CancellationToken cancellation)
    {
        var errors = new List<string>();
        using PipedProgram program = Start("ffprobe", ["-v", "error", "-select_streams", "v", .. entries, "-of", "json", .. Input(path)], errors.Add);
        using CancellationTokenRegistration kill = cancellation.Register(program.Kill);
        using var text = new MemoryStream();
        program.Output.CopyTo(text);
        int? code = program.End();
        cancellation.ThrowIfCancellationRequested();
        if (code != 0)
        {
            throw Refusal(path, errors);
        }

        try
        {
            return JsonNode.Parse(text.ToArray()) as JsonObject ?? [];
        }
        catch (JsonException e)
        {
            throw new UserException($"{path}: ffprobe's answer cannot be read.", inner: e);
        }
    }

    /// <summary>Says why a clip cannot be read, in the program's words without its marks.</summary>
    public static UserException Refusal(string path, IReadOnlyList<string> errors)
    {
        string[] said = [.. errors.Select(e => Clean(path, e)).Where(e => e.Length > 0).Distinct().Take(2)];
        bool cutOff = said.Any(s => s.Contains("moov atom not found", StringComparison.Ordinal));
        string advice = cutOff ? " The file is no such clip, or was not recorded or copied to its end." : "";
        return new UserException($"{path}: no clip that ffmpeg reads: {(said.Length > 0 ? string.Join("; ", said) : "it says nothing")}.{advice}");
    }

    /// <summary>A line without the names of parts and addresses in memory.</summary>
    public static string Clean(string path, string line) =>
        Marks().Replace(line, "").Replace($"file:{path}: ", "", StringComparison.Ordinal).Trim().TrimEnd('.');

    [GeneratedRegex(@"^(\[[^\]]*\]\s*)+")]
    private static partial Regex Marks();
}
