using System.Runtime.InteropServices;
using EdgeVit.Devices;
using EdgeVit.Devices.Iot;
using EdgeVit.Runtime;
using EdgeVit.Samples;

// Shows what a camera sees: its label on a display and in lines of text, a light for one label, and a button that holds the picture.
Options options;
try
{
    options = Options.Parse(args);
}
catch (FormatException e)
{
    Console.Error.WriteLine(e.Message);
    Console.Error.WriteLine(Options.Usage);
    return 2;
}

// Ctrl+C and the SIGTERM of systemd end the loop below, and everything is let go of in order: camera, pins, display.
using var stop = new CancellationTokenSource();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

try
{
    using EvitModel model = EvitModel.Open(options.Model);
    if (options.Label is { } wanted && !model.Labels.Contains(wanted))
    {
        throw new FormatException($"--label is '{wanted}', which the model does not know; its labels: {string.Join(", ", model.Labels)}");
    }

    OledDisplay? display = options.Display is { } place ? new OledDisplay(place, options.Rows) : null;
    using var panel = new Panel(options, () => GpioChips.Open(), display, Console.Error);
    using ICamera camera = Camera.Open(options.Camera);
    Console.WriteLine($"{camera.Description}, {Path.GetFileName(options.Model)}");

    new Classifier(model, camera, panel, Console.Out).Run(stop.Token);
    return 0;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException or EvitFormatException or FormatException)
{
    Console.Error.WriteLine(e.Message);
    return 1;
}

void Stop(PosixSignalContext signal)
{
    // Not at once, as would be usual.
    signal.Cancel = true;
    stop.Cancel();
}
