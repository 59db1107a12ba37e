using EdgeVit.Devices;

namespace EdgeVit.Cli;

/// <summary>What a command line says about its sources.</summary>
/// <param name="Frames">How many frames at most, or of each clip.</param>
/// <param name="Size">Columns and rows.</param>
/// <param name="FramesPerSecond">Wished of a camera.</param>
/// <param name="Format">Of the frames on standard input.</param>
/// <param name="Watch">Whether a folder is watched.</param>
/// <param name="KeyFrames">Whether a clip's key frames are taken.</param>
/// <param name="Clips">How a clip is scored.</param>
internal sealed record SourceWishes(int? Frames, (int Width, int Height)? Size, double? FramesPerSecond, FrameFormat? Format, bool Watch, bool KeyFrames, ClipWishes Clips)
{
    /// <summary>Refuses what has no meaning for a kind of source.</summary>
    /// <param name="source">What the message calls it.</param>
    /// <param name="allowed">The options that it knows.</param>
    public void AllowOnly(string source, params ReadOnlySpan<string> allowed)
    {
        (string Name, bool Given, string For)[] options =
        [
            (SourceOptions.FramesName, Frames is not null, "streams and clips"),
            (SourceOptions.SizeName, Size is not null, "cameras and raw frames"),
            (SourceOptions.RateName, FramesPerSecond is not null, "cameras"),
            (SourceOptions.FormatName, Format is not null, "frames on standard input ('-')"),
            (SourceOptions.WatchName, Watch, "one folder"),
            (SourceOptions.KeyFramesName, KeyFrames, "clips"),
            .. FaceOptions.Given(Clips).Select(static o => (o.Name, o.Given, "clips")),
        ];
        foreach ((string name, bool given, string purpose) in options)
        {
            if (given && !allowed.Contains(name))
            {
                throw new UserException($"{name} is for {purpose}, and {source} is something else.", ExitCode.Usage);
            }
        }
    }
}
