using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>A page as a browser lays it out: on a phone, a tablet and a desk, in a light and in a dark system, and on paper.</summary>
internal static class PageLayout
{
    /// <summary>An A4 sheet between margins of a centimetre, in CSS pixels.</summary>
    public const int Paper = 718;

    private static readonly int[] s_widths = [360, 800, 1400];

    /// <summary>What the script of <see cref="Check"/> measures of a page.</summary>
    private const string Measures = """
        const boxes = name => [...page.querySelectorAll(name)].map(s => s.getBoundingClientRect());
        const drawings = boxes('svg:not(.definitions)'), pictures = boxes('img'), canvases = boxes('canvas'), all = [...drawings, ...pictures, ...canvases];
        const style = getComputedStyle(page.body), brightness = colour => colour.match(/[0-9.]+/g).slice(0, 3).reduce((sum, v) => sum + v / 765, 0);
        return [page.documentElement.scrollWidth, drawings.length, pictures.length, canvases.length, Math.min(...all.map(s => s.width)), Math.min(...all.map(s => s.height)),
          Math.max(...boxes('figure, section, h1, h2, p, table').map(s => s.right)), [...page.querySelectorAll('img')].filter(i => i.naturalWidth === 0).length,
          brightness(style.backgroundColor), brightness(style.color), [...page.querySelectorAll('figure, tr, .verdict, .attention')].filter(e => getComputedStyle(e).breakInside !== 'avoid').length];
        """;

    /// <summary>Asserts that nothing is wider than the window or the sheet, that drawings and pictures have a size, that text can be read on its ground and paper stays
    /// white, that no figure or row is divided between sheets, that the browser has nothing to complain about, and that the page names nothing to fetch.</summary>
    /// <returns>How many drawings, pictures and canvases it has.</returns>
    public static (int Drawings, int Pictures, int Canvases) Check(string html)
    {
        Assert.DoesNotMatch("(src|href)=\"(?!data:|#)", html);
        Assert.DoesNotMatch("url\\(|@import", html);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
        (string Html, int Width)[] windows = [.. s_widths.Select(w => (html, w))];
        string onPaper = Regex.Replace(html, "@media screen[^{]*", "@media not all").Replace("@media print", "@media all", StringComparison.Ordinal);
        (int Drawings, int Pictures, int Canvases) counts = default;
        foreach (bool dark in (bool[])[false, true])
        {
            (string Html, int Width)[] shown = dark ? [.. windows, (onPaper, Paper)] : windows;
            foreach (((string page, int width), string found) in shown.Zip(Look(shown, dark, Measures)))
            {
                string where = $"in a window of {width}, {(dark ? "dark" : "light")}";
                double[] measured = [.. found.Split(' ').Select(v => double.Parse(v, CultureInfo.InvariantCulture))];
                bool paper = page != html, darkGround = dark && !paper;
                Assert.True(measured[0] <= width, $"the page is {measured[0]} wide {where}");
                Assert.InRange(measured[4], 12, width);
                Assert.InRange(measured[5], 8, 900);
                // A table may scroll in itself, but not on paper.
                Assert.True(!paper || measured[6] <= width, $"something ends at {measured[6]} {where}");
                Assert.Equal(0, measured[7]);
                Assert.True(darkGround ? measured[8] < 0.2 && measured[9] > 0.8 : measured[8] > 0.95 && measured[9] < 0.2, $"ground {measured[8]}, text {measured[9]} {where}");
                Assert.True(!paper || measured[8] == 1, $"paper is {measured[8]} white");
                Assert.True(!paper || measured[10] == 0, $"{measured[10]} parts may be divided between sheets");
                counts = ((int)measured[1], (int)measured[2], (int)measured[3]);
            }
        }

        return counts;
    }

    /// <summary>What a script finds in a page, words with spaces between them. The script has the page's document as <c>page</c> and gives a list.</summary>
    public static string Look(string html, int width, string script) => Look([(html, width)], false, script)[0];

    private static string[] Look(IReadOnlyList<(string Html, int Width)> pages, bool dark, string script)
    {
        // In frames: a window has a least width. The script is around the pages, which forbid any but their own.
        string frames = string.Concat(pages.Select(p => string.Create(
            CultureInfo.InvariantCulture, $"<iframe width=\"{p.Width}\" height=\"900\" style=\"border:0\" srcdoc=\"{WebUtility.HtmlEncode(p.Html)}\"></iframe>")));
        string around = $$"""
            <!DOCTYPE html><html><head><meta name="color-scheme" content="light dark"></head><body>{{frames}}<script>
            addEventListener('load', () => setTimeout(() => {
              document.title = [...document.querySelectorAll('iframe')].map(frame => {
                const page = frame.contentDocument;
                return (() => { {{script}} })().join(' ');
              }).join('|');
            }, 300));
            </script></body></html>
            """;
        using var folder = new TestFolder();
        (string document, string words) = Chromium.Open(folder, folder.File("around.html", Encoding.UTF8.GetBytes(around)), dark);
        // The browser's advice about reading canvases is for a script here, which does so.
        Assert.DoesNotContain(words.Split('\n'), line => line.Contains("CONSOLE", StringComparison.Ordinal) && !line.Contains("Canvas2D: Multiple readback", StringComparison.Ordinal));
        return WebUtility.HtmlDecode(Regex.Match(document, "<title>([^<]*)</title>").Groups[1].Value).Split('|');
    }
}
