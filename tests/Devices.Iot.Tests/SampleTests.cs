using System.Device.Gpio;
using EdgeVit.Runtime;
using EdgeVit.Samples;

namespace EdgeVit.Devices.Iot.Tests;

/// <summary>The sample with a simulated display, light and button.</summary>
public sealed class SampleTests : IDisposable
{
    private const int Led = 17, ButtonPin = 27;

    private static readonly IReadOnlyList<(string Label, byte[] Jpeg)> s_shapes = ShapePictures.Take(2);

    private readonly SimulatedSsd1306 _screen = new();
    private readonly SimulatedPins _pins = new();
    private readonly StringWriter _messages = new(), _lines = new();
    private readonly EvitModel _model = EvitModel.Open(ShapePictures.Model);

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(64)]
    [InlineData(32)]
    public void TheLabelComesOnTheDisplayAndItsLightIsLit(int rows)
    {
        using Panel panel = Open(rows, "--label", s_shapes[0].Label);
        Run(panel, s_shapes[0].Jpeg);
        Assert.True(_pins.High(Led));
        Assert.Contains(s_shapes[0].Label, _lines.ToString(), StringComparison.Ordinal);
        Assert.Equal("", _messages.ToString());

        // The first two lines are the label in large letters; the bar is nearly full.
        var expected = new SimulatedSsd1306();
        using var reference = new OledDisplay(() => expected, rows, "reference");
        reference.Write(0, s_shapes[0].Label, size: 2);
        reference.Show();
        Assert.Equal(expected.Picture()[..16], _screen.Picture()[..16]);
        Assert.InRange(_screen.Picture()[19].Count(c => c == '#'), 110, 128);
        // The last line has the numbers.
        Assert.Contains(_screen.Picture()[^8..], row => row.Contains('#', StringComparison.Ordinal));

        Run(panel, s_shapes[1].Jpeg);
        Assert.False(_pins.High(Led));
    }

    [Fact]
    public void TheButtonHoldsThePictureAndLetsItGoOn()
    {
        using Panel panel = Open(64);
        Run(panel, s_shapes[0].Jpeg);
        string[] large = _screen.Picture()[..16];

        Press();
        Wait(() => panel.Held);
        _pins.Written.Clear();
        Run(panel, s_shapes[1].Jpeg);
        Assert.Equal(large, _screen.Picture()[..16]);
        // It blinks.
        Wait(() => Levels().Contains(false) && Levels().Contains(true));

        Press();
        Wait(() => !panel.Held);
        Run(panel, s_shapes[1].Jpeg);
        Assert.NotEqual(large, _screen.Picture()[..16]);
    }

    [Fact]
    public void ADamagedFrameIsPassedOver()
    {
        using Panel panel = Open(64);
        Run(panel, [1, 2, 3], s_shapes[0].Jpeg[..200], s_shapes[0].Jpeg);
        Assert.Contains(s_shapes[0].Label, _lines.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void ADisplayThatVanishesStopsNothing()
    {
        using Panel panel = Open(64);
        Run(panel, s_shapes[0].Jpeg);
        _screen.Gone = true;
        Run(panel, s_shapes[1].Jpeg, s_shapes[0].Jpeg, s_shapes[1].Jpeg);
        Assert.Contains(s_shapes[1].Label, _lines.ToString(), StringComparison.Ordinal);
        Assert.Single(_messages.ToString().TrimEnd().Split('\n'));
        Assert.StartsWith("no display: no answer", _messages.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AtTheEndEverythingIsDarkAndFree()
    {
        Panel panel = Open(64);
        Run(panel, s_shapes[0].Jpeg);
        Assert.True(_screen.On);
        panel.Dispose();
        Assert.False(_screen.On);
        Assert.All(_screen.Picture(), row => Assert.DoesNotContain('#', row));
        Assert.Equal((Led, false), _pins.Written[^1]);
        Assert.Empty(_pins.Open);
        Assert.True(_pins.Disposed);
    }

    [Fact]
    public void APinThatIsInUseIsToldAndDoneWithout()
    {
        _pins.Fault = new InvalidOperationException("busy");
        using Panel panel = Open(64);
        Run(panel, s_shapes[0].Jpeg);
        Assert.StartsWith("no light or button: pin 17 cannot be used", _messages.ToString(), StringComparison.Ordinal);
        Assert.Contains(s_shapes[0].Label, _lines.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AStopEndsTheWaitForAFrame()
    {
        using Panel panel = Open(64);
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        new Classifier(_model, new StillCamera([], endless: true), panel, _lines).Run(stop.Token);
    }

    [Theory]
    [InlineData("the model is missing")]
    [InlineData("the model is missing", "--led", "17")]
    [InlineData("'--led' has no value", "m.evit", "--led")]
    [InlineData("--led is 'x', expected a number from 0 to 1023", "m.evit", "--led", "x")]
    [InlineData("--rows is '48', expected 32 or 64", "m.evit", "--rows", "48")]
    [InlineData("--threshold is '1.5', expected 0 to 1", "m.evit", "--threshold", "1.5")]
    [InlineData("there is no option '--lamp'", "m.evit", "--lamp", "17")]
    public void WrongOptionsAreNamed(string message, params string[] arguments) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => Options.Parse(arguments)).Message);

    private Panel Open(int rows, params string[] more)
    {
        Options options = Options.Parse([ShapePictures.Model, "--led", $"{Led}", "--button", $"{ButtonPin}", .. more]);
        return new Panel(options, () => new GpioController(_pins), new OledDisplay(() => _screen, rows, "test"), _messages);
    }

    private void Run(Panel panel, params byte[][] frames) => new Classifier(_model, new StillCamera(frames), panel, _lines).Run(TestContext.Current.CancellationToken);

    private void Press()
    {
        _pins.Set(ButtonPin, false);
        Thread.Sleep(100);
        _pins.Set(ButtonPin, true);
    }

    private bool[] Levels() => [.. _pins.Written.ToArray().Where(w => w.Pin == Led).Select(w => w.High)];

    private static void Wait(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(30)));

    /// <summary>Gives frames and ends, or waits for ever.</summary>
    private sealed class StillCamera(byte[][] frames, bool endless = false) : ICamera
    {
        private int _next;

        public string Description => "still pictures";

        public long Dropped => 0;

        public long Damaged => 0;

        public Frame? Next(CancellationToken cancellation = default)
        {
            if (_next == frames.Length && endless)
            {
                cancellation.WaitHandle.WaitOne();
                cancellation.ThrowIfCancellationRequested();
            }

            return _next < frames.Length ? new Frame(FrameFormat.Jpeg, 128, 128, frames[_next++], _next) : null;
        }

        public void Dispose()
        {
        }
    }
}
