using System.Globalization;

namespace EdgeVit.Devices;

/// <summary>Opens cameras by the names that people type.</summary>
public static class Camera
{
    /// <summary>What a name of a kernel's camera begins with: <c>camera:0</c>, <c>camera:/dev/video2</c>.</summary>
    public const string Prefix = "camera:";

    /// <summary>The camera of a Raspberry Pi's ribbon cable.</summary>
    public const string Rpicam = "rpicam";

    /// <summary>Whether a text names a camera.</summary>
    /// <param name="text">What may be the name of a file as well.</param>
    public static bool IsName(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text == Rpicam || text.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Opens a camera, which begins to take pictures.</summary>
    /// <param name="name"><c>camera:0</c> for <c>/dev/video0</c>, <c>camera:/dev/v4l/by-id/...</c> for a device, or <c>rpicam</c>.</param>
    /// <param name="settings">What is wished of it; null for 640 x 480 at 30 frames per second.</param>
    /// <exception cref="CameraException">It cannot be opened; the message says why and what helps.</exception>
    /// <exception cref="FormatException">The name is none of a camera.</exception>
    public static ICamera Open(string name, CameraSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name == Rpicam)
        {
            return RpicamCamera.Open(settings);
        }

        string device = IsName(name) ? name[Prefix.Length..] : throw Wrong(name);
        bool number = int.TryParse(device, NumberStyles.None, CultureInfo.InvariantCulture, out int index);
        return number ? V4l2Camera.Open(string.Create(CultureInfo.InvariantCulture, $"/dev/video{index}"), settings)
            : device.StartsWith('/') ? V4l2Camera.Open(device, settings)
            : throw Wrong(name);
    }

    /// <summary>The shortest name of a device: <c>camera:0</c> for <c>/dev/video0</c>.</summary>
    internal static string NameOf(string device)
    {
        const string Numbered = "/dev/video";
        bool number = device.StartsWith(Numbered, StringComparison.Ordinal) && device.Length > Numbered.Length && device.AsSpan(Numbered.Length).IndexOfAnyExceptInRange('0', '9') < 0;
        return Prefix + (number ? device[Numbered.Length..] : device);
    }

    private static FormatException Wrong(string name) =>
        new($"'{name}' names no camera: expected camera:0 for /dev/video0, camera:/dev/video0 itself, or {Rpicam}");
}
