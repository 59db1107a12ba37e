using System.Device.Gpio;

namespace EdgeVit.Devices.Iot;

/// <summary>A button between a pin and ground. A change counts when the pin has been quiet for a while: its contacts bounce for some milliseconds,
/// at pressing and at releasing. Events come on threads of the pool or of the pins.</summary>
public sealed class ButtonInput : IDisposable
{
    private readonly GpioController _pins;
    private readonly int _pin;
    private readonly TimeSpan _settle;
    private readonly TimeSpan _hold;
    private readonly TimeProvider _clock;
    private readonly ITimer _settled;
    private readonly ITimer _held;
    private readonly Lock _lock = new();

    private volatile bool _pressed;
    private (long Time, bool Pressed)? _edge;
    private bool _disposed;

    /// <summary>Takes the pin, with the chip's pull-up resistor.</summary>
    /// <param name="pins">From <see cref="GpioChips.Open(string?)"/>; not disposed of.</param>
    /// <param name="pin">27 is the pin 13 of a Raspberry Pi.</param>
    /// <param name="settle">How long the pin must be quiet; 20 ms by default.</param>
    /// <param name="hold">After how long pressing is holding; one second by default.</param>
    /// <param name="clock">For tests.</param>
    /// <exception cref="DeviceException">The pin cannot be used, or the chip or its driver has no pull-up resistors.</exception>
    public ButtonInput(GpioController pins, int pin, TimeSpan? settle = null, TimeSpan? hold = null, TimeProvider? clock = null)
    {
        (_pins, _pin, _settle, _hold) = (pins, pin, settle ?? TimeSpan.FromMilliseconds(20), hold ?? TimeSpan.FromSeconds(1));
        if (!pins.IsPinModeSupported(pin, PinMode.InputPullUp))
        {
            throw new DeviceException($"pin {pin} has no pull-up resistor here; with libgpiod it may");
        }

        _clock = clock ?? TimeProvider.System;
        _settled = _clock.CreateTimer(_ => Settle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _held = _clock.CreateTimer(_ => Hold(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Pin.Take(pin, () =>
        {
            pins.OpenPin(pin, PinMode.InputPullUp);
            try
            {
                pins.RegisterCallbackForPinValueChangedEvent(pin, PinEventTypes.Falling | PinEventTypes.Rising, Edge);
            }
            catch
            {
                pins.ClosePin(pin);
                throw;
            }
        });
    }

    /// <summary>It was pressed.</summary>
    public event EventHandler? Pressed;

    /// <summary>It was let go.</summary>
    public event EventHandler? Released;

    /// <summary>It has been pressed for a while, and is.</summary>
    public event EventHandler? Held;

    /// <summary>Whether it is pressed, without its bounces.</summary>
    public bool IsPressed => _pressed;

    /// <summary>Why the pin could not be read when it was last wanted; null where nothing went wrong.</summary>
    public Exception? Problem { get; private set; }

    /// <summary>Gives the pin back; no event comes after it, but one that is under way may end.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _settled.Dispose();
            _held.Dispose();
        }

        // Without the lock: a driver may wait here for a callback that waits for the lock.
        _pins.UnregisterCallbackForPinValueChangedEvent(_pin, Edge);
        _pins.ClosePin(_pin);
    }

    private void Edge(object sender, PinValueChangedEventArgs change)
    {
        bool? settled;
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            // The pin was quiet for long enough and the timer comes late, on a busy machine: the level was that of the edge before.
            settled = _edge is { } before && _clock.GetElapsedTime(before.Time) >= _settle ? Accept(before.Pressed) : null;
            _edge = (_clock.GetTimestamp(), change.ChangeType == PinEventTypes.Falling);
            _settled.Change(_settle, Timeout.InfiniteTimeSpan);
        }

        Tell(settled);
    }

    private void Settle()
    {
        bool? settled;
        lock (_lock)
        {
            _edge = null;
            settled = !_disposed && Read() is { } pressed ? Accept(pressed) : null;
        }

        Tell(settled);
    }

    /// <summary>Takes a level that stayed; null where it is the one that was known.</summary>
    private bool? Accept(bool pressed)
    {
        if (pressed == _pressed)
        {
            return null;
        }

        _pressed = pressed;
        _held.Change(pressed ? _hold : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return pressed;
    }

    private void Tell(bool? change)
    {
        if (change is { } pressed)
        {
            (pressed ? Pressed : Released)?.Invoke(this, EventArgs.Empty);
        }
    }

    /// <summary>The level and not the last edge: among many edges one may have been lost.</summary>
    private bool? Read()
    {
        try
        {
            return _pins.Read(_pin) == PinValue.Low;
        }
        catch (Exception e)
        {
            // An exception of a timer would end the program.
            Problem = e;
            return null;
        }
    }

    private void Hold()
    {
        if (_pressed && !_disposed)
        {
            Held?.Invoke(this, EventArgs.Empty);
        }
    }
}
