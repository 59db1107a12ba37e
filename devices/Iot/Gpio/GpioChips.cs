using System.Device.Gpio;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace EdgeVit.Devices.Iot;

/// <summary>Opens the pins of a board's 40-pin header. The chip behind it is found by its label: its number differs between kernels.</summary>
public static class GpioChips
{
    /// <summary>The labels of chips with header pins: Raspberry Pi 5, 4, 3 and Zero 2 W; Jetson Orin, Xavier and Nano.</summary>
    public static IReadOnlyList<string> Labels { get; } =
        ["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835", "tegra234-gpio", "tegra194-gpio", "tegra-gpio"];

    /// <summary>The pins of the header, by the numbers of their chip: on a Raspberry Pi the GPIO numbers, 17 for the pin 11.</summary>
    /// <param name="label">Another chip than one of <see cref="Labels"/>, such as <c>tegra234-gpio-aon</c>.</param>
    /// <exception cref="DeviceException">There is no such chip, this user may not use it, or no library for it is there.</exception>
    public static GpioController Open(string? label = null) => Open(SystemFiles.Machine, GpioAccess.All, label);

    internal static GpioController Open(SystemFiles files, IReadOnlyList<GpioAccess> ways, string? label)
    {
        string[] devices = [.. files.Names("dev").Where(n => n.StartsWith("gpiochip", StringComparison.Ordinal))];
        // The files of /sys need no device file.
        GpioAccess? way = ways.FirstOrDefault(w => w.IsThere());
        if (devices.Length == 0)
        {
            throw new DeviceException("this machine has no GPIO: there is no /dev/gpiochip*");
        }

        if (way is null)
        {
            throw new DeviceException("the pins need libgpiod, which is not there; it helps: sudo apt-get install libgpiod3 || sudo apt-get install libgpiod2");
        }

        Check(files, devices);
        try
        {
            GpioChipInfo[] chips = [.. way.Chips()];
            GpioChipInfo chip = Choose(chips, label is null ? Labels : [label])
                ?? throw new DeviceException($"no GPIO chip of the labels {string.Join(", ", label is null ? Labels : [label])}; {way.Name} found {Found(chips)}");
            return new GpioController(way.Open(chip));
        }
        catch (Exception e) when (e is not DeviceException)
        {
            // The drivers throw many kinds: of the system, of libgpiod, and of chips that they cannot list.
            throw new DeviceException($"the GPIO chip cannot be opened with {way.Name}: {e.Message}", e);
        }
    }

    /// <summary>All of them: libgpiod lists none where it may not open one.</summary>
    private static void Check(SystemFiles files, string[] devices)
    {
        foreach (string device in devices)
        {
            string path = $"dev/{device}";
            try
            {
                using SafeFileHandle handle = File.OpenHandle(files.FullPath(path), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            }
            catch (UnauthorizedAccessException)
            {
                throw DeviceException.From(Permission.Lack(files, path));
            }
            catch (IOException e)
            {
                throw new DeviceException($"/{path} cannot be opened", e);
            }
        }
    }

    private static GpioChipInfo? Choose(GpioChipInfo[] chips, IReadOnlyList<string> labels) =>
        labels.Select(l => Array.Find(chips, c => c.Label == l)).FirstOrDefault(c => c is not null);

    private static string Found(GpioChipInfo[] chips) => chips.Length == 0 ? "none"
        : string.Join(", ", chips.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Label} ({c.NumLines} lines)")));
}
