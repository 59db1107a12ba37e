using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EdgeVit.Imaging;

namespace EdgeVit.Cli;

/// <summary>What <c>ffprobe</c> says about a clip.</summary>
/// <param name="Stream">Number of its video stream.</param>
/// <param name="Width">Columns as it is to be shown: upright, with square pixels.</param>
/// <param name="Height">Rows as it is to be shown.</param>
/// <param name="Seconds">Its length; null where the file does not tell.</param>
internal sealed record ClipInfo(int Stream, int Width, int Height, double? Seconds)
{
    private static readonly string[] s_extensions = [".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v"];

    /// <summary>Whether a file's extension is that of a clip.</summary>
    public static bool HasExtension(string path) => s_extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Asks <c>ffprobe</c>.</summary>
    /// <exception cref="UserException">The file is no clip, has no pictures, or <c>ffprobe</c> is missing.</exception>
    public static ClipInfo Read(string path, CancellationToken cancellation)
    {
        if (!File.Exists(path))
        {
            throw new UserException($"{path}: no such file.");
        }

        JsonObject answer = FfmpegProgram.Probe(path, ["-show_entries", "stream=index,width,height,duration,sample_aspect_ratio:stream_disposition=attached_pic:stream_side_data=rotation:stream_tags=rotate:format=duration"], cancellation);
        JsonObject stream = (answer["streams"] as JsonArray ?? []).OfType<JsonObject>().FirstOrDefault(s => Number(s["disposition"]?["attached_pic"]) is not > 0)
            ?? throw new UserException($"{path}: has no video stream.");
        ClipInfo info = FromStream(stream, path);
        double? seconds = Number(stream["duration"]) ?? Number(answer["format"]?["duration"]) ?? LastTime(path, info.Stream, cancellation);
        return info with { Seconds = seconds > 0 ? seconds : null };
    }

    private static ClipInfo FromStream(JsonObject stream, string path)
    {
        double width = Number(stream["width"]) ?? 0, height = Number(stream["height"]) ?? 0;
        if (width < 1 || height < 1)
        {
            throw new UserException($"{path}: its pictures have no size; the file is damaged or cut off.");
        }

        width = Math.Max(1, Math.Round(width * PixelAspect((string?)stream["sample_aspect_ratio"])));
        if (width * height > ImageDecoder.MaxPixels)
        {
            throw new UserException(string.Create(CultureInfo.InvariantCulture, $"{path}: {width} x {height} pixels, more than the {ImageDecoder.MaxPixels} that are decoded here ({ImageDecoder.MaxPixelsVariable})."));
        }

        bool turned = Math.Abs(Rotation(stream)) % 180 == 90;
        return new ClipInfo((int)(Number(stream["index"]) ?? 0), (int)(turned ? height : width), (int)(turned ? width : height), null);
    }

    /// <summary>Degrees; the file's tag in older versions.</summary>
    private static double Rotation(JsonObject stream)
    {
        double? side = (stream["side_data_list"] as JsonArray ?? []).Select(s => Number(s?["rotation"])).FirstOrDefault(r => r is not null);
        return Math.Round(side ?? Number(stream["tags"]?["rotate"]) ?? 0);
    }

    /// <summary>How much wider than high a pixel is, at most 4 times either way.</summary>
    private static double PixelAspect(string? text) => text?.Split(':') is [var x, var y] && int.TryParse(x, NumberStyles.None, CultureInfo.InvariantCulture, out int wide)
        && int.TryParse(y, NumberStyles.None, CultureInfo.InvariantCulture, out int high) && wide > 0 && high > 0 ? Math.Clamp(wide / (double)high, 0.25, 4) : 1;

    /// <summary>When the last packet is shown, where the file's head does not tell how long it is.</summary>
    private static double? LastTime(string path, int stream, CancellationToken cancellation)
    {
        JsonObject answer = FfmpegProgram.Probe(path, ["-show_entries", "packet=pts_time,duration_time,stream_index"], cancellation);
        double[] ends = [.. (answer["packets"] as JsonArray ?? []).Where(p => Number(p?["stream_index"]) == stream).Select(p => (Number(p?["pts_time"]) ?? 0) + (Number(p?["duration_time"]) ?? 0))];
        return ends.Length > 0 ? ends.Max() : null;
    }

    private static double? Number(JsonNode? node) => node is JsonValue value
        && double.TryParse(value.GetValueKind() == JsonValueKind.String ? (string)value! : value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
        ? number : null;
}
