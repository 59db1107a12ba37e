using System.CommandLine;
using System.Globalization;
using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>The options of sources that are no single pictures.</summary>
internal sealed class SourceOptions
{
    public const string FramesName = "--frames", SizeName = "--size", RateName = "--fps", FormatName = "--format", WatchName = "--watch", KeyFramesName = "--key-frames";

    private static readonly Dictionary<string, FrameFormat> s_formats = new()
    {
        ["rgb24"] = FrameFormat.Rgb24,
        ["gray8"] = FrameFormat.Gray8,
        ["yuyv"] = FrameFormat.Yuyv,
        ["nv12"] = FrameFormat.Nv12,
        ["mjpeg"] = FrameFormat.Jpeg,
    };

    private readonly Option<int?> _frames = new(FramesName) { Description = "End after that many frames; of a clip, how many are taken. [default of a clip: 16]", HelpName = "N" };
    private readonly Option<string?> _size = new(SizeName) { Description = "Size of a camera's or of raw frames, such as 1280x720. [default of a camera: 640x480]", HelpName = "WxH" };
    private readonly Option<double?> _rate = new(RateName) { Description = "Frames per second of a camera. [default: 30]", HelpName = "N" };
    private readonly Option<string?> _format = new(FormatName) { Description = $"'-' is a stream of frames: {string.Join(", ", s_formats.Keys)}.", HelpName = "NAME" };
    private readonly Option<bool> _watch = new(WatchName) { Description = "Watch a folder: classify what is in it and each picture that comes." };
    private readonly Option<bool> _keyFrames = new(KeyFramesName) { Description = "Take a clip's key frames: faster, at uneven times." };

    public IReadOnlyList<Option> All => [_frames, _size, _rate, _format, _watch, _keyFrames];

    /// <summary>What a command line says.</summary>
    /// <exception cref="UserException">A value is wrong.</exception>
    public SourceWishes Read(ParseResult arguments)
    {
        int? frames = arguments.GetValue(_frames);
        if (frames < 1)
        {
            throw new UserException($"{FramesName} is {frames}, expected 1 or more.", ExitCode.Usage);
        }

        double? rate = arguments.GetValue(_rate);
        if (rate is not (null or (>= 0.1 and <= 1000)))
        {
            throw new UserException(string.Create(CultureInfo.InvariantCulture, $"{RateName} is {rate}, expected 0.1 to 1000 frames per second."), ExitCode.Usage);
        }

        return new SourceWishes(frames, ParseSize(arguments.GetValue(_size)), rate, ParseFormat(arguments.GetValue(_format)), arguments.GetValue(_watch), arguments.GetValue(_keyFrames));
    }

    internal static (int Width, int Height)? ParseSize(string? text)
    {
        const int Most = 16384;
        if (text is null)
        {
            return null;
        }

        return text.Split('x') is [var w, var h] && int.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out int width) && int.TryParse(h, NumberStyles.None, CultureInfo.InvariantCulture, out int height)
            && width is >= 1 and <= Most && height is >= 1 and <= Most
            ? (width, height) : throw new UserException($"{SizeName} is '{text}', expected columns and rows such as 640x480, 1 to {Most} each.", ExitCode.Usage);
    }

    private static FrameFormat? ParseFormat(string? text) => text is null ? null : s_formats.TryGetValue(text, out FrameFormat format)
        ? format : throw new UserException($"{FormatName} is '{text}', expected one of {string.Join(", ", s_formats.Keys)}.", ExitCode.Usage);
}
