using System.Device.Gpio;

namespace EdgeVit.Devices.Iot.Tests;

/// <summary>Boards' chips as their kernels list them; the lists are written from sources.</summary>
public sealed class GpioChipsTests : IDisposable
{
    private readonly TemporaryTree _tree = new();

    public void Dispose() => _tree.Dispose();

    [Theory]
    // A Raspberry Pi 5 with a kernel that counts the power chip's pins first, and with one that does not.
    [InlineData("gpio-brcmstb@107d508500 gpio-brcmstb@107d517c00 pinctrl-rp1", 2)]
    [InlineData("pinctrl-rp1 gpio-brcmstb@107d508500", 0)]
    [InlineData("pinctrl-bcm2711 raspberrypi-exp-gpio", 0)]
    [InlineData("raspberrypi-exp-gpio pinctrl-bcm2835", 1)]
    [InlineData("tegra234-gpio tegra234-gpio-aon", 0)]
    [InlineData("tegra234-gpio-aon tegra234-gpio", 1)]
    [InlineData("max77620-gpio tegra-gpio", 1)]
    public void TheHeadersChipIsFoundByItsLabel(string labels, int expected)
    {
        GpioChipInfo[] chips = Chips(labels);
        int? opened = null;
        using GpioController pins = GpioChips.Open(Files(chips.Length), [Way("libgpiod 2", chips, c => opened = c.Id)], null);
        Assert.Equal(expected, opened);
    }

    [Fact]
    public void AnotherChipMayBeNamed()
    {
        int? opened = null;
        using GpioController pins = GpioChips.Open(Files(2), [Way("libgpiod 2", Chips("tegra234-gpio tegra234-gpio-aon"), c => opened = c.Id)], "tegra234-gpio-aon");
        Assert.Equal(1, opened);
    }

    [Fact]
    public void TheFirstLibraryThatIsThereIsUsed()
    {
        var used = new List<string>();
        GpioAccess[] ways = [.. new[] { ("one", false), ("two", true), ("three", true) }.Select(w => Way(w.Item1, Chips("pinctrl-rp1"), _ => used.Add(w.Item1), w.Item2))];
        GpioChips.Open(Files(1), ways, null).Dispose();
        Assert.Equal(["two"], used);
    }

    [Fact]
    public void AMissingChipSaysWhatWasFound()
    {
        DeviceException e = Assert.Throws<DeviceException>(() => GpioChips.Open(Files(2), [Way("libgpiod 1", Chips("max77620-gpio pl061"), _ => { })], null));
        Assert.Contains("pinctrl-rp1", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("libgpiod 1 found max77620-gpio (54 lines), pl061 (54 lines)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMachineWithoutChipsAndOneWithoutALibrarySaySo()
    {
        Assert.Contains("no /dev/gpiochip", Assert.Throws<DeviceException>(() => GpioChips.Open(Files(0), [Way("a", [], _ => { })], null)).Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install libgpiod", Assert.Throws<DeviceException>(() => GpioChips.Open(Files(1), [Way("a", [], _ => { }, there: false)], null)).Message, StringComparison.Ordinal);
    }

    /// <summary>libgpiod 1 crashes when it lists chips of which one may not be opened: it must not come to that.</summary>
    [Fact]
    public void WithoutPermissionNoLibraryIsAsked()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess || OperatingSystem.IsWindows(), "root may open everything");
        SystemFiles files = Files(3);
        _tree.Write("etc/group", "");
        _tree.Forbid("dev/gpiochip1");
        GpioAccess way = new("a", () => true, () => throw new InvalidOperationException("asked"), _ => throw new InvalidOperationException("asked"));
        Assert.StartsWith("no permission for /dev/gpiochip1", Assert.Throws<DeviceException>(() => GpioChips.Open(files, [way], null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADriverThatFailsIsNamed()
    {
        DeviceException e = Assert.Throws<DeviceException>(() =>
            GpioChips.Open(Files(1), [Way("libgpiod 2", Chips("pinctrl-rp1"), _ => throw new InvalidOperationException("line busy"))], null));
        Assert.Equal("the GPIO chip cannot be opened with libgpiod 2: line busy", e.Message);
    }

    /// <summary>The real ways: whatever this machine has, the answer is pins or a reason.</summary>
    [Fact]
    public void ThisMachineHasPinsOrAReason()
    {
        try
        {
            GpioChips.Open().Dispose();
        }
        catch (DeviceException e)
        {
            Assert.NotEmpty(e.Message);
        }
    }

    private static GpioChipInfo[] Chips(string labels) => [.. labels.Split(' ').Select((l, i) => new GpioChipInfo(i, $"gpiochip{i}", l, 54))];

    private static GpioAccess Way(string name, GpioChipInfo[] chips, Action<GpioChipInfo> opened, bool there = true) => new(name, () => there, () => chips, chip =>
    {
        opened(chip);
        return new SimulatedPins(chip.Label);
    });

    private SystemFiles Files(int chips)
    {
        for (int i = 0; i < chips; i++)
        {
            _tree.Write($"dev/gpiochip{i}", "");
        }

        return new SystemFiles(_tree.Root);
    }
}
