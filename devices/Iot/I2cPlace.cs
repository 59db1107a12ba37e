using System.Device.I2c;
using System.Globalization;

namespace EdgeVit.Devices.Iot;

/// <summary>Where a chip is: the number N of the bus <c>/dev/i2c-N</c> and the chip's address on it.</summary>
/// <param name="Bus">The bus of a Raspberry Pi's pins 3 and 5 is 1, that of a Jetson Orin Nano's is 7.</param>
/// <param name="Address">0x08 to 0x77.</param>
public sealed record I2cPlace(int Bus, int Address)
{
    /// <summary>A place by its description <c>BUS:ADDRESS</c>, such as <c>1:0x3C</c>.</summary>
    /// <exception cref="FormatException">It is another text.</exception>
    public static I2cPlace Parse(string text) =>
        text.Split(':') is [var bus, ['0', 'x', .. var address]]
            && int.TryParse(bus, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && int.TryParse(address, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int chip)
            && chip is >= 0x08 and <= 0x77
            ? new I2cPlace(number, chip)
            : throw new FormatException($"a place on an I2C bus is '{text}', expected BUS:ADDRESS, such as 1:0x3C");

    /// <summary>Opens the bus; whether the chip answers shows when it is used.</summary>
    /// <exception cref="DeviceException">The bus is not there, or not for this user.</exception>
    public I2cDevice Open(SystemFiles? files = null)
    {
        try
        {
            I2cBus.Open(files ?? SystemFiles.Machine, Bus).Dispose();
            return I2cDevice.Create(new I2cConnectionSettings(Bus, Address));
        }
        catch (SensorException e)
        {
            throw DeviceException.From(e);
        }
        catch (IOException e)
        {
            throw new DeviceException($"/dev/i2c-{Bus} cannot be opened", e);
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"0x{Address:X2} on /dev/i2c-{Bus}");
}
