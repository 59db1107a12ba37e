#if TRAINING
using System.Text.RegularExpressions;
using EdgeVit.Cli.Training;
using EdgeVit.Quantize;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>What <c>convert</c> shows on a terminal, a real one where it says so.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ConvertTerminalTests
{
    private static readonly string[] s_long = ["--shapes-train", "600", "--shapes-test", "40", "--teacher", "none", "--epochs", "150"];

    /// <summary>Curves, speed and health; narrower rows in a narrower window; nothing of it is left after Ctrl+C, which saves.</summary>
    [Fact]
    public void CurvesMoveFitTheWindowAndGoAgain()
    {
        SkipWithout();
        using var folder = new TestFolder();
        using var terminal = new TerminalProcess(100, 30, ["convert", "--data", "shapes", "--out", folder["run"], .. s_long]);
        Assert.True(terminal.WaitFor(_ => Last(terminal, "loss ", "validation top-1 ", "(best ", "images/s", "data wait", "eta ", "health: ", "dead channels ", "stuck attention ")), terminal.Sent);
        Screen wide = terminal.Show();
        Assert.All(wide.Rows.Where(r => r.StartsWith("  student ", StringComparison.Ordinal) || HasCurve(r)), r => Assert.InRange(r.Length, 1, 99));
        Assert.True(wide.Rows.Count(HasCurve) is >= 2 and <= 5, wide.Text);
        Assert.Contains("\u001b[33m", terminal.Output, StringComparison.Ordinal);
        Assert.False(wide.Coloured);

        foreach ((int width, int height, int curves) in ((int, int, int)[])[(60, 30, 4), (36, 10, 0)])
        {
            int before = terminal.Sent.Length;
            terminal.Resize(width, height);
            Assert.True(terminal.WaitFor(text => Drawings(text[before..]).Count(d => LongestRow(d) < width) >= 2), terminal.Sent[before..]);
            string last = Drawings(terminal.Sent[before..])[^2];
            Assert.InRange(last.Split('\n').Count(HasCurve), Math.Min(1, curves), curves);
            Assert.InRange(last.Split('\n').Length, 1, height - 1);
        }

        terminal.Type('\u0003');
        Assert.Equal(130, terminal.End());
        Assert.Contains("stopping after this step and saving", terminal.Output, StringComparison.Ordinal);
        Assert.Contains("--resume", terminal.Output, StringComparison.Ordinal);
        Assert.Contains("same modes", terminal.Output, StringComparison.Ordinal);
        Assert.DoesNotMatch("\u001b\\[\\?|\u001b[^\\[]", terminal.Output);
        Screen end = terminal.Show();
        Assert.False(end.Coloured);
        Assert.Equal("same modes", end.Rows[^2]);
        Assert.DoesNotContain("images/s", end.Text, StringComparison.Ordinal);
    }

    /// <summary>NO_COLOR takes the colours away, a terminal that can do nothing gets the lines of a pipe.</summary>
    [Theory]
    [InlineData("NO_COLOR", "1")]
    [InlineData("TERM", "dumb")]
    public void PlainerTerminalsGetLess(string name, string value)
    {
        SkipWithout();
        using var folder = new TestFolder();
        string[] tiny = ["--shapes-train", "200", "--shapes-test", "40", "--teacher", "none", "--epochs", "2", "--batch", "32", "--parity-images", "1"];
        using var terminal = new TerminalProcess(90, 24, ["convert", "--data", "shapes", "--out", folder["run"], .. tiny], (name, value));
        Assert.Equal(0, terminal.End());
        Assert.DoesNotContain("m", Regex.Matches(terminal.Output, "\u001b\\[[0-9;?]*([A-Za-z])").Select(m => m.Groups[1].Value));
        Assert.Equal(name == "TERM", !terminal.Output.Contains('\u001b', StringComparison.Ordinal));
        Assert.Contains("validation top-1", terminal.Output, StringComparison.Ordinal);
        Assert.Contains("packed", terminal.Show().Text, StringComparison.Ordinal);
        Assert.DoesNotContain("images/s", terminal.Show().Text, StringComparison.Ordinal);
    }

    /// <summary>In a window of any size rows are narrower and fewer than it, with every character or with plain ones.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void RowsFitAnyWindow(bool unicode)
    {
        var view = new TrainingView(unicode, colour: true);
        Assert.Empty(view.Rows(80, 24));
        for (int step = 1; step <= 90; step++)
        {
            view.Take(new TrainingProgress("student", step, 120, step / 10.0, step % 17 == 0 ? double.NaN : 900.0 / step, 1e-3, 1234, TimeSpan.FromSeconds(120 - step), 0.03));
            if (step % 30 == 0)
            {
                view.Take(new Evaluated("student", step, 120, 10, step / 1.3, step / 1.3));
                view.Take(new HealthSeen("student", step, double.NaN, 0.5, 100));
            }

            for (int width = 8; width < 140; width += 3)
            {
                for (int height = 2; height < 30; height += 3)
                {
                    IReadOnlyList<string> rows = view.Rows(width, height);
                    Assert.InRange(rows.Count, 1, height - 1);
                    Assert.All(rows, r => Assert.InRange(Cli.LiveRows.Length(r), 1, width - 1));
                    Assert.All(unicode ? [] : rows, r => Assert.DoesNotContain(r, c => c > 127));
                }
            }
        }

        Assert.Contains(view.Rows(100, 24), r => r.Contains("validation top-1 69.23 %", StringComparison.Ordinal));
        view.Take(new PhaseStarted("export", "packing"));
        Assert.Empty(view.Rows(80, 24));
    }

    /// <summary>A curve goes through its values: falling from the upper left to the lower right, as far as the run is.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ACurveFallsWithItsValues(bool unicode)
    {
        string[] rows = CurvePlot.Draw([.. Enumerable.Range(0, 51).Select(i => ((double)i, 50.0 - i))], 100, 47, 4, unicode);
        Assert.All(rows, r => Assert.Equal(47, r.Length));
        Assert.Equal("50.0", rows[0][..6].Trim());
        Assert.Equal("0.000", rows[3][..6].Trim());
        int[] first = [.. rows.Select(r => r[7..].TakeWhile(c => c == ' ').Count())], last = [.. rows.Select(r => r.TrimEnd().Length - 7)];
        Assert.Equal(first.Order(), first);
        Assert.InRange(first[0], 0, 0);
        Assert.InRange(last[3], 20, 21);
        Assert.All(rows, r => Assert.Contains(r[7..], c => c != ' '));
    }

    private static void SkipWithout() => Assert.SkipUnless(File.Exists("/usr/bin/script") && EdgeVitProcess.Tool is null, "there is no 'script', or nothing that trains");

    private static bool HasCurve(string row) => row.Any(c => c is > '\u2800' and <= '\u28ff');

    /// <summary>Whether the screen shows all of this at its end.</summary>
    private static bool Last(TerminalProcess terminal, params string[] parts)
    {
        string[] rows = [.. terminal.Show().Rows.TakeLast(9)];
        return parts.All(p => rows.Any(r => r.Contains(p, StringComparison.Ordinal)));
    }

    /// <summary>The rows of each time that the view was drawn, without control sequences.</summary>
    private static string[] Drawings(string sent) =>
        [.. Regex.Split(sent, "\r(?:\u001b\\[[0-9]+A)?(?!\n)").Where(d => d.Contains("loss", StringComparison.Ordinal) && d.Contains("student", StringComparison.Ordinal))
            .Select(d => Regex.Replace(d.Replace("\r", "", StringComparison.Ordinal), "\u001b\\[[0-9;]*[A-Za-z]", ""))];

    private static int LongestRow(string drawing) => drawing.Split('\n').Max(r => r.Length);
}
#endif
