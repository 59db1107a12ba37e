using System.Device.Gpio;
using System.Device.Gpio.Drivers;
using System.Runtime.InteropServices;

namespace EdgeVit.Devices.Iot;

/// <summary>A way to the pins.</summary>
/// <param name="Name">For people.</param>
/// <param name="IsThere">Whether the machine has what it needs.</param>
/// <param name="Chips">The chips with their labels; only where every chip may be opened, because libgpiod 1 crashes on one that may not.</param>
/// <param name="Open">The driver of a chip.</param>
internal sealed record GpioAccess(string Name, Func<bool> IsThere, Func<IEnumerable<GpioChipInfo>> Chips, Func<GpioChipInfo, GpioDriver> Open)
{
    private const string SysFsExport = "/sys/class/gpio/export";

    /// <summary>Those of Iot.Device.Bindings, the best first. Which one is looked for by its library: a constructor fails late where it is missing.</summary>
    public static IReadOnlyList<GpioAccess> All { get; } =
    [
        new("libgpiod 1", () => HasLibrary("libgpiod.so.2"), LibGpiodDriver.GetAvailableChips, chip => new LibGpiodDriver(chip)),
        new("libgpiod 2", () => HasLibrary("libgpiod.so.3"), LibGpiodV2Driver.GetAvailableChips, chip => new LibGpiodV2Driver(chip)),
        new("/sys/class/gpio", () => File.Exists(SysFsExport), SysFsChips, chip => new SysFsDriver(chip)),
    ];

    private static bool HasLibrary(string name)
    {
        if (!NativeLibrary.TryLoad(name, out nint library))
        {
            return false;
        }

        NativeLibrary.Free(library);
        return true;
    }

    /// <summary>The driver knows where a chip's pins begin only for those of a Raspberry Pi. It lists the first chip twice, first as number 0.</summary>
    private static IEnumerable<GpioChipInfo> SysFsChips() =>
        SysFsDriver.GetAvailableChips().Reverse().Where(chip => chip.Label.StartsWith("pinctrl", StringComparison.Ordinal));
}
