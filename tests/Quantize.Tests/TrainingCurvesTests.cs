namespace EdgeVit.Quantize.Tests;

/// <summary>The page of training curves.</summary>
public class TrainingCurvesTests
{
    private static readonly string[] s_metrics =
    [
        MetricsLog.Header,
        "teacher,10,0.5,0.001,2.25,1.5,,900.5,1.2,3.5,,,",
        "teacher,20,1,0.002,1.5,1.25,55.5,910,2.4,3,,,",
        "student,5,0.25,,,,,,0.7,,0.5,1.25,0.125",
        "student,7",
    ];

    [Fact]
    public void ThePageHoldsTheFiguresAndTheLibrary()
    {
        if (!TrainingCurves.IsAvailable)
        {
            Assert.Throws<InvalidOperationException>(() => TrainingCurves.Draw(s_metrics, "x"));
            return;
        }
        string page = TrainingCurves.Draw(s_metrics, "a </script> title");
        Assert.Contains("\"name\":\"teacher\",\"step\":[10,20]", page, StringComparison.Ordinal);
        Assert.Contains("\"top1\":[null,55.5]", page, StringComparison.Ordinal);
        Assert.Contains("\"name\":\"student\",\"step\":[5]", page, StringComparison.Ordinal);
        Assert.Contains("\"dead\":[0.5],\"stuck\":[1.25],\"flips\":[0.125]", page, StringComparison.Ordinal);
        Assert.Contains("\"wait\":[3.5,3]", page, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", page, StringComparison.Ordinal);
        Assert.Contains("uPlot", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http-equiv", page, StringComparison.Ordinal);
        Assert.DoesNotContain(" src=", page, StringComparison.Ordinal);

        // Three scripts' ends: the library's, the page's, and none from the title.
        Assert.Equal(2, page.Split("</script>").Length - 1);
    }
}
