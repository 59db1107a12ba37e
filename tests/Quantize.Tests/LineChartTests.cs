using System.Globalization;
using System.Xml.Linq;

namespace EdgeVit.Quantize.Tests;

/// <summary>The charts: every value lies where the printed numbers of the axes say, whatever the values are.</summary>
public class LineChartTests
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    public static TheoryData<string, double[], double[]> Series => new()
    {
        { "rising", [1, 2, 3, 4], [0.5, 1.25, 1.5, 7] },
        { "falling below zero", [10, 20, 30], [3, -2, -12.5] },
        { "negative", [-7, -3.5, -1], [-0.25, -0.125, -0.5] },
        { "one value", [20], [55.5] },
        { "one value of zero", [0], [0] },
        { "constant", [1, 2, 3], [96.5, 96.5, 96.5] },
        { "the same step twice", [5, 5, 5], [1, 2, 3] },
        { "a small learning rate", [100, 200, 300], [3e-6, 1e-6, 2.5e-7] },
        { "smallest of all", [1, 2], [5e-324, 5e-324] },
        { "large", [1_000_000, 23_400_000], [4e9, 9.5e12] },
        { "huge", [1, 2, 3], [-1e300, 0, 1e300] },
        { "far apart", [0, 1e300], [1e-300, 1e300] },
        { "close together on a high level", [1, 2, 3], [1_000_000.25, 1_000_000.5, 1_000_001] },
        { "percentages", [390, 780, 1170], [97.1, 97.15, 97.3] },
    };

    [Theory]
    [MemberData(nameof(Series))]
    public void EveryValueLiesWhereTheAxesSay(string name, double[] x, double[] y)
    {
        XElement svg = Draw(x, y);
        IReadOnlyList<(double X, double Y)> points = Points(svg, "dots");
        Assert.Equal(x.Length, points.Count);
        (Func<double, double> atX, Func<double, double> atY) = Scales(svg);
        for (int i = 0; i < x.Length; i++)
        {
            Assert.True(Math.Abs(atX(x[i]) - points[i].X) < 0.1, $"{name}: x = {x[i]} is drawn at {points[i].X}, the axis says {atX(x[i])}");
            Assert.True(Math.Abs(atY(y[i]) - points[i].Y) < 0.1, $"{name}: y = {y[i]} is drawn at {points[i].Y}, the axis says {atY(y[i])}");
        }
    }

    [Fact]
    public void ValuesOfManyRangesLieWhereTheAxesSayAndLabelsKeepApart()
    {
        var random = new Random(20);
        for (int run = 0; run < 400; run++)
        {
            double size = Math.Pow(10, random.Next(-40, 40)), level = (random.NextDouble() - 0.5) * size * Math.Pow(10, random.Next(-3, 4));
            int count = random.Next(1, 40);
            double step = random.Next(1, 5000);
            double[] x = [.. Enumerable.Range(1, count).Select(i => i * step)];
            double[] y = [.. x.Select(_ => level + (random.NextDouble() * size))];
            XElement svg = Draw(x, y);
            (Func<double, double> atX, Func<double, double> atY) = Scales(svg);
            foreach (((double px, double py), int i) in Points(svg, "dots").Select((p, i) => (p, i)))
            {
                Assert.True(Math.Abs(atX(x[i]) - px) < 0.1, $"run {run}: x = {x[i]} at {px}, not {atX(x[i])}");
                Assert.True(Math.Abs(atY(y[i]) - py) < 0.1, $"run {run}: y = {y[i]} at {py}, not {atY(y[i])}");
            }

            // Everything inside; digits are 7 units wide at most.
            Assert.All(svg.Descendants(s_svg + "text").Where(t => (string?)t.Attribute("class") == "y"), t => Assert.True(Number(t, "x") - (7 * t.Value.Length) >= 0, $"run {run}: {t.Value}"));
            (double From, double To)[] labels = [.. svg.Descendants(s_svg + "text").Where(t => (string?)t.Attribute("class") == "x").Select(Extent)];
            Assert.All(labels, l => Assert.InRange(l.To, 0, LineChart.Width));
            Assert.All(labels.Zip(labels.Skip(1)), pair => Assert.True(pair.First.To < pair.Second.From, $"run {run}: labels of x touch"));
        }
    }

    [Fact]
    public void TicksAreNumbersThatPeopleCountIn()
    {
        Assert.Equal(["0", "20", "40", "60", "80", "100"], Labels(Draw([0, 100], [3, 97]), "y"));
        Assert.Equal(["0.0", "0.5", "1.0", "1.5"], Labels(Draw([0, 100], [0.0625, 1.25]), "y").Select(l => l == "0" ? "0.0" : l));
        Assert.Equal(["96.0", "96.5", "97.0", "97.5"], Labels(Draw([0, 100], [96.2, 97.5]), "y"));
        Assert.Equal(["-1e-4", "-8e-5", "-6e-5", "-4e-5", "-2e-5", "0"], Labels(Draw([0, 100], [-1e-4, -1e-6]), "y"));
        Assert.Equal(["0", "5,000", "10,000", "15,000", "20,000"], Labels(Draw([13, 23_400], [1, 2]), "x"));
        // Steps are whole.
        Assert.Equal(["2", "3"], Labels(Draw([2, 3], [1, 2]), "x"));
    }

    [Fact]
    public void WhatIsNoNumberIsLeftOut()
    {
        double[] bad = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue, -double.MaxValue];
        XElement svg = Draw([1, 2, 3, 4, 5, 6, 7, double.NaN, double.PositiveInfinity], [1, .. bad, 3, 1, 1]);
        Assert.Equal(2, Points(svg, "dots").Count);
        Assert.Equal(2, Points(svg, "line").Count);
        Assert.Equal(["0.5", "1.0", "1.5", "2.0", "2.5", "3.0"], Labels(Draw([1, 2, 3], [0.75, double.NaN, 2.75]), "y"));

        XElement empty = Draw([1, 2], [double.NaN, double.NaN]);
        Assert.Empty(Points(empty, "dots"));
        Assert.Contains("no values", empty.Value, StringComparison.Ordinal);
        Assert.Contains("no values", Draw([], []).Value, StringComparison.Ordinal);
    }

    [Fact]
    public void ALongLineKeepsWhatCanBeSeen()
    {
        double[] x = [.. Enumerable.Range(0, 100_000).Select(i => (double)i)];
        double[] y = [.. x.Select(v => Math.Sin(v / 50))];
        y[77_777] = 40;
        y[33_333] = -40;
        XElement svg = XElement.Parse(LineChart.ToSvg("t", "step", new ChartLine("l", "one", [.. x.Zip(y)])));
        IReadOnlyList<(double X, double Y)> points = Points(svg, "line");
        Assert.InRange(points.Count, 300, 4 * (int)LineChart.Width);
        Assert.True(points.Zip(points.Skip(1)).All(p => p.First.X <= p.Second.X));
        (Func<double, double> atX, Func<double, double> atY) = Scales(svg);
        Assert.Contains(points, p => Math.Abs(p.X - atX(77_777)) < 0.1 && Math.Abs(p.Y - atY(40)) < 0.1);
        Assert.Contains(points, p => Math.Abs(p.X - atX(33_333)) < 0.1 && Math.Abs(p.Y - atY(-40)) < 0.1);
        Assert.InRange(svg.ToString().Length, 1, 60_000);
    }

    [Fact]
    public void LinesHaveALegendAndTheirOwnColours()
    {
        XElement svg = XElement.Parse(LineChart.ToSvg("Two", "step", new ChartLine("first", "one", [(1, 1), (2, 2)]), new ChartLine("second", "two", [(1, 3), (2, 0)])));
        Assert.Equal(["first", "second"], svg.Descendants(s_svg + "text").Where(t => (string?)t.Attribute("class") == "name").Select(t => t.Value));
        Assert.Equal(["ticks", "one", "two"], svg.Elements(s_svg + "g").Select(g => (string?)g.Attribute("class")));
        Assert.DoesNotContain(XElement.Parse(LineChart.ToSvg("One", "step", new ChartLine("only", "one", [(1, 1)]))).Descendants(s_svg + "text"), t => t.Value == "only");
    }

    [Fact]
    public void AChartTellsWhatItShowsWithoutBeingSeen()
    {
        XElement svg = XElement.Parse(LineChart.ToSvg("Loss, student", "step", new ChartLine("Loss", "one", [(10, 2.25), (2000, 0.5), (3000, 1234.4)])));
        Assert.Equal("img", (string?)svg.Attribute("role"));
        Assert.Equal("Loss, student", svg.Element(s_svg + "title")!.Value);
        Assert.Equal("Loss: 3 values over step 10 to 3,000, from 2.25 to 1,234, lowest 0.5, highest 1,234.", svg.Element(s_svg + "desc")!.Value);
        Assert.Equal(["step 3,000: 1,234", "step 2,000: 0.5", "step 10: 2.25"], svg.Descendants(s_svg + "circle").Select(c => c.Value));
    }

    [Theory]
    [InlineData("</svg><script>alert(1)</script>")]
    [InlineData("a & b \"quoted\" 'so' <b>")]
    [InlineData("]]> --> {{title}} {{stages}}")]
    public void HostileNamesStayText(string name)
    {
        XElement svg = XElement.Parse(LineChart.ToSvg(name, name, new ChartLine(name, name, [(1, 1), (2, 2)]), new ChartLine("b", "two", [(1, 1)])));
        Assert.Equal(name, svg.Element(s_svg + "title")!.Value);
        Assert.Contains(name, svg.Element(s_svg + "desc")!.Value, StringComparison.Ordinal);
        Assert.Equal(name, (string?)svg.Elements(s_svg + "g").ElementAt(1).Attribute("class"));
        Assert.All(svg.Descendants(), e => Assert.Contains(e.Name.LocalName, (string[])["title", "desc", "g", "path", "text", "circle"]));
    }

    [Fact]
    public void CharactersThatXmlForbidsAreReplaced()
    {
        XElement svg = XElement.Parse(LineChart.ToSvg("a\0b\u001bc\ud800d\uffffe\u0085f\tg😀", "step", new ChartLine("l", "one", [(1, 1)])));
        Assert.Equal("a�b�c�d�e�f g😀", svg.Element(s_svg + "title")!.Value);
    }

    private static XElement Draw(double[] x, double[] y) =>
        XElement.Parse(LineChart.ToSvg("t", "step", new ChartLine("l", "one", [.. x.Zip(y)], Dots: true)));

    // The pixels of the one path with this class: pairs of numbers behind M or L.
    private static IReadOnlyList<(double X, double Y)> Points(XElement svg, string kind) =>
    [
        .. svg.Descendants(s_svg + "path").Where(p => (string?)p.Attribute("class") == kind)
            .SelectMany(p => ((string)p.Attribute("d")!).Replace("h0", "", StringComparison.Ordinal).Split(['M', 'L'], StringSplitOptions.RemoveEmptyEntries))
            .Select(p => p.Split(' ')).Select(p => (Parse(p[0]), Parse(p[1]))),
    ];

    // What a reader would do: the first and the last printed number of an axis, and where they stand, give its scale.
    private static (Func<double, double> AtX, Func<double, double> AtY) Scales(XElement svg)
    {
        Func<double, double> Scale(string kind)
        {
            (double Value, double At)[] ticks =
            [
                .. svg.Descendants(s_svg + "text").Where(t => (string?)t.Attribute("class") == kind)
                    .Select(t => (Parse(t.Value), TickAt((string)((XElement)t.PreviousNode!).Attribute("d")!, kind))),
            ];
            Assert.NotEmpty(ticks);
            if (ticks.Length == 1)
            {
                return v => v == ticks[0].Value ? ticks[0].At : double.NaN;
            }

            ((double a, double atA), (double b, double atB)) = (ticks[0], ticks[^1]);
            // In halves: the difference of two large numbers.
            return v => atA + ((atB - atA) * (((v / 2) - (a / 2)) / ((b / 2) - (a / 2))));
        }
        return (Scale("x"), Scale("y"));
    }

    private static double TickAt(string path, string kind)
    {
        string[] start = path[1..].Split(' ', 'L');
        return Parse(start[kind == "x" ? 0 : 1]);
    }

    private static (double From, double To) Extent(XElement label)
    {
        double at = Number(label, "x"), width = 7 * label.Value.Length;
        return (string?)label.Attribute("text-anchor") == "end" ? (at - width, at) : (at - (width / 2), at + (width / 2));
    }

    private static IEnumerable<string> Labels(XElement svg, string kind) =>
        svg.Descendants(s_svg + "text").Where(t => (string?)t.Attribute("class") == kind).Select(t => t.Value);

    private static double Number(XElement element, string attribute) => Parse((string)element.Attribute(attribute)!);

    private static double Parse(string text) => double.Parse(text, NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
}
