using System.Globalization;

namespace EdgeVit.Devices;

/// <summary>What the power chip of a Raspberry Pi 5 measures: voltage and current of the supplies that it makes, which leaves out USB, the
/// pins and NVMe.</summary>
/// <param name="Watts">By supply, such as <c>VDD_CORE</c>.</param>
internal sealed record PmicReading(IReadOnlyDictionary<string, double> Watts)
{
    // A published fit of the whole board's power to the sum.
    private const double Slope = 1.1451;
    private const double Offset = 0.5879;

    /// <summary>All supplies together.</summary>
    public double Sum => Watts.Values.Sum();

    /// <summary>The whole board, estimated from the sum.</summary>
    public double Board => (Slope * Sum) + Offset;

    /// <summary>Lines such as <c>VDD_CORE_A current(7)=2.31A</c> and <c>VDD_CORE_V volt(15)=0.84V</c>.</summary>
    public static PmicReading Parse(string text)
    {
        Dictionary<string, double> amperes = [];
        Dictionary<string, double> volts = [];
        foreach (string line in text.Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is not [var channel, var reading]
                || channel.Length < 3 || reading.Split('=') is not [_, [.. var number, 'A' or 'V']])
            {
                continue;
            }

            if (!double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            {
                throw new SensorException($"the power chip says '{line.Trim()}'");
            }

            (channel.EndsWith("_A", StringComparison.Ordinal) ? amperes : volts)[channel[..^2]] = value;
        }

        Dictionary<string, double> watts = amperes.Where(a => volts.ContainsKey(a.Key)).ToDictionary(a => a.Key, a => a.Value * volts[a.Key]);
        return watts.Count > 0
            ? new PmicReading(watts)
            : throw new SensorException("the power chip tells no supply's voltage and current");
    }
}
