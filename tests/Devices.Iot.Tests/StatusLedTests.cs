using System.Device.Gpio;

namespace EdgeVit.Devices.Iot.Tests;

public sealed class StatusLedTests
{
    private const int Pin = 17;

    private readonly SimulatedPins _chip = new();
    private readonly ManualClock _clock = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ItIsDarkAtFirstAndAtTheEnd(bool litByLow)
    {
        using var pins = new GpioController(_chip);
        var led = new StatusLed(pins, Pin, litByLow, _clock);
        Assert.Equal((PinMode.Output, litByLow), (_chip.Mode(Pin), _chip.High(Pin)));
        led.On();
        Assert.Equal((true, !litByLow), (led.IsLit, _chip.High(Pin)));
        led.Dispose();
        Assert.Equal(litByLow, _chip.High(Pin));
        Assert.Empty(_chip.Open);
        Assert.Throws<ObjectDisposedException>(led.On);
        led.Dispose();
    }

    /// <summary>Random patterns, sampled at random times: lit exactly where the pattern says.</summary>
    [Fact]
    public void APatternIsKept()
    {
        var random = new Random(3);
        for (int round = 0; round < 50; round++)
        {
            var chip = new SimulatedPins();
            var clock = new ManualClock();
            using var pins = new GpioController(chip);
            using var led = new StatusLed(pins, Pin, clock: clock);
            int[] pattern = [.. Enumerable.Range(0, 2 * random.Next(1, 5)).Select(_ => random.Next(1, 500))];
            led.Blink([.. pattern.Select(t => TimeSpan.FromMilliseconds(t))]);
            int time = 0;
            for (int sample = 0; sample < 50; sample++)
            {
                Assert.Equal(LitAt(pattern, time), chip.High(Pin));
                int step = random.Next(1, 300);
                time += step;
                clock.Move(step);
            }
        }
    }

    [Fact]
    public void AskedForTheSamePatternItGoesOn()
    {
        using var pins = new GpioController(_chip);
        using var led = new StatusLed(pins, Pin, clock: _clock);
        TimeSpan[] pattern = [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100)];
        for (int i = 0; i < 20; i++)
        {
            led.Blink(pattern);
            _clock.Move(30);
        }

        // At 0, 200, 400 and 600 ms.
        Assert.Equal(4, _chip.Written.Count(w => w.High));
    }

    [Fact]
    public void NothingBlinksAfterwards()
    {
        using var pins = new GpioController(_chip);
        var led = new StatusLed(pins, Pin, clock: _clock);
        TimeSpan time = TimeSpan.FromMilliseconds(100);
        led.Blink(time, time);
        led.On();
        _clock.Move(1000);
        Assert.True(_chip.High(Pin));
        led.Blink(time, time);
        led.Off();
        _clock.Move(1000);
        Assert.False(_chip.High(Pin));
        led.Blink(time, time);
        led.Dispose();
        int written = _chip.Written.Count;
        _clock.Move(1000);
        Assert.Equal(written, _chip.Written.Count);
    }

    [Fact]
    public void AFaultWhileBlinkingEndsTheBlinkingOnly()
    {
        using var pins = new GpioController(_chip);
        using var led = new StatusLed(pins, Pin, clock: _clock);
        led.Blink(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(100));
        _chip.Fault = new IOException("gone");
        _clock.Move(1000);
        Assert.Equal("gone", led.Problem!.Message);
        _chip.Fault = null;
        led.On();
        Assert.True(_chip.High(Pin));
    }

    [Fact]
    public void APinThatIsInUseIsNamed()
    {
        _chip.Fault = new InvalidOperationException("Device or resource busy");
        using var pins = new GpioController(_chip);
        Assert.Equal("pin 17 cannot be used, is it in use by something else? Device or resource busy", Assert.Throws<DeviceException>(() => new StatusLed(pins, Pin)).Message);
        Assert.Throws<DeviceException>(() => new ButtonInput(pins, Pin));
    }

    /// <summary>A driver that knows no notices of changes: the pin is given back.</summary>
    [Fact]
    public void APinWithoutNoticesIsGivenBack()
    {
        _chip.NoticesFault = new IOException("no edges here");
        using var pins = new GpioController(_chip);
        Assert.Contains("no edges here", Assert.Throws<DeviceException>(() => new ButtonInput(pins, Pin)).Message, StringComparison.Ordinal);
        Assert.False(pins.IsPinOpen(Pin));
    }

    [Fact]
    public void PatternsThatAreNoneAreRefused()
    {
        using var pins = new GpioController(_chip);
        using var led = new StatusLed(pins, Pin, clock: _clock);
        Assert.Throws<ArgumentException>(() => led.Blink());
        Assert.Throws<ArgumentException>(() => led.Blink(TimeSpan.FromSeconds(1)));
        Assert.Throws<ArgumentException>(() => led.Blink(TimeSpan.FromSeconds(1), TimeSpan.Zero));
    }

    private static bool LitAt(int[] pattern, int time)
    {
        int rest = time % pattern.Sum();
        int step = 0;
        while (rest >= pattern[step])
        {
            rest -= pattern[step++];
        }

        return step % 2 == 0;
    }
}
