using System.Xml;
using System.Xml.Linq;

namespace EdgeVit.Quantize.Tests;

/// <summary>The training curves of a run's page.</summary>
public class TrainingCurvesTests
{
    private static readonly XNamespace s_html = "http://www.w3.org/1999/xhtml";
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    private static readonly string[] s_metrics =
    [
        MetricsLog.Header,
        "teacher,10,0.5,0.001,2.25,1.5,,900.5,1.2,3.5,,,",
        "teacher,2000,1,0.002,1.5,1.25,55.5,910,7384,3,,,",
        "student,5,0.25,,,,,,0.7,,0.5,1.25,0.125",
        "student,7",
    ];

    [Fact]
    public void ThePageHoldsStagesFactsAndCharts()
    {
        XElement page = Parse(RunPage.Write(s_metrics, "what was trained"));
        Assert.Contains("what was trained", page.Descendants(s_html + "p").Select(p => p.Value));
        Assert.Equal(["teacher", "student"], page.Descendants(s_html + "h2").Select(h => h.Value));
        Assert.Equal(
            ["steps 2,000", "epochs 1.00", "best validation top-1 55.50 %", "time 2 h 3 min", "steps 5", "epochs 0.25", "best validation top-1 –", "time 1 s"],
            page.Descendants(s_html + "li").Select(li => li.Value));
        Assert.Equal(
            [
                "Loss, teacher", "Validation top-1, teacher", "Learning rate, teacher", "Gradient norm, teacher", "Images per second, teacher",
                "Waiting for images, teacher", "Sign flips, student", "Dead channels, student", "Stuck attention, student",
            ],
            page.Descendants(s_svg + "svg").Select(svg => svg.Element(s_svg + "title")!.Value));
        // Each line with its two values; the last one beside the name, too.
        XElement loss = page.Descendants(s_html + "figure").First();
        Assert.Equal("1.5", loss.Descendants(s_html + "b").Single().Value);
        Assert.Equal(["step 2,000: 1.5", "step 10: 2.25"], loss.Descendants(s_svg + "circle").Select(c => c.Value));
    }

    [Fact]
    public void ThePageNeedsNothingElse()
    {
        string text = RunPage.Write(s_metrics, "t");
        XElement page = Parse(text);
        Assert.DoesNotContain(page.Descendants(), e => e.Name.LocalName is "script" or "link" or "img" or "image" or "iframe" or "object" or "use");
        Assert.DoesNotContain(page.Descendants().Attributes(), a => a.Name.LocalName is "src" or "href" || a.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        Assert.DoesNotContain("url(", text, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a </style></script><img src=x onerror=alert(1)> title")]
    [InlineData("{{sections}} & {{title}}")]
    public void AHostileTitleStaysText(string title)
    {
        XElement page = Parse(RunPage.Write([.. s_metrics, "<i>stage</i>,1,1,1,1,1,1,1,1,1,1,1,1"], title));
        Assert.Equal(title, page.Descendants(s_html + "p").First().Value);
        Assert.Contains("<i>stage</i>", page.Descendants(s_html + "h2").Select(h => h.Value));
        Assert.Equal(3, page.Descendants(s_html + "section").Count());
    }

    [Fact]
    public void LinesThatHoldNoNumbersDrawNothing()
    {
        XElement page = Parse(RunPage.Write([MetricsLog.Header, "teacher,x,,NaN,Infinity,-Infinity,,,,,,,"], "t"));
        Assert.Empty(page.Descendants(s_svg + "svg"));
        Assert.Equal(["steps –", "epochs –", "best validation top-1 –", "time –"], page.Descendants(s_html + "li").Select(li => li.Value));
        Assert.Empty(Parse(RunPage.Write([MetricsLog.Header], "t")).Descendants(s_html + "section"));
        Assert.Empty(Parse(RunPage.Write([], "t")).Descendants(s_html + "section"));
        // A file of an earlier version without a column.
        Assert.Single(Parse(RunPage.Write(["stage,step,loss", "student,1,2.5"], "t")).Descendants(s_svg + "svg"));
    }

    private static XElement Parse(string page)
    {
        using var reader = XmlReader.Create(new StringReader(page), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XElement.Load(reader);
    }
}
