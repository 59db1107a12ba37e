using System.Globalization;

namespace EdgeVit.Cli;

/// <summary>An axis: where a value lies between its ends, and the values that are written at it.</summary>
internal sealed class ChartScale
{
    private const double Rounding = 1e-9;

    private readonly double _from;
    private readonly double _to;
    private readonly bool _logarithmic;

    private ChartScale(double from, double to, bool logarithmic, IReadOnlyList<double> ticks, int decimals)
    {
        _from = from;
        _to = to;
        _logarithmic = logarithmic;
        Ticks = ticks;
        Decimals = decimals;
    }

    public IReadOnlyList<double> Ticks { get; }

    private int Decimals { get; }

    /// <summary>Ends on multiples of 1, 2 or 5 times a power of ten, about <paramref name="steps"/> of them.</summary>
    public static ChartScale Linear(double low, double high, int steps)
    {
        if (high - low <= Math.Max(Math.Abs(high) * 1e-9, 1e-12))
        {
            double margin = high == 0 ? 1 : Math.Abs(high) * 0.1;
            (low, high) = (low - margin, high + margin);
        }

        double step = NiceStep((high - low) / steps);
        double first = Math.Floor((low / step) + Rounding), last = Math.Ceiling((high / step) - Rounding);
        double[] ticks = [.. Enumerable.Range(0, (int)(last - first) + 1).Select(i => (first + i) * step)];
        return new ChartScale(ticks[0], ticks[^1], false, ticks, Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - Rounding), 0, 9));
    }

    /// <summary>Powers of ten at equal distances, with ticks at 1, 2 and 5 times them.</summary>
    public static ChartScale Logarithmic(double low, double high)
    {
        double from = NiceBelow(low), to = NiceAbove(Math.Max(high, low * 1.5));
        double[] ticks = [.. Enumerable.Range(-9, 19).SelectMany(p => new[] { 1.0, 2, 5 }.Select(m => m * Math.Pow(10, p)))
            .Where(t => t >= from * (1 - Rounding) && t <= to * (1 + Rounding))];
        // With more than two decades there is room for the powers only.
        double[] shown = ticks.Length > 8 ? [.. ticks.Where(t => Math.Abs(Math.Log10(t) - Math.Round(Math.Log10(t))) < 1e-6)] : ticks;
        return new ChartScale(from, to, true, shown, -1);
    }

    /// <summary>0 at the lower end, 1 at the upper.</summary>
    public double Share(double value) => _logarithmic
        ? (Math.Log10(value) - Math.Log10(_from)) / (Math.Log10(_to) - Math.Log10(_from))
        : (value - _from) / (_to - _from);

    public string Label(double tick) => Decimals < 0 ? tick.ToString("0.#########", CultureInfo.InvariantCulture) : Quantity.Fixed(tick + 0.0, Decimals);

    private static double NiceStep(double least)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        return (least / power) switch
        {
            <= 1 + Rounding => power,
            <= 2 + Rounding => 2 * power,
            <= 5 + Rounding => 5 * power,
            _ => 10 * power,
        };
    }

    private static double NiceAbove(double value) => NiceStep(value);

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
