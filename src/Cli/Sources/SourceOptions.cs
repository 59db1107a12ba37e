using System.CommandLine;
using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>The options of sources that are no single pictures.</summary>
internal sealed class SourceOptions
{
    public const string FramesName = "--frames", SizeName = "--size", RateName = "--fps", FormatName = "--format", WatchName = "--watch", KeyFramesName = "--key-frames";

    private const int MostSide = 16384;

    private static readonly Dictionary<string, FrameFormat> s_formats = new()
    {
        ["rgb24"] = FrameFormat.Rgb24,
        ["gray8"] = FrameFormat.Gray8,
        ["yuyv"] = FrameFormat.Yuyv,
        ["nv12"] = FrameFormat.Nv12,
        ["mjpeg"] = FrameFormat.Jpeg,
    };

    private readonly WholeOption<int?> _frames = new(FramesName, 1, int.MaxValue) { Description = "End after that many frames; of a clip, how many are taken. [default of a clip: 16]", HelpName = "N" };
    private readonly ParsedOption<(int Width, int Height)?> _size = new(SizeName, $"columns and rows such as 640x480, 1 to {MostSide} each", ParseSize) { Description = "Size of a camera's or of raw frames, such as 1280x720. [default of a camera: 640x480]", HelpName = "WxH" };
    private readonly RealOption _rate = new(RateName, 0.1, 1000) { Description = "Frames per second of a camera. [default: 30]", HelpName = "N" };
    private readonly ChoiceOption _format = new(FormatName, [.. s_formats.Keys]) { Description = "'-' is a stream of frames of this format." };
    private readonly Option<bool> _watch = new(WatchName) { Description = "Watch a folder: classify what is in it and each picture that comes." };
    private readonly Option<bool> _keyFrames = new(KeyFramesName) { Description = "Take a clip's key frames: faster, at uneven times." };

    private readonly FaceOptions _faces = new();

    public IReadOnlyList<OptionGroup> Groups =>
        [new("Cameras, streams and folders", [_frames, _size, _rate, _format, _watch]), new("Clips", [_keyFrames, .. _faces.All])];

    public IReadOnlyList<Option> All => [.. Groups.SelectMany(static g => g.Options)];

    public Combination CropsNeedFaces => _faces.CropsNeedFaces;

    /// <summary>What a command line says.</summary>
    public SourceWishes Read(ParseResult arguments)
    {
        return new SourceWishes(
            arguments.GetValue(_frames), arguments.GetValue(_size), arguments.GetValue(_rate),
            arguments.GetValue(_format) is { } format ? s_formats[format] : null, arguments.GetValue(_watch), arguments.GetValue(_keyFrames), _faces.Read(arguments));
    }

    private static (int Width, int Height)? ParseSize(string text) =>
        text.Split('x') is [var w, var h] && Number.TryWhole(w, out int width) && Number.TryWhole(h, out int height) && width is >= 1 and <= MostSide && height is >= 1 and <= MostSide
            ? (width, height) : null;
}
