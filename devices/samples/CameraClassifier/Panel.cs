using System.Device.Gpio;
using System.Globalization;
using EdgeVit.Devices.Iot;
using EdgeVit.Runtime;

namespace EdgeVit.Samples;

/// <summary>What people see and touch: a display, a light and a button, each of which may be missing.</summary>
internal sealed class Panel : IDisposable
{
    private static readonly TimeSpan s_blink = TimeSpan.FromMilliseconds(250), s_redraw = TimeSpan.FromMilliseconds(250);

    private readonly Options _options;
    private readonly OledDisplay? _display;
    private readonly GpioController? _pins;
    private readonly StatusLed? _led;
    private readonly ButtonInput? _button;

    private string _label = "";
    private long _drawn;
    private volatile bool _held;

    /// <summary>Opens what the options name. What cannot be opened is told, and done without.</summary>
    public Panel(Options options, Func<GpioController> pins, OledDisplay? display, TextWriter messages)
    {
        (_options, _display) = (options, display);
        if (display is not null)
        {
            display.Lost += (_, _) => messages.WriteLine($"no display: {display.Problem}");
            display.Write(0, "starting");
            display.Show();
        }

        try
        {
            if (options.Led is not null || options.Button is not null)
            {
                _pins = pins();
            }

            _led = options.Led is { } led ? new StatusLed(_pins!, led) : null;
            _button = options.Button is { } button ? new ButtonInput(_pins!, button) : null;
        }
        catch (DeviceException e)
        {
            messages.WriteLine($"no light or button: {e.Message}");
        }

        if (_button is not null)
        {
            _button.Pressed += (_, _) => _held = !_held;
        }
    }

    /// <summary>The button was pressed: nothing changes until it is pressed again.</summary>
    public bool Held => _held;

    /// <summary>Shows that nothing changes: the light blinks.</summary>
    public void ShowHeld()
    {
        _led?.Blink(s_blink, s_blink);
        Draw(d => d.Write(d.Lines - 1, "held"));
    }

    /// <summary>Shows a frame's labels, best first.</summary>
    public void Show(IReadOnlyList<Prediction> top, double framesPerSecond)
    {
        bool seen = top[0].Probability >= _options.Threshold && (_options.Label ?? top[0].Label) == top[0].Label;
        if (seen)
        {
            _led?.On();
        }
        else
        {
            _led?.Off();
        }

        // The numbers follow four times a second: a display takes its time.
        if (top[0].Label == _label && TimeProvider.System.GetElapsedTime(_drawn) < s_redraw)
        {
            return;
        }

        (_label, _drawn) = (top[0].Label, TimeProvider.System.GetTimestamp());
        Draw(d =>
        {
            d.Write(0, top[0].Label, size: 2);
            d.Bar(2, top[0].Probability);
            // A display of 64 rows has lines for the next labels, too.
            for (int i = 1; i < top.Count && i + 2 < d.Lines - 1; i++)
            {
                d.Write(i + 2, Text($"{top[i].Probability,4:P0} {top[i].Label}"));
            }

            d.Write(d.Lines - 1, Text($"{top[0].Probability,4:P0} {framesPerSecond,8:F1} frames"));
        });
    }

    public void Dispose()
    {
        _button?.Dispose();
        _led?.Dispose();
        _pins?.Dispose();
        _display?.Dispose();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void Draw(Action<OledDisplay> draw)
    {
        if (_display is not null)
        {
            draw(_display);
            _display.Show();
        }
    }
}
