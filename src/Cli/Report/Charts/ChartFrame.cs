using EdgeVit.Export.Charts;

namespace EdgeVit.Cli;

/// <summary>The area of a chart with two axes: draws ticks and names, and says where values lie.</summary>
internal sealed class ChartFrame
{
    private const double Right = 12, Bottom = 38;

    private readonly ChartScale _x;
    private readonly ChartScale _y;
    private readonly double _left;
    private readonly double _top;

    /// <summary>Draws the axes into a drawing of this height, with room above the area for a legend.</summary>
    public ChartFrame(Svg svg, ChartScale x, ChartScale y, string abscissa, double height, double top)
    {
        _x = x;
        _y = y;
        _top = top;
        Floor = height - Bottom;
        _left = 12 + (Svg.DigitWidth * y.Ticks.Max(t => y.Label(t).Length));
        foreach (double tick in y.Ticks)
        {
            svg.Line("grid", _left, Y(tick), Svg.Width - Right, Y(tick));
            svg.Text(_left - 5, Y(tick) + 4, "end", y.Label(tick));
        }

        double free = double.NegativeInfinity;
        foreach (double tick in x.Ticks)
        {
            svg.Line("grid", X(tick), Floor, X(tick), Floor + 4);
            double half = Svg.DigitWidth * x.Label(tick).Length / 2, at = Math.Min(X(tick), Svg.Width - half - 2);
            if (at - half > free)
            {
                svg.Text(at, Floor + 16, "middle", x.Label(tick));
                free = at + half + 4;
            }
        }
        svg.Text((_left + Svg.Width - Right) / 2, height - 5, "middle", abscissa);
    }

    /// <summary>Where the area begins and ends.</summary>
    public double Floor { get; }

    public double Top => _top;

    public double Left => _left;

    public double X(double value) => _left + (_x.Share(value) * (Svg.Width - Right - _left));

    public double Y(double value) => Floor - (_y.Share(value) * (Floor - _top));
}
