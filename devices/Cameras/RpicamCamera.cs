using System.Globalization;

namespace EdgeVit.Devices;

/// <summary>The camera on the ribbon cable of a Raspberry Pi, which speaks through the system's program <c>rpicam-vid</c> (before Debian 12
/// <c>libcamera-vid</c>) since its kernel driver gives raw sensor data only.</summary>
public sealed class RpicamCamera : ICamera
{
    private static readonly string[] s_programs = ["rpicam-vid", "libcamera-vid"];

    private readonly PipedProgram _program;
    private readonly StreamCamera _frames;
    private readonly string _name;

    private RpicamCamera(string name, PipedProgram program, CameraSettings settings, TimeSpan patience)
    {
        (_name, _program) = (name, program);
        string description = string.Create(CultureInfo.InvariantCulture, $"{Camera.Rpicam} ({name}, MJPEG {settings.Width} x {settings.Height}, {settings.FramesPerSecond:0.##} fps)");
        _frames = new StreamCamera(new JpegStreamReader(program.Output), description, keepAll: false) { Patience = patience };
    }

    /// <inheritdoc/>
    public string Description => _frames.Description;

    /// <inheritdoc/>
    public long Dropped => _frames.Dropped;

    /// <inheritdoc/>
    public long Damaged => _frames.Damaged;

    /// <summary>Starts the program.</summary>
    /// <param name="settings">What is wished; null for 640 x 480 at 30 frames per second.</param>
    /// <exception cref="CameraException">There is no such program. That there is no camera shows at the first frame.</exception>
    public static RpicamCamera Open(CameraSettings? settings = null) => Open(settings ?? new CameraSettings(), TimeSpan.FromSeconds(10));

    internal static RpicamCamera Open(CameraSettings settings, TimeSpan patience)
    {
        (string name, string? file) = s_programs.Select(p => (p, PipedProgram.Find(p))).FirstOrDefault(p => p.Item2 is not null);
        if (file is null)
        {
            throw new CameraException($"{Camera.Rpicam} needs the program rpicam-vid, which is not in PATH: sudo apt-get install rpicam-apps (Raspberry Pi OS). A USB camera is {Camera.Prefix}0") { Missing = true };
        }

        string[] arguments =
        [
            "--codec", "mjpeg", "--output", "-", "--nopreview", "--timeout", "0", "--flush",
            "--width", settings.Width.ToString(CultureInfo.InvariantCulture), "--height", settings.Height.ToString(CultureInfo.InvariantCulture),
            "--framerate", settings.FramesPerSecond.ToString(CultureInfo.InvariantCulture),
        ];
        try
        {
            return new RpicamCamera(name, PipedProgram.Start(file, arguments), settings, patience);
        }
        catch (IOException e) when (e is not CameraException)
        {
            throw new CameraException(e.Message, e);
        }
    }

    /// <inheritdoc/>
    public Frame? Next(CancellationToken cancellation = default)
    {
        try
        {
            // The program was told to go on for ever: its end is a failure.
            return _frames.Next(cancellation) ?? throw new CameraException(Ended());
        }
        catch (CameraException e) when (e.InnerException is null && LastWords() is { Length: > 0 } words && !e.Message.Contains(words, StringComparison.Ordinal))
        {
            throw new CameraException($"{e.Message}. Its last words: {words}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _frames.Dispose();
        _program.Dispose();
    }

    // Of a program that has closed its output the last words may still be on their way.
    private string LastWords()
    {
        if (_frames.Ended)
        {
            _program.End();
        }

        return _program.LastWords;
    }

    private string Ended()
    {
        string how = _program.End() is { } code && code != 0 ? string.Create(CultureInfo.InvariantCulture, $"ended with code {code}") : "ended";
        string said = _program.LastWords is { Length: > 0 } words ? $": {words}" : " and said nothing";
        return $"{_name} {how}{said}{Advice(said)}";
    }

    private static string Advice(string said) => said.Contains("no cameras available", StringComparison.OrdinalIgnoreCase)
        ? ". Is the cable in, and does 'rpicam-hello --list-cameras' show the camera?" : "";
}
