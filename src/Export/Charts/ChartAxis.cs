using System.Globalization;

namespace EdgeVit.Export.Charts;

/// <summary>The range of an axis and its ticks, at multiples of 1, 2 or 5 times a power of ten.</summary>
/// <param name="From">Where it begins.</param>
/// <param name="To">Where it ends; greater than <paramref name="From"/>.</param>
/// <param name="Step">From tick to tick.</param>
internal readonly record struct ChartAxis(double From, double To, double Step)
{
    // Multiples of the step that lie on the ends but for rounding belong to the axis.
    private const double Rounding = 1e-9;

    /// <summary>The ticks, ascending.</summary>
    internal double[] Ticks
    {
        get
        {
            double first = Math.Ceiling((From / Step) - Rounding), last = Math.Floor((To / Step) + Rounding);
            var ticks = new double[(int)(last - first) + 1];
            for (int i = 0; i < ticks.Length; i++)
            {
                ticks[i] = (first + i) * Step;
            }

            return ticks;
        }
    }

    /// <summary>An axis that ends on ticks.</summary>
    /// <param name="low">The least value.</param>
    /// <param name="high">The largest.</param>
    /// <param name="most">Steps at most; rounding the ends may add one.</param>
    internal static ChartAxis Rounded(double low, double high, int most)
    {
        (low, high) = Widen(low, high);
        double step = NiceStep((high - low) / most);
        return new ChartAxis(Math.Floor((low / step) + Rounding) * step, Math.Ceiling((high / step) - Rounding) * step, step);
    }

    /// <summary>An axis that ends at the values themselves, or begins at zero where that is near, with as many ticks as there is room for their labels.</summary>
    /// <param name="low">The least value.</param>
    /// <param name="high">The largest.</param>
    /// <param name="whole">Whether only whole numbers make sense.</param>
    /// <param name="digits">Room for labels, in digits.</param>
    internal static ChartAxis Fitted(double low, double high, bool whole, double digits)
    {
        (low, high) = Widen(low, high);
        if (low > 0 && low <= 0.1 * high)
        {
            low = 0;
        }

        for (int most = 6; ; most--)
        {
            double step = NiceStep((high - low) / most);
            var axis = new ChartAxis(low, high, whole ? Math.Max(step, 1) : step);
            if (most == 1 || axis.Ticks.Sum(t => axis.Label(t).Length + 3) <= digits)
            {
                return axis;
            }
        }
    }

    /// <summary>The number at a tick, with the digits that tell it from its neighbours.</summary>
    internal string Label(double tick)
    {
        double largest = Math.Max(Math.Abs(From), Math.Abs(To));
        if (tick == 0)
        {
            return "0";
        }

        if (largest is >= 1e6 or < 1e-3)
        {
            int digits = Math.Clamp((int)Math.Ceiling(Math.Log10(largest) - Math.Log10(Step)), 0, 15);
            return tick.ToString($"0.{new string('#', digits)}e0", CultureInfo.InvariantCulture);
        }
        return tick.ToString($"N{Math.Clamp((int)Math.Ceiling(-Math.Log10(Step) - Rounding), 0, 15)}", CultureInfo.InvariantCulture);
    }

    // One value, or several that doubles hardly tell apart, get a tenth of themselves to either side.
    private static (double Low, double High) Widen(double low, double high)
    {
        double largest = Math.Max(Math.Abs(low), Math.Abs(high));
        if (high - low > Math.Max(largest * 1e-9, 1e-280))
        {
            return (low, high);
        }

        double margin = largest > 1e-270 ? largest * 0.1 : 1;
        return (low - margin, high + margin);
    }

    /// <summary>The least of 1, 2 and 5 times a power of ten that is not below a number.</summary>
    internal static double NiceStep(double least)
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
}
