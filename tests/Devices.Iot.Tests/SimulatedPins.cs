using System.Device.Gpio;

namespace EdgeVit.Devices.Iot.Tests;

/// <summary>A chip with 54 pins in memory. Its inputs are what a test makes them; edges are told to whoever asked.</summary>
internal sealed class SimulatedPins(string label = "pinctrl-rp1") : GpioDriver
{
    private readonly Dictionary<int, PinMode> _modes = [];
    private readonly Dictionary<int, PinValue> _values = [];
    private readonly List<(int Pin, PinEventTypes Events, PinChangeEventHandler Callback)> _callbacks = [];
    private readonly Lock _lock = new();

    /// <summary>Every level that an output was given, with its pin.</summary>
    public List<(int Pin, bool High)> Written { get; } = [];

    public bool PullUps { get; init; } = true;

    public bool Disposed { get; private set; }

    /// <summary>An exception for whatever is asked of a pin.</summary>
    public Exception? Fault { get; set; }

    /// <summary>An exception for who asks for notices of changes.</summary>
    public Exception? NoticesFault { get; set; }

    protected override int PinCount => 54;

    public IReadOnlyCollection<int> Open => [.. _modes.Keys];

    public int Listeners => _callbacks.Count;

    public PinMode Mode(int pin) => _modes[pin];

    public bool High(int pin)
    {
        lock (_lock)
        {
            return _values[pin] == PinValue.High;
        }
    }

    /// <summary>Changes an input.</summary>
    public void Set(int pin, bool high)
    {
        PinChangeEventHandler[] callbacks;
        lock (_lock)
        {
            if (_values.GetValueOrDefault(pin, PinValue.High) == (PinValue)high)
            {
                return;
            }

            _values[pin] = high;
            PinEventTypes edge = high ? PinEventTypes.Rising : PinEventTypes.Falling;
            callbacks = [.. _callbacks.Where(c => c.Pin == pin && c.Events.HasFlag(edge)).Select(c => c.Callback)];
        }

        Array.ForEach(callbacks, c => c(this, new PinValueChangedEventArgs(high ? PinEventTypes.Rising : PinEventTypes.Falling, pin)));
    }

    /// <summary>Changes an input without an edge being told: the kernel's queue was full.</summary>
    public void SetSilently(int pin, bool high) => _values[pin] = high;

    public override GpioChipInfo GetChipInfo() => new(0, "gpiochip0", label, PinCount);

    protected override void OpenPin(int pinNumber)
    {
        if (Fault is not null)
        {
            throw Fault;
        }

        _modes.Add(pinNumber, PinMode.Input);
    }

    protected override void ClosePin(int pinNumber) => Assert.True(_modes.Remove(pinNumber));

    protected override void SetPinMode(int pinNumber, PinMode mode)
    {
        _modes[pinNumber] = mode;
        if (mode == PinMode.InputPullUp)
        {
            _values.TryAdd(pinNumber, PinValue.High);
        }
    }

    protected override PinMode GetPinMode(int pinNumber) => _modes[pinNumber];

    protected override bool IsPinModeSupported(int pinNumber, PinMode mode) => mode != PinMode.InputPullUp || PullUps;

    protected override PinValue Read(int pinNumber)
    {
        lock (_lock)
        {
            return Fault is null ? _values[pinNumber] : throw Fault;
        }
    }

    protected override void Write(int pinNumber, PinValue value)
    {
        lock (_lock)
        {
            if (Fault is not null)
            {
                throw Fault;
            }

            Assert.Equal(PinMode.Output, _modes[pinNumber]);
            _values[pinNumber] = value;
            Written.Add((pinNumber, value == PinValue.High));
        }
    }

    protected override WaitForEventResult WaitForEvent(int pinNumber, PinEventTypes eventTypes, CancellationToken cancellationToken) => throw new NotSupportedException();

    protected override void AddCallbackForPinValueChangedEvent(int pinNumber, PinEventTypes eventTypes, PinChangeEventHandler callback)
    {
        if (NoticesFault is not null)
        {
            throw NoticesFault;
        }

        _callbacks.Add((pinNumber, eventTypes, callback));
    }

    protected override void RemoveCallbackForPinValueChangedEvent(int pinNumber, PinChangeEventHandler callback) =>
        Assert.Equal(1, _callbacks.RemoveAll(c => c.Pin == pinNumber && c.Callback == callback));

    protected override void Dispose(bool disposing) => Disposed = true;
}
