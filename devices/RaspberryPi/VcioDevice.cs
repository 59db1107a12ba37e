using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeVit.Devices;

/// <summary>The mailbox as the kernel offers it, <c>/dev/vcio</c>: group video on Raspberry Pi OS, only root on Ubuntu.</summary>
internal sealed partial class VcioDevice(SystemFiles files) : IFirmwareMailbox
{
    public const string Path = "dev/vcio";

    // _IOWR(100, 0, char *): the size of a pointer is part of the number, 0xC0086400 on a 64-bit system.
    private static nuint PropertyMessage => 0xC000_6400 | ((nuint)IntPtr.Size << 16);

    public void Exchange(Span<uint> message)
    {
        try
        {
            using SafeFileHandle device = File.OpenHandle(files.FullPath(Path), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            if (Control(device, PropertyMessage, ref message[0]) < 0)
            {
                throw new SensorException($"/{Path} does not answer: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
            }
        }
        catch (UnauthorizedAccessException)
        {
            throw Permission.Lack(files, Path);
        }
        catch (IOException)
        {
            throw new SensorException($"/{Path} is not there: is this the kernel of Raspberry Pi OS or Ubuntu?");
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle device, nuint request, ref uint message);
}
