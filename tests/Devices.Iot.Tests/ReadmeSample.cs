using System.Device.Gpio;
using EdgeVit.Runtime;

namespace EdgeVit.Devices.Iot.Tests;

/// <summary>The sample of the package's README, which EndToEnd.Tests holds against it word for word.</summary>
public sealed class ReadmeSample
{
    [Fact]
    public void APredictionIsShown()
    {
        var chip = new SimulatedSsd1306();
        var pins = new SimulatedPins();
        using (var display = new OledDisplay(() => chip, 64, "test"))
        using (var controller = new GpioController(pins))
        using (var led = new StatusLed(controller, 17))
        {
            Show(new Prediction(0, "cat", 0.9), display, led);
            Assert.True(chip.On && pins.High(17));
            Show(new Prediction(1, "dog", 0.9), display, led);
            Assert.False(pins.High(17));
        }
    }

    /// <summary>Parts that are not on this machine are named, not thrown.</summary>
    [Fact]
    public void PartsThatAreNotThereAreReasons()
    {
        using var missing = new OledDisplay(I2cPlace.Parse("250:0x3C"));
        Assert.False(missing.Show());
        Assert.StartsWith("/dev/i2c-250 is not there", missing.Problem, StringComparison.Ordinal);
    }

    private static void Show(Prediction top, OledDisplay display, StatusLed led)
    {
        // <EdgeVit.Devices.Iot>
        display.Write(0, top.Label, size: 2);       // new OledDisplay(I2cPlace.Parse("1:0x3C")): an SSD1306 with 128 x 64 or 128 x 32 pixels
        display.Bar(2, top.Probability);
        display.Show();                             // sends the lines that changed; false where the display is not there: display.Problem
        if (top.Label == "cat")
        {
            led.On();                               // new StatusLed(GpioChips.Open(), 17)
        }
        else
        {
            led.Off();
        }
        // </EdgeVit.Devices.Iot>
    }
}
