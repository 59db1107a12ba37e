using System.Device.I2c;
using System.Drawing;

namespace EdgeVit.Devices.Iot;

/// <summary>A small display with an SSD1306, 128 x 64 or 128 x 32 pixels, for lines of text and bars. What is written appears with
/// <see cref="Show"/>, which sends the parts that changed. A display that is missing or comes off stops nothing: <see cref="Problem"/> has the
/// reason, <see cref="Lost"/> tells it once, and every few seconds the display is looked for again. Not for several threads at once.</summary>
public sealed class OledDisplay : IDisposable
{
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(5);

    private readonly Func<I2cDevice> _open;
    private readonly int _rows;
    private readonly TimeProvider _clock;
    private readonly OledImage _image;

    private Ssd1306Panel? _panel;
    private byte[]? _shown;
    private long _lost;

    /// <summary>A display on a bus of this machine.</summary>
    /// <param name="place">Mostly 0x3C, some 0x3D.</param>
    /// <param name="rows">64 or 32.</param>
    public OledDisplay(I2cPlace place, int rows = 64) : this(() => place.Open(), rows, place.ToString())
    {
    }

    /// <summary>A display behind any I2C device.</summary>
    /// <param name="open">Called when the display is first shown on, and again after it was lost.</param>
    /// <param name="rows">64 or 32.</param>
    /// <param name="name">Its name in <see cref="Problem"/>.</param>
    /// <param name="clock">For tests.</param>
    public OledDisplay(Func<I2cDevice> open, int rows, string name, TimeProvider? clock = null)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(rows is 32 or 64, true, nameof(rows));
        (_open, _rows, Name, _clock) = (open, rows, name, clock ?? TimeProvider.System);
        _image = new OledImage(Ssd1306Panel.Columns, rows);
    }

    /// <summary>Tells once why the display is not there; again only after it came back.</summary>
    public event EventHandler? Lost;

    /// <summary>Its name in messages.</summary>
    public string Name { get; }

    /// <summary>Lines of text, each eight pixels high.</summary>
    public int Lines => _rows / BitmapFont.LineHeight;

    /// <summary>Characters of a line.</summary>
    public static int Columns => Ssd1306Panel.Columns / BitmapFont.Advance;

    /// <summary>Why nothing is shown; null while the display works.</summary>
    public string? Problem { get; private set; }

    /// <summary>Writes a line anew. What does not fit is cut; other characters than ASCII are blocks.</summary>
    /// <param name="line">From 0 on top.</param>
    /// <param name="text">At most <see cref="Columns"/> characters, or that divided by <paramref name="size"/>.</param>
    /// <param name="size">1, or 2 for letters twice as high and wide, which take two lines.</param>
    public void Write(int line, string text, int size = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(size is 1 or 2, true, nameof(size));
        int top = Top(line, size);
        Fill(0, top, Ssd1306Panel.Columns, size * BitmapFont.LineHeight, Color.Black);
        for (int i = 0; i < Math.Min(text.Length, Columns / size); i++)
        {
            for (int y = 0; y < BitmapFont.Height; y++)
            {
                for (int x = 0; x < BitmapFont.Width; x++)
                {
                    if (BitmapFont.Lit(text[i], x, y))
                    {
                        Fill(((i * BitmapFont.Advance) + x) * size, top + (y * size), size, size, Color.White);
                    }
                }
            }
        }
    }

    /// <summary>Draws a bar in place of a line.</summary>
    /// <param name="line">From 0 on top.</param>
    /// <param name="fraction">From 0, an empty frame, to 1; what is outside or no number counts as the nearest of these, or 0.</param>
    public void Bar(int line, double fraction)
    {
        const int Height = BitmapFont.Height;
        int top = Top(line, 1);
        Fill(0, top, Ssd1306Panel.Columns, BitmapFont.LineHeight, Color.Black);
        Fill(0, top, Ssd1306Panel.Columns, Height, Color.White);
        Fill(1, top + 1, Ssd1306Panel.Columns - 2, Height - 2, Color.Black);
        int lit = (int)Math.Round((Ssd1306Panel.Columns - 2) * (double.IsNaN(fraction) ? 0 : Math.Clamp(fraction, 0, 1)));
        Fill(1, top + 1, lit, Height - 2, Color.White);
    }

    /// <summary>Makes all of it dark.</summary>
    public void Clear() => Fill(0, 0, Ssd1306Panel.Columns, _rows, Color.Black);

    /// <summary>Sends what changed: at the usual 100 kHz 12 ms for each line that did.</summary>
    /// <returns>Whether the display shows it.</returns>
    public bool Show()
    {
        if (Problem is not null && _clock.GetElapsedTime(_lost) < s_retry)
        {
            return false;
        }

        try
        {
            Send();
            Problem = null;
            return true;
        }
        catch (IOException e)
        {
            Lose(e is DeviceException ? e.Message : $"no answer from the display {Name}; are its four wires fast, and is it at this address (i2cdetect -y BUS)?");
            return false;
        }
    }

    /// <summary>Makes the display dark and lets go of it.</summary>
    public void Dispose()
    {
        Clear();
        if (_panel is not null && Show())
        {
            try
            {
                _panel.EnableDisplay(false);
            }
            catch (IOException)
            {
                // It is dark, or off its wires.
            }
        }

        _panel?.Dispose();
        _panel = null;
    }

    private void Send()
    {
        bool first = _panel is null;
        if (_panel is null)
        {
            _panel = new Ssd1306Panel(_open(), _rows);
            _panel.SetUp();
        }

        byte[] bytes = _panel.PreRenderBitmap(_image);
        for (int page = 0; page < _panel.Pages; page++)
        {
            Span<byte> now = bytes.AsSpan(page * Ssd1306Panel.Columns, Ssd1306Panel.Columns);
            if (_shown is null || !now.SequenceEqual(_shown.AsSpan(page * Ssd1306Panel.Columns, Ssd1306Panel.Columns)))
            {
                _panel.SendPage(page, now);
            }
        }

        _shown = bytes;
        if (first)
        {
            _panel.EnableDisplay(true);
        }
    }

    private void Lose(string reason)
    {
        bool known = Problem is not null;
        (Problem, _lost, _shown) = (reason, _clock.GetTimestamp(), null);
        _panel?.Dispose();
        _panel = null;
        if (!known)
        {
            Lost?.Invoke(this, EventArgs.Empty);
        }
    }

    private int Top(int line, int lines)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(line);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(line, Lines - lines);
        return line * BitmapFont.LineHeight;
    }

    private void Fill(int left, int top, int width, int height, Color color)
    {
        for (int y = top; y < top + height; y++)
        {
            for (int x = left; x < left + width; x++)
            {
                _image.SetPixel(x, y, color);
            }
        }
    }
}
