using System.Device.Gpio;

namespace EdgeVit.Devices.Iot;

/// <summary>A light on a pin, with a resistor of about 330 ohms to ground. Dark at first and when it is disposed of. For several threads.</summary>
public sealed class StatusLed : IDisposable
{
    private readonly GpioController _pins;
    private readonly int _pin;
    private readonly bool _litByLow;
    private readonly ITimer _timer;
    private readonly Lock _lock = new();

    private TimeSpan[] _pattern = [];
    private int _step;
    private bool _lit;
    private bool _disposed;

    /// <summary>Takes the pin.</summary>
    /// <param name="pins">From <see cref="GpioChips.Open(string?)"/>; not disposed of.</param>
    /// <param name="pin">17 is the pin 11 of a Raspberry Pi.</param>
    /// <param name="litByLow">The light hangs between 3.3 V and the pin.</param>
    /// <param name="clock">For tests.</param>
    /// <exception cref="DeviceException">The pin cannot be used.</exception>
    public StatusLed(GpioController pins, int pin, bool litByLow = false, TimeProvider? clock = null)
    {
        (_pins, _pin, _litByLow) = (pins, pin, litByLow);
        _timer = (clock ?? TimeProvider.System).CreateTimer(_ => Step(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Pin.Take(pin, () => pins.OpenPin(pin, PinMode.Output, Value(false)));
    }

    /// <summary>Whether it is lit now.</summary>
    public bool IsLit
    {
        get
        {
            lock (_lock)
            {
                return _lit;
            }
        }
    }

    /// <summary>Why it stopped blinking; null where nothing went wrong.</summary>
    public Exception? Problem { get; private set; }

    /// <summary>Lit until something else is asked for.</summary>
    public void On() => Stay(true);

    /// <summary>Dark until something else is asked for.</summary>
    public void Off() => Stay(false);

    /// <summary>Lit and dark by turns, over and over, until something else is asked for. Asked for the same again it goes on.</summary>
    /// <param name="times">How long lit, how long dark, and so on; an even count.</param>
    public void Blink(params TimeSpan[] times)
    {
        if (times.Length == 0 || times.Length % 2 != 0 || times.Any(t => t <= TimeSpan.Zero))
        {
            throw new ArgumentException("a pattern is times above zero for lit, dark, lit, dark ...: an even count", nameof(times));
        }

        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_pattern.SequenceEqual(times))
            {
                (_pattern, _step) = ([.. times], 0);
                Turn(true);
                _timer.Change(times[0], Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Makes it dark and gives the pin back.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            (_disposed, _pattern) = (true, []);
            _timer.Dispose();
            Turn(false);
            _pins.ClosePin(_pin);
        }
    }

    private void Stay(bool lit)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _pattern = [];
            Turn(lit);
        }
    }

    private void Step()
    {
        lock (_lock)
        {
            // A timer that was already on its way when the pattern ended.
            if (_pattern.Length == 0)
            {
                return;
            }

            try
            {
                _step = (_step + 1) % _pattern.Length;
                Turn(_step % 2 == 0);
                _timer.Change(_pattern[_step], Timeout.InfiniteTimeSpan);
            }
            catch (Exception e)
            {
                // An exception of a timer would end the program.
                (Problem, _pattern) = (e, []);
            }
        }
    }

    private void Turn(bool lit)
    {
        _pins.Write(_pin, Value(lit));
        _lit = lit;
    }

    private PinValue Value(bool lit) => lit != _litByLow;
}
