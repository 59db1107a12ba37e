using EdgeVit.Cli;

namespace EdgeVit.EndToEnd.Tests;

/// <summary>Numbers as they are printed and as they are typed.</summary>
public sealed class QuantityTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 KB")]
    [InlineData(1024, "1.0 KB")]
    [InlineData(549_588, "549.6 KB")]
    [InlineData(999_940, "999.9 KB")]
    [InlineData(1_000_000, "1.00 MB")]
    [InlineData(5_600_000, "5.60 MB")]
    [InlineData(1_500_000_000, "1.50 GB")]
    public void BytesHavePowersOfTen(double bytes, string text) => Assert.Equal(text, Quantity.Bytes(bytes));

    [Theory]
    [InlineData(0, "-")]
    [InlineData(999, "999")]
    [InlineData(1000, "1.0 K")]
    [InlineData(22_600_000, "22.6 M")]
    [InlineData(1_370_000_000, "1.37 G")]
    public void OperationsHavePowersOfTen(double count, string text) => Assert.Equal(text, Quantity.Operations(count));

    [Theory]
    [InlineData(0.98765, "0.9877")]
    [InlineData(1, "1.000")]
    [InlineData(9.8765, "9.877")]
    [InlineData(10, "10.00")]
    [InlineData(98.765, "98.77")]
    [InlineData(100, "100.0")]
    [InlineData(1234.56, "1234.6")]
    public void MillisecondsHaveAFewDigits(double milliseconds, string text) => Assert.Equal(text, Quantity.Milliseconds(milliseconds));

    [Theory]
    [InlineData(9.94, "9.9s")]
    [InlineData(10, "10s")]
    [InlineData(59, "59s")]
    [InlineData(60, "1m00s")]
    [InlineData(185, "3m05s")]
    [InlineData(3599, "59m59s")]
    [InlineData(3600, "1h00m")]
    [InlineData(7620, "2h07m")]
    [InlineData(90_060, "25h01m")]
    public void TimesNameTheirUnits(double seconds, string text) => Assert.Equal(text, Quantity.Time(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData("1500M", 1_500_000_000)]
    [InlineData("1.5G", 1_500_000_000)]
    [InlineData("1.5 GB", 1_500_000_000)]
    [InlineData("2GiB", 2_147_483_648)]
    [InlineData("512mib", 536_870_912)]
    [InlineData("300000000", 300_000_000)]
    [InlineData("7k", 7000)]
    public void SizesAreReadWithTheirPrefix(string text, long bytes) => Assert.Equal(bytes, ByteSize.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1e9")]
    [InlineData("NaN")]
    [InlineData("0,5G")]
    [InlineData("G")]
    [InlineData("1.G")]
    [InlineData("1.5")]
    [InlineData("much")]
    [InlineData("1G1G")]
    [InlineData("999999999999999999T")]
    public void WhatIsNoSizeIsRefused(string text) => Assert.Null(ByteSize.Parse(text));

    [Fact]
    public void SharesAreOfOneAndCountsHaveCommas()
    {
        Assert.Equal("12.5 %", Quantity.Percent(0.125));
        Assert.Equal("13 %", Quantity.Percent(0.1251, 0));
        Assert.Equal("1,507,328", Quantity.Count(1_507_328));
        Assert.Equal("3.14", Quantity.Fixed(3.14159, 2));
    }

    [Fact]
    public void JsonHasNumbersOrNothing()
    {
        Assert.Equal(3.1416, (double)Quantity.Json(3.14159265)!);
        Assert.Equal(3.1, (double)Quantity.Json(3.14159265, 1)!);
        Assert.Null(Quantity.Json(null));
        Assert.Null(Quantity.Json(double.NaN));
        Assert.Null(Quantity.Json(double.PositiveInfinity));
    }

    [Theory]
    [InlineData("90", 90)]
    [InlineData("90s", 90)]
    [InlineData("9m", 540)]
    [InlineData("1.5h", 5400)]
    [InlineData("1h30m", 5400)]
    [InlineData("1h1m1s", 3661)]
    public void DurationsAreRead(string text, double seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Duration.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("0s")]
    [InlineData("soon")]
    [InlineData("-5m")]
    [InlineData("5d")]
    public void OtherDurationsAreRefused(string text)
    {
        UserException error = Assert.Throws<UserException>(() => new TimeOption("--budget", "1s", "10h").Read(text));
        Assert.Equal(2, error.ExitCode);
        Assert.StartsWith($"--budget is '{text}', expected", error.Message, StringComparison.Ordinal);
        Assert.Null(Duration.Parse(text));
    }

    /// <summary>What another program reads has plain numbers; texts, such as the names of classes, stay as they are.</summary>
    [Fact]
    public void NumbersInAPipeArePlain()
    {
        using var data = new StringWriter();
        using var words = new StringWriter();
        var printer = new Printer(json: false, quiet: false, data, words);
        printer.Data(new TextTable(null, "label", ">count", ">time").Add("1,000 lakes", "1,507,328", "1,234.5 ms").Add("x", "-1,697", "-"));
        Assert.Equal(["label          count        time", "1,000 lakes  1507328  1,234.5 ms", "x              -1697           -"], data.ToString().TrimEnd().Split(Environment.NewLine));
        Assert.Equal("1507328", printer.Count(1_507_328));
    }

    [Theory]
    [InlineData("runs/demo/model.evit", "runs/demo/model.evit")]
    [InlineData("my runs/a.evit", "'my runs/a.evit'")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("$HOME/`x`", "'$HOME/`x`'")]
    [InlineData("a[1]*{b,c}?", "'a[1]*{b,c}?'")]
    [InlineData("~/x;y&z|w", "'~/x;y&z|w'")]
    [InlineData("", "''")]
    public void PathsInLinesToPasteAreQuoted(string path, string expected) => Assert.Equal(expected, ShellQuote.Word(path));

    [Fact]
    public void ThreadsAreOneTo64()
    {
        Assert.Equal((1, 64), (Threads.Check(1), Threads.Check(64)));
        Assert.Equal(7, Threads.Options(7).Threads);
        Assert.Equal(2, Assert.Throws<UserException>(() => Threads.Check(0)).ExitCode);
        Assert.Equal(2, Assert.Throws<UserException>(() => Threads.Check(65)).ExitCode);
    }
}
