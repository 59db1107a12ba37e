using Microsoft.Win32.SafeHandles;

namespace EdgeVit.Devices;

/// <summary>A bus of the kernel, <c>/dev/i2c-N</c>.</summary>
internal static class I2cBus
{
    public static string Path(int bus) => $"dev/i2c-{bus}";

    /// <exception cref="SensorException">It is not there, or not for this user.</exception>
    public static SafeFileHandle Open(SystemFiles files, int bus)
    {
        string path = Path(bus);
        try
        {
            return File.OpenHandle(files.FullPath(path), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        }
        catch (UnauthorizedAccessException)
        {
            throw Permission.Lack(files, path);
        }
        catch (IOException)
        {
            throw new SensorException($"/{path} is not there", "sudo raspi-config nonint do_i2c 0");
        }
    }
}
