using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeVit.Devices;

/// <summary>Says why a video device cannot be used, and what helps.</summary>
internal static class VideoFailure
{
    private const string Folder = "sys/class/video4linux";

    /// <summary>The device file cannot be opened.</summary>
    public static CameraException Opening(SystemFiles files, string device, int error) => error switch
    {
        VideoControl.NoSuchFile or VideoControl.NoSuchDeviceOrAddress or VideoControl.NoDevice => new($"there is no {device}. {Known(files)}") { Missing = true },
        VideoControl.AccessDenied or VideoControl.NotPermitted => Denied(files, device),
        VideoControl.Busy => InUse(files, device),
        _ => new($"{device} cannot be opened: {Words(error)}"),
    };

    /// <summary>The device is open and refuses something.</summary>
    public static CameraException Using(SystemFiles files, string device, string what, int error) => error switch
    {
        VideoControl.NotATerminal => new($"{device} is no video device. {Known(files)}"),
        VideoControl.Busy => InUse(files, device),
        VideoControl.NoDevice or VideoControl.NoSuchDeviceOrAddress => new($"{device} is gone: was the camera unplugged?"),
        VideoControl.InputOutput => new($"{device}: {what} failed: {Words(error)}. Plug the camera in again; where it draws much, use a powered hub"),
        _ => new($"{device}: {what} failed: {Words(error)}"),
    };

    /// <summary>The device captures nothing that is read here.</summary>
    public static CameraException NoCapture(SystemFiles files, string device, string card) =>
        new($"{device} ({card}) captures no video: it is a node of another kind. {Known(files)}");

    /// <summary>The formats are of other kinds.</summary>
    public static CameraException NoFormat(string device, string card, IEnumerable<uint> formats) =>
        new($"{device} ({card}) gives neither YUYV nor MJPEG but {(string.Join(", ", formats.Select(VideoControl.Name)) is { Length: > 0 } names ? names : "no format")}. "
            + $"The camera on the ribbon cable of a Raspberry Pi is '{Camera.Rpicam}'");

    /// <summary>The cameras of this machine.</summary>
    public static IReadOnlyList<CameraInfo> Cameras(SystemFiles files) =>
        [.. files.Folders(Folder, "video").Where(node => MayCapture(files.FullPath($"dev/{node}")))
            .Select(node => new CameraInfo($"{Camera.Prefix}{node["video".Length..]}", files.Text($"{Folder}/{node}/name") ?? "unknown"))];

    private static bool MayCapture(string device)
    {
        using VideoDevice? open = VideoDevice.TryOpen(device, out _);
        if (open is null)
        {
            return true;
        }

        var capability = default(VideoCapability);
        return VideoModeList.Ask(open, VideoControl.QueryCapability, ref capability) != 0 || (V4l2Camera.Abilities(capability) & VideoControl.Capture) != 0;
    }

    private static string Known(SystemFiles files)
    {
        IReadOnlyList<CameraInfo> cameras = Cameras(files);
        return cameras.Count == 0 ? $"This machine shows no camera; the one on the ribbon cable of a Raspberry Pi is '{Camera.Rpicam}'"
            : $"Cameras here: {string.Join(", ", cameras.Select(c => $"{c.Name} ({c.Model})"))}";
    }

    private static CameraException Denied(SystemFiles files, string device)
    {
        SensorException lack = Permission.Lack(files, device.TrimStart('/'));
        return new($"{lack.Message}{(lack.Remedy is { } remedy ? $": {remedy}" : "")}", lack);
    }

    private static CameraException InUse(SystemFiles files, string device)
    {
        string[] users = [.. Users(files, device)];
        return new($"{device} is in use by {(users.Length > 0 ? string.Join(" and ", users) : "another program")}: end that first");
    }

    /// <summary>The other processes that have a file open, as far as this user may see them.</summary>
    private static IEnumerable<string> Users(SystemFiles files, string device)
    {
        foreach (string process in files.Folders("proc").Where(p => p.All(char.IsAsciiDigit) && p != Environment.ProcessId.ToString(CultureInfo.InvariantCulture)))
        {
            if (Opened(files.FullPath($"proc/{process}/fd")).Contains(device, StringComparer.Ordinal))
            {
                yield return $"{files.Text($"proc/{process}/comm") ?? "a program"} (process {process})";
            }
        }
    }

    private static string?[] Opened(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(folder).Select(entry => new FileInfo(entry).LinkTarget)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Words(int error) => Marshal.GetPInvokeErrorMessage(error);
}
