using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>A page as a browser lays it out in a window of some width.</summary>
internal static class PageLayout
{
    /// <summary>Asserts that nothing is wider than the window, that drawings and pictures have a size, that the browser has nothing to complain about, and that the
    /// page names nothing to fetch.</summary>
    /// <returns>How many drawings and pictures it has.</returns>
    public static (int Drawings, int Pictures) Check(string html, int width)
    {
        Assert.DoesNotMatch("(src|href)=\"(?!data:|#)", html);
        Assert.DoesNotMatch("url\\(|@import", html);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
        // In a frame: a window has a least width. The page runs no script, the one around it measures.
        string around = string.Create(CultureInfo.InvariantCulture, $$"""
            <!DOCTYPE html><html><body><iframe width="{{width}}" height="900" style="border:0" srcdoc="{{WebUtility.HtmlEncode(html)}}"></iframe><script>
            addEventListener('load', () => {
              const page = document.querySelector('iframe').contentDocument;
              const boxes = name => [...page.querySelectorAll(name)].map(s => s.getBoundingClientRect());
              const drawings = boxes('svg:not(.definitions)'), pictures = boxes('img'), all = [...drawings, ...pictures];
              document.title = [page.documentElement.scrollWidth, drawings.length, pictures.length, Math.min(...all.map(s => s.width)), Math.min(...all.map(s => s.height)),
                Math.max(...boxes('figure, section, h1, h2, p').map(s => s.right)), [...page.querySelectorAll('img')].filter(i => i.naturalWidth === 0).length].join(' ');
            });
            </script></body></html>
            """);
        using var folder = new TestFolder();
        (string document, string words) = Chromium.Open(folder, folder.File("around.html", Encoding.UTF8.GetBytes(around)));
        double[] measured = [.. Regex.Match(document, "<title>([^<]+)</title>").Groups[1].Value.Split(' ').Select(v => double.Parse(v, CultureInfo.InvariantCulture))];
        Assert.True(measured[0] <= width, $"the page is {measured[0]} wide in a window of {width}");
        Assert.InRange(measured[3], 12, width);
        Assert.InRange(measured[4], 8, 900);
        Assert.InRange(measured[5], 100, width);
        Assert.Equal(0, measured[6]);
        Assert.DoesNotContain("CONSOLE", words, StringComparison.Ordinal);
        return ((int)measured[1], (int)measured[2]);
    }
}
