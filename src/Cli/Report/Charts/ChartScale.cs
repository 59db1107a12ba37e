using System.Globalization;
using EdgeVit.Export.Charts;

namespace EdgeVit.Cli;

/// <summary>An axis: where a value lies between its ends, and the values that are written at it.</summary>
internal sealed class ChartScale
{
    private const double Rounding = 1e-9;

    private readonly ChartAxis _axis;
    private readonly bool _logarithmic;

    private ChartScale(ChartAxis axis, IReadOnlyList<double> ticks, bool logarithmic) => (_axis, Ticks, _logarithmic) = (axis, ticks, logarithmic);

    public IReadOnlyList<double> Ticks { get; }

    /// <summary>Ends on multiples of 1, 2 or 5 times a power of ten, about <paramref name="steps"/> of them.</summary>
    public static ChartScale Linear(double low, double high, int steps)
    {
        var axis = ChartAxis.Rounded(low, high, steps);
        return new ChartScale(axis, axis.Ticks, false);
    }

    /// <summary>Powers of ten at equal distances, with ticks at 1, 2 and 5 times them.</summary>
    public static ChartScale Logarithmic(double low, double high)
    {
        double from = NiceBelow(low), to = ChartAxis.NiceStep(Math.Max(high, low * 1.5));
        double[] ticks = [.. Enumerable.Range(-9, 19).SelectMany(p => new[] { 1.0, 2, 5 }.Select(m => m * Math.Pow(10, p)))
            .Where(t => t >= from * (1 - Rounding) && t <= to * (1 + Rounding))];
        // With more than two decades there is room for the powers only.
        double[] shown = ticks.Length > 8 ? [.. ticks.Where(t => Math.Abs(Math.Log10(t) - Math.Round(Math.Log10(t))) < 1e-6)] : ticks;
        return new ChartScale(new ChartAxis(from, to, to - from), shown, true);
    }

    /// <summary>0 at the lower end, 1 at the upper.</summary>
    public double Share(double value) => _logarithmic
        ? (Math.Log10(value) - Math.Log10(_axis.From)) / (Math.Log10(_axis.To) - Math.Log10(_axis.From))
        : (value - _axis.From) / (_axis.To - _axis.From);

    public string Label(double tick) => _logarithmic ? tick.ToString("0.#########", CultureInfo.InvariantCulture) : _axis.Label(tick);

    private static double NiceBelow(double value)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(value)));
        return (value / power) switch
        {
            >= 5 - Rounding => 5 * power,
            >= 2 - Rounding => 2 * power,
            _ => power,
        };
    }
}
