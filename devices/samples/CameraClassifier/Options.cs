using System.Globalization;
using EdgeVit.Devices.Iot;

namespace EdgeVit.Samples;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    public const string Usage = """
        usage: CameraClassifier MODEL.evit [--camera rpicam] [--led 17] [--button 27] [--display 1:0x3C] [--rows 64] [--label NAME] [--threshold 0.6]

          --camera     rpicam: a camera at the ribbon connector of a Raspberry Pi; camera:0: a USB camera, /dev/video0
          --led        the GPIO number of a light, lit while the label is seen
          --button     the GPIO number of a button to ground, which holds the picture and lets it go on
          --display    bus and address of an SSD1306 display; --rows 32 for a low one
          --label      the label that lights the light; any by default
          --threshold  the probability from which on a label counts as seen
        """;

    public required string Model { get; init; }

    public string Camera { get; private set; } = "rpicam";

    public int? Led { get; private set; }

    public int? Button { get; private set; }

    public I2cPlace? Display { get; private set; }

    public int Rows { get; private set; } = 64;

    public string? Label { get; private set; }

    public double Threshold { get; private set; } = 0.6;

    /// <exception cref="FormatException">It asks for something else; the message says what.</exception>
    public static Options Parse(string[] args)
    {
        if (args.Length == 0 || args[0].StartsWith('-') || args.Length % 2 == 0)
        {
            throw new FormatException(args.Length > 0 && !args[0].StartsWith('-') ? $"'{args[^1]}' has no value" : "the model is missing");
        }

        var options = new Options { Model = args[0] };
        foreach (string[] pair in args.Skip(1).Chunk(2))
        {
            options.Set(pair[0], pair[1]);
        }

        return options;
    }

    private void Set(string name, string value)
    {
        switch (name)
        {
            case "--camera": Camera = value; break;
            case "--led": Led = Number(name, value, 0, 1023); break;
            case "--button": Button = Number(name, value, 0, 1023); break;
            case "--display": Display = I2cPlace.Parse(value); break;
            case "--rows": Rows = value is "32" or "64" ? Number(name, value, 32, 64) : throw new FormatException($"--rows is '{value}', expected 32 or 64"); break;
            case "--label": Label = value; break;
            case "--threshold":
                Threshold = double.TryParse(value, CultureInfo.InvariantCulture, out double p) && p is >= 0 and <= 1
                ? p : throw new FormatException($"--threshold is '{value}', expected 0 to 1"); break;
            default: throw new FormatException($"there is no option '{name}'");
        }
    }

    private static int Number(string name, string value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most
            ? number : throw new FormatException($"{name} is '{value}', expected a number from {least} to {most}");
}
