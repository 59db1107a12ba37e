using System.Globalization;
using System.Text.RegularExpressions;
using EdgeVit.Devices;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Takes pictures out of a clip with <c>ffmpeg</c>, which also turns it upright.</summary>
internal sealed partial class ClipFrames(string path, ClipInfo info, CancellationToken cancellation)
{
    /// <summary>The most key frames that are taken unless a number is given.</summary>
    public const int MostKeyFrames = 1000;

    /// <summary>Where pictures are further apart than this, each is sought: quicker than to decode all between them.</summary>
    private const double SeekSeconds = 4;

    /// <summary>A long clip that is damaged all over has as many complaints as pictures: the first ones and the last are kept.</summary>
    private const int MostErrors = 100;

    private readonly List<string> _errors = [];
    private readonly List<double> _times = [];

    /// <summary>What <c>ffmpeg</c> complained of last; null without a complaint.</summary>
    public string? Complaint
    {
        get
        {
            lock (_errors)
            {
                return _errors.Count > 0 ? FfmpegProgram.Clean(path, _errors[^1]) : null;
            }
        }
    }

    /// <summary>Gives each picture to a function, in the order of time.</summary>
    /// <param name="count">How many, evenly spaced.</param>
    /// <param name="keyFrames">Of the key frames only.</param>
    /// <param name="use">Must not keep the picture: the next one is written over it.</param>
    /// <returns>When each is shown, in seconds from the beginning of the clip.</returns>
    /// <exception cref="UserException">The clip cannot be read.</exception>
    public IReadOnlyList<double> Read(int? count, bool keyFrames, Action<RgbImage> use)
    {
        var image = new RgbImage(info.Width, info.Height);
        double step = (info.Seconds ?? 0) / (count ?? MostKeyFrames);
        if (keyFrames || step <= SeekSeconds)
        {
            // Without a length, and of key frames without a number, all up to the most.
            string select = count is null || step <= 0 ? "" : string.Create(CultureInfo.InvariantCulture, $@"select=isnan(prev_selected_t)+gt(floor(t/{step:F6})\,floor(prev_selected_t/{step:F6})),");
            Take(keyFrames ? ["-skip_frame", "nokey"] : [], select, count ?? MostKeyFrames, 0, image, use);
        }
        else
        {
            int missing = 0;
            for (int i = 0; i < count && missing < 2; i++)
            {
                double time = i * step;
                missing = Take(["-ss", time.ToString("F3", CultureInfo.InvariantCulture)], "", 1, time, image, use) ? 0 : missing + 1;
            }
        }

        return _times.Count > 0 ? _times : throw FfmpegProgram.Refusal(path, _errors.Count > 0 ? _errors : ["there is no picture in it"]);
    }

    /// <summary>One run of the program.</summary>
    /// <returns>Whether it gave a picture.</returns>
    private bool Take(string[] before, string select, int most, double offset, RgbImage image, Action<RgbImage> use)
    {
        // The frames are renumbered to a constant rate: else missing ones would be repeated.
        string filter = string.Create(CultureInfo.InvariantCulture, $"{select}showinfo=checksum=0,scale={info.Width}:{info.Height}:flags=bicubic+accurate_rnd+full_chroma_int,format=rgb24,settb=1/25,setpts=N");
        string[] arguments =
        [
            "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info", .. before, .. FfmpegProgram.Input(path),
            "-map", string.Create(CultureInfo.InvariantCulture, $"0:{info.Stream}"), "-vf", filter, "-r", "25", "-frames:v", most.ToString(CultureInfo.InvariantCulture),
            "-f", "rawvideo", "pipe:1",
        ];
        var times = new List<double>();
        int pictures = 0;
        using PipedProgram program = FfmpegProgram.Start("ffmpeg", arguments, line => Note(line, times));
        using (cancellation.Register(program.Kill))
        {
            while (pictures < most && program.Output.ReadAtLeast(image.Pixels, image.Pixels.Length, throwOnEndOfStream: false) == image.Pixels.Length)
            {
                cancellation.ThrowIfCancellationRequested();
                pictures++;
                use(image);
            }

            program.End();
        }

        cancellation.ThrowIfCancellationRequested();
        for (int i = 0; i < pictures; i++)
        {
            _times.Add(offset + (i < times.Count ? times[i] : 0));
        }

        return pictures > 0;
    }

    private void Note(string line, List<double> times)
    {
        Match time = Time().Match(line);
        if (time.Success && line.Contains("showinfo", StringComparison.Ordinal))
        {
            times.Add(double.TryParse(time.Groups[1].ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) ? Math.Max(0, seconds) : 0);
        }
        else if (line.Contains("[error]", StringComparison.Ordinal) || line.Contains("[fatal]", StringComparison.Ordinal))
        {
            lock (_errors)
            {
                if (_errors.Count == MostErrors)
                {
                    _errors.RemoveAt(MostErrors - 1);
                }

                _errors.Add(line);
            }
        }
    }

    [GeneratedRegex(@"\bpts_time:\s*(-?[0-9.]+)")]
    private static partial Regex Time();
}
