using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeVit.Devices;

/// <summary>A chip with 16-bit registers, most significant byte first.</summary>
internal interface IRegisters
{
    ushort Read(byte register);
}

/// <summary>A chip on a bus of the kernel, <c>/dev/i2c-N</c>.</summary>
internal sealed partial class I2cRegisters(SystemFiles files, int bus, int address) : IRegisters
{
    private const nuint ChooseAddress = 0x0703;

    public unsafe ushort Read(byte register)
    {
        using SafeFileHandle device = I2cBus.Open(files, bus);
        byte* answer = stackalloc byte[2];
        return Control(device, ChooseAddress, address) >= 0 && Send(device, &register, 1) == 1 && Receive(device, answer, 2) == 2
            ? (ushort)((answer[0] << 8) | answer[1])
            : throw new SensorException($"no answer from 0x{address:x2} on /{I2cBus.Path(bus)}: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}");
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle device, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static unsafe partial nint Send(SafeFileHandle device, byte* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static unsafe partial nint Receive(SafeFileHandle device, byte* bytes, nint count);
}
