using System.Device.Gpio;

namespace EdgeVit.Devices.Iot.Tests;

public sealed class ButtonInputTests : IDisposable
{
    private const int Pin = 27;

    private readonly SimulatedPins _chip = new();
    private readonly ManualClock _clock = new();
    private readonly GpioController _pins;
    private readonly List<string> _events = [];

    public ButtonInputTests() => _pins = new GpioController(_chip);

    public void Dispose() => _pins.Dispose();

    /// <summary>Presses of random lengths with random bounces at both ends: each press and each release is told once, in order.</summary>
    [Fact]
    public void BouncesAreNoPresses()
    {
        using ButtonInput button = Button();
        var random = new Random(11);
        var expected = new List<string>();
        for (int press = 0; press < 200; press++)
        {
            Bounce(random, endsHigh: false);
            _clock.Move(random.Next(40, 900));
            Assert.True(button.IsPressed);
            Bounce(random, endsHigh: true);
            _clock.Move(random.Next(40, 900));
            Assert.False(button.IsPressed);
            expected.AddRange(["pressed", "released"]);
        }

        Assert.Equal(expected, _events);
    }

    [Fact]
    public void SpikesOfALongCableAreNoPresses()
    {
        using ButtonInput button = Button();
        var random = new Random(12);
        for (int i = 0; i < 200; i++)
        {
            _chip.Set(Pin, false);
            _clock.Move(random.NextDouble() * 15);
            _chip.Set(Pin, true);
            _clock.Move(random.Next(1, 100));
        }

        _clock.Move(1000);
        Assert.Empty(_events);
    }

    [Fact]
    public void HoldingIsToldOnceAndAfterThePress()
    {
        using ButtonInput button = Button();
        _chip.Set(Pin, false);
        _clock.Move(1019);
        Assert.Equal(["pressed"], _events);
        _clock.Move(5000);
        _chip.Set(Pin, true);
        _clock.Move(5000);
        Assert.Equal(["pressed", "held", "released"], _events);

        // A press that ends before, and one more: the first one's time counts no further.
        _events.Clear();
        _chip.Set(Pin, false);
        _clock.Move(900);
        _chip.Set(Pin, true);
        _clock.Move(50);
        _chip.Set(Pin, false);
        _clock.Move(900);
        Assert.Equal(["pressed", "released", "pressed"], _events);
    }

    [Fact]
    public void AnEdgeThatGotLostDoesNoHarm()
    {
        using ButtonInput button = Button();
        _chip.Set(Pin, false);
        // Let go, and the kernel's queue was full.
        _chip.SetSilently(Pin, true);
        _clock.Move(100);
        Assert.Empty(_events);
        _chip.Set(Pin, false);
        _clock.Move(100);
        Assert.Equal(["pressed"], _events);
    }

    [Fact]
    public void AButtonThatIsPressedAtTheStartCountsFromItsReleaseOn()
    {
        _chip.SetSilently(Pin, false);
        using ButtonInput button = Button();
        _clock.Move(5000);
        _chip.Set(Pin, true);
        _clock.Move(100);
        Assert.Empty(_events);
        _chip.Set(Pin, false);
        _clock.Move(100);
        Assert.Equal(["pressed"], _events);
    }

    [Fact]
    public void DisposedOfItIsSilentAndGivesThePinBack()
    {
        ButtonInput button = Button();
        Assert.Equal(PinMode.InputPullUp, _chip.Mode(Pin));
        _chip.Set(Pin, false);
        button.Dispose();
        _clock.Move(5000);
        Assert.Empty(_events);
        Assert.Empty(_chip.Open);
        Assert.Equal(0, _chip.Listeners);
        button.Dispose();
    }

    [Fact]
    public void APinThatCannotBeReadIsNoPress()
    {
        using ButtonInput button = Button();
        _chip.Set(Pin, false);
        _chip.Fault = new IOException("gone");
        _clock.Move(1000);
        Assert.Empty(_events);
        Assert.Equal("gone", button.Problem!.Message);
    }

    [Fact]
    public void AChipWithoutPullUpsIsRefused()
    {
        using var pins = new GpioController(new SimulatedPins { PullUps = false });
        Assert.Contains("no pull-up", Assert.Throws<DeviceException>(() => new ButtonInput(pins, Pin)).Message, StringComparison.Ordinal);
    }

    private ButtonInput Button()
    {
        var button = new ButtonInput(_pins, Pin, clock: _clock);
        button.Pressed += (_, _) => _events.Add("pressed");
        button.Released += (_, _) => _events.Add("released");
        button.Held += (_, _) => _events.Add("held");
        return button;
    }

    /// <summary>Up to 15 changes within a few milliseconds each, the last one to the level that stays.</summary>
    private void Bounce(Random random, bool endsHigh)
    {
        for (int i = random.Next(8); i > 0; i--)
        {
            _chip.Set(Pin, endsHigh);
            _clock.Move(random.NextDouble() * 5);
            _chip.Set(Pin, !endsHigh);
            _clock.Move(random.NextDouble() * 5);
        }

        _chip.Set(Pin, endsHigh);
    }
}
