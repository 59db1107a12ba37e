using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using EdgeVit.Devices;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary>Classifies the frames of a camera or of standard input until they end, enough have come, or it is stopped.</summary>
/// <param name="classifier">The model.</param>
/// <param name="printer">A line or a JSON object for each frame; at a terminal one line that is rewritten.</param>
internal sealed class FrameRun(Classifier classifier, Printer printer)
{
    /// <summary>So many frames that cannot be decoded, before one that can, are no camera.</summary>
    private const int MostDamagedAtStart = 30;

    private const long LiveMs = 100;

    private RgbImage? _image;
    private long _undecodable, _lastLive;

    /// <summary>Opens a camera by its name.</summary>
    /// <exception cref="UserException">The name is none.</exception>
    public static ICamera Open(string name, SourceWishes wishes)
    {
        CameraSettings usual = new();
        CameraSettings settings = new(wishes.Size?.Width ?? usual.Width, wishes.Size?.Height ?? usual.Height, wishes.FramesPerSecond ?? usual.FramesPerSecond);
        try
        {
            return Camera.Open(name, settings);
        }
        catch (FormatException e)
        {
            throw new UserException($"{e.Message}.", ExitCode.Usage);
        }
    }

    /// <summary>The frames of standard input.</summary>
    /// <exception cref="UserException">The size is missing or not possible, or nobody writes.</exception>
    public static StreamCamera OpenStandardInput(FrameFormat format, (int Width, int Height)? size)
    {
        const string Name = "standard input";
        if (format != FrameFormat.Jpeg && size is null)
        {
            throw new UserException($"{SourceOptions.FormatName} of raw frames needs their size, such as {SourceOptions.SizeName} 640x480.", ExitCode.Usage);
        }

        try
        {
            Stream input = StandardStreams.OpenInput("the frames");
            return format == FrameFormat.Jpeg ? StreamCamera.OfJpegs(input, Name, keepAll: true)
                : StreamCamera.OfRaw(input, Name, keepAll: true, format, size!.Value.Width, size.Value.Height);
        }
        catch (ArgumentException e)
        {
            throw new UserException($"{SourceOptions.SizeName}: {e.Message}.", ExitCode.Usage);
        }
    }

    /// <summary>Runs. Stopping a stream is its normal end; only where a number of frames was asked for, stopping before is an interruption.</summary>
    public int Run(ICamera camera, string source, int? most, Interruption interruption)
    {
        printer.Say(camera.Description);
        var summary = new StreamSummary(source);
        CameraException? failure = null;
        bool stopped = false;
        try
        {
            while (summary.Frames < (most ?? int.MaxValue) && camera.Next(interruption.Token) is { } frame)
            {
                Classify(frame, source, camera, summary);
            }
        }
        catch (OperationCanceledException)
        {
            stopped = true;
        }
        catch (CameraException e)
        {
            // Ctrl+C reaches the camera's program as well, and maybe earlier.
            stopped = interruption.Token.WaitHandle.WaitOne(200);
            failure = stopped ? null : e;
        }

        (summary.Dropped, summary.Damaged) = (camera.Dropped, camera.Damaged + _undecodable);
        summary.Print(printer, camera.Description, classifier.KernelName);
        if (failure is not null)
        {
            throw failure;
        }

        if (summary.Frames == 0 && !stopped)
        {
            throw new UserException($"{camera.Description}: not one whole frame came.");
        }

        if (camera is StreamCamera { CutOff: { } cutOff })
        {
            printer.Warn(cutOff);
        }

        return stopped && most is not null ? ExitCode.Interrupted : ExitCode.Ok;
    }

    private void Classify(Frame frame, string source, ICamera camera, StreamSummary summary)
    {
        string time = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        long start = Stopwatch.GetTimestamp();
        try
        {
            _image = frame.ToRgb(_image);
        }
        catch (ImageException e)
        {
            if (++_undecodable == 1)
            {
                printer.Warn($"{source}: {e.Message} Such frames are left out and counted.");
            }

            if (summary.Frames == 0 && _undecodable >= MostDamagedAtStart)
            {
                throw new CameraException($"{source}: none of the first {MostDamagedAtStart} frames can be decoded", e);
            }

            return;
        }

        double decodeMs = Classifier.Milliseconds(start, Stopwatch.GetTimestamp());
        Classification found = classifier.Classify(_image);
        summary.Add(found, decodeMs);
        JsonObject json = found.Json(source, decodeMs);
        json.Insert(1, "sequence", frame.Sequence);
        json.Insert(2, "time", time);
        printer.Object(json);
        if (!printer.RichData || !printer.LiveWords)
        {
            printer.Data(string.Create(CultureInfo.InvariantCulture, $"{source}#{frame.Sequence}  {found.Line}  {Quantity.Milliseconds(found.RunMs)} ms"));
        }
        else if (Environment.TickCount64 - _lastLive >= LiveMs)
        {
            _lastLive = Environment.TickCount64;
            printer.Live($"{found.Line}  {Quantity.Fixed(summary.FramesPerSecond ?? 0, 1)} fps  {camera.Dropped} dropped  {Quantity.Milliseconds(decodeMs + found.PrepareMs + found.RunMs)} ms");
        }
    }
}
