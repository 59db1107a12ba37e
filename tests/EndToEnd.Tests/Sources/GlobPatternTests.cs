using System.Text.RegularExpressions;
using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Patterns that a shell has left to the command, because they were quoted or its own fit nothing.</summary>
public sealed class GlobPatternTests
{
    [Theory]
    [InlineData("*.png", "a.png", true)]
    [InlineData("*.png", "a.PNG", false)]
    [InlineData("?", "", false)]
    [InlineData("a*b*c", "aXbbYc", true)]
    [InlineData("a*b*c", "aXbbY", false)]
    [InlineData("img[0-9].png", "img7.png", true)]
    [InlineData("img[0-9].png", "imgx.png", false)]
    [InlineData("img[!0-9].png", "imgx.png", true)]
    [InlineData("img[^0-9].png", "img1.png", false)]
    [InlineData("[abc]*", "beta", true)]
    [InlineData("[]x]", "]", true)]
    [InlineData("[!]]", "]", false)]
    [InlineData("[a-]", "-", true)]
    [InlineData("a[1", "a[1", true)]
    [InlineData("a[", "a[", true)]
    [InlineData("[]", "[]", true)]
    [InlineData("**", "x", true)]
    public void NamesFitAsInAShell(string pattern, string name, bool fits) => Assert.Equal(fits, GlobPattern.Fits(pattern, name));

    [Theory]
    [InlineData("a.png", "a.png")]
    [InlineData("{a,b}.png", "a.png b.png")]
    [InlineData("x{1,2}{a,b}", "x1a x1b x2a x2b")]
    [InlineData("{a,{b,c}d}e", "ae bde cde")]
    [InlineData("{a}", "{a}")]
    [InlineData("{a}{b,c}", "{a}b {a}c")]
    [InlineData("{a,b", "{a,b")]
    [InlineData("{,x}y", "y xy")]
    [InlineData("{}", "{}")]
    [InlineData("{1..3}", "1 2 3")]
    [InlineData("a{3..1}b", "a3b a2b a1b")]
    [InlineData("{08..11}", "08 09 10 11")]
    [InlineData("{-1..1}", "-1 0 1")]
    [InlineData("{c..a}{1,2}", "c1 c2 b1 b2 a1 a2")]
    [InlineData("{1..}", "{1..}")]
    [InlineData("{..}", "{..}")]
    [InlineData("{1..b}", "{1..b}")]
    [InlineData("{1..2..3}", "{1..2..3}")]
    [InlineData("../{a..b}.png", "../a.png ../b.png")]
    public void BracesStandForEachOfTheirTexts(string pattern, string expected) => Assert.Equal(expected.Split(' '), GlobPattern.Braces(pattern));

    [Fact]
    public void BracesThatStandForTooManyAreRefused() =>
        Assert.All(
            (string[])[string.Concat(Enumerable.Repeat("{a,b,c}", 9)), "{1..2000000000}", "{-2147483648..2147483647}", "{1..100}{1..100}"],
            pattern => Assert.Equal(2, Assert.Throws<UserException>(() => GlobPattern.Braces(pattern)).ExitCode));

    /// <summary>Random patterns and names against regular expressions.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void RandomNamesFitWhereARegularExpressionDoes(int seed)
    {
        var random = new Random(seed);
        string[] items = ["a", "b", "*", "?", "[ab]", "[!a]", "[a-c]", ".", "c"];
        for (int i = 0; i < 2000; i++)
        {
            string[] parts = [.. Enumerable.Range(0, random.Next(7)).Select(_ => items[random.Next(items.Length)])];
            string name = new([.. Enumerable.Range(0, random.Next(7)).Select(_ => "abc.d"[random.Next(5)])]);
            string expression = string.Concat(parts.Select(p => p switch { "*" => ".*", "?" => ".", "." => @"\.", "[!a]" => "[^a]", _ => p }));
            string pattern = string.Concat(parts);
            Assert.True(GlobPattern.Fits(pattern, name) == Regex.IsMatch(name, $@"\A{expression}\z"), $"{pattern} {name}");
        }
    }

    [Fact]
    public void FilesAreFoundBySetsAndBracesAndByTheirOwnNames()
    {
        using var folder = new TestFolder();
        foreach (string name in new[] { "a1.png", "a2.png", "a9.png", "ax.png", "b1.jpg", "we[1]rd.png", "sub{x,y}/c.png", "d[0]/e.png" })
        {
            folder.File(name, [1]);
        }

        string[] Found(string pattern) => [.. ImageInputs.Expand(folder[pattern]).SelectMany(ImageInputs.Resolve).Select(f => Path.GetRelativePath(folder.Root, f))];
        Assert.Equal(["a1.png", "a2.png"], Found("a[1-2].png"));
        Assert.Equal(["a9.png", "b1.jpg"], Found("{a9.png,b1.jpg}"));
        Assert.Equal(["a1.png", "a2.png", "a9.png", "b1.jpg"], Found("{a[0-9].png,*.jpg}"));
        Assert.Equal(["a1.png"], Found("{a1,a1}.png"));
        Assert.Equal(["we[1]rd.png"], Found("we[1]rd.png"));
        Assert.Equal(["sub{x,y}/c.png"], Found("sub{x,y}/c.png"));
        Assert.Equal(["d[0]/e.png"], Found("d[0]/*.png"));
        Assert.Equal(["ax.png"], Found("d*/../a[a-z].png"));
        // Each alternative is a name of its own, as in a shell.
        Assert.Contains($"{folder["no.png"]}: no such file", Assert.Throws<UserException>(() => Found("{a1,no}.png")).Message, StringComparison.Ordinal);
        Assert.Equal(["a1.png", "b1.jpg"], Found("{a1.png,z*.png,*.jpg}"));
        Assert.Contains("*.{bmp,gif}: no file matches", Assert.Throws<UserException>(() => Found("*.{bmp,gif}")).Message, StringComparison.Ordinal);
        Assert.Contains("no file matches", Assert.Throws<UserException>(() => ImageInputs.Resolve(folder["z[0-9].png"])).Message, StringComparison.Ordinal);
    }
}
