using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeVit.Devices;

/// <summary>Who may read a file that this process may not.</summary>
internal static partial class Permission
{
    private const int CurrentFolder = -100;
    private const uint GroupWanted = 0x10;
    private const int GroupOffset = 24;

    /// <summary>The reason, with the group that helps where there is one.</summary>
    public static SensorException Lack(SystemFiles files, string path)
    {
        string full = files.FullPath(path);
        return GroupName(files, full) is { } group && group != "root" && GroupMayRead(full)
            ? new SensorException($"no permission for /{path}, which the group {group} has", $"sudo usermod -aG {group} $USER, then log in again")
            : new SensorException($"no permission for /{path}: only root may read it");
    }

    private static bool GroupMayRead(string full)
    {
        try
        {
            return OperatingSystem.IsLinux() && File.GetUnixFileMode(full).HasFlag(UnixFileMode.GroupRead);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? GroupName(SystemFiles files, string full)
    {
        if (GroupOf(full) is not { } id)
        {
            return null;
        }

        string number = id.ToString(CultureInfo.InvariantCulture);
        string? line = files.Lines("etc/group").FirstOrDefault(l => l.Split(':') is [_, _, var gid, ..] && gid == number);
        return line?.Split(':')[0] ?? number;
    }

    private static uint? GroupOf(string full)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            Span<byte> status = stackalloc byte[256];
            return Statx(CurrentFolder, full, 0, GroupWanted, ref status[0]) == 0 ? BitConverter.ToUInt32(status[GroupOffset..]) : null;
        }
        catch (EntryPointNotFoundException)
        {
            // glibc before 2.28.
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint mask, ref byte status);
}
