using System.Xml.Linq;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize.Tests;

/// <summary>The accuracy part of a run's page.</summary>
public class RunPageTests
{
    private static readonly XNamespace s_html = "http://www.w3.org/1999/xhtml";

    /// <summary>Whatever names hold, the page is well-formed and they are text.</summary>
    [Fact]
    public void NamesStayText()
    {
        string hostile = "<script>alert(1)</script>\" & {{title}}";
        var mistake = new Mistake(hostile, new RgbImage(4, 4), hostile, hostile, 0.5);
        XElement page = XElement.Parse(RunPage.Write([], "t", new RunAccuracy(50, 49.5, 75, 4, [new ClassAccuracy(hostile, 4, 2, 3)], new ValidationMistakes(9, 1, [mistake]))).Split("<!DOCTYPE html>")[1], LoadOptions.PreserveWhitespace);
        Assert.Equal(hostile, page.Descendants(s_html + "tbody").Single().Descendants(s_html + "th").Single().Value);
        Assert.Equal(["4", "75.0 %", "50.0 %", ""], page.Descendants(s_html + "td").Select(d => d.Value));
        Assert.Equal(hostile, page.Descendants(s_html + "img").Single().Attribute("alt")!.Value);
        Assert.Empty(page.Descendants(s_html + "script"));
        Assert.Equal(["packed file, top-1 50.00 %", "its float simulator 49.50 %", "teacher 75.00 %", "test images 4"], page.Descendants(s_html + "li").Select(l => l.Value));
    }

    /// <summary>Without a teacher there is no column of its; of many classes the worst are listed.</summary>
    [Fact]
    public void OfManyClassesTheLeastRecognisedAreListed()
    {
        ClassAccuracy[] classes = [.. Enumerable.Range(0, 200).Select(i => new ClassAccuracy($"class {i}", i == 7 ? 0 : 200, i, null))];
        XElement page = XElement.Parse(RunPage.Write([], "t", new RunAccuracy(50, double.NaN, null, 40_000, classes, new ValidationMistakes(10, 0, []))).Split("<!DOCTYPE html>")[1], LoadOptions.PreserveWhitespace);
        string[] listed = [.. page.Descendants(s_html + "tbody").Single().Descendants(s_html + "th").Select(t => t.Value)];
        Assert.Equal(Enumerable.Range(0, AccuracySection.MostClasses + 1).Where(i => i != 7).Select(i => $"class {i}"), listed);
        Assert.Equal(4, page.Descendants(s_html + "thead").Single().Descendants(s_html + "th").Count());
        Assert.Contains("teacher none", page.Descendants(s_html + "li").Select(l => l.Value));
        Assert.Empty(page.Descendants(s_html + "img"));
    }
}
