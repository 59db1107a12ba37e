using System.Drawing;
using Iot.Device.Graphics;

namespace EdgeVit.Devices.Iot.Tests;

public sealed class OledDisplayTests
{
    [Theory]
    [InlineData(64, 0x12, 1024)]
    [InlineData(32, 0x02, 512)]
    public void TheChipIsSetUpForItsRowsAndAllOfItsMemoryIsWritten(int rows, int comPins, int bytes)
    {
        var chip = new SimulatedSsd1306();
        using var display = new OledDisplay(() => chip, rows, "test");
        Assert.True(display.Show());
        Assert.Equal((rows, comPins, true, true, 0), (chip.Rows, chip.ComPins, chip.ChargePump, chip.On, chip.AddressingMode));
        Assert.Equal(bytes, chip.DataBytes);
        // Noise before.
        Assert.All(chip.Picture(), row => Assert.DoesNotContain('#', row));
    }

    /// <summary>Random pictures, each pixel at its place; the first frame of a display that was not cleared, too.</summary>
    [Theory]
    [InlineData(64)]
    [InlineData(32)]
    public void EveryPixelComesToItsPlace(int rows)
    {
        var random = new Random(rows);
        for (int round = 0; round < 20; round++)
        {
            var chip = new SimulatedSsd1306();
            using var panel = new Ssd1306Panel(chip, rows);
            panel.SetUp();
            using BitmapImage image = panel.GetBackBufferCompatibleImage();
            var lit = new HashSet<(int X, int Y)>(Enumerable.Range(0, random.Next(1, 2000)).Select(_ => (random.Next(128), random.Next(rows))));
            foreach ((int x, int y) in lit)
            {
                image[x, y] = Color.White;
            }

            panel.DrawBitmap(image);
            for (int y = 0; y < rows; y++)
            {
                for (int x = 0; x < 128; x++)
                {
                    Assert.True(chip.Lit(x, y) == lit.Contains((x, y)), $"round {round}, pixel ({x}, {y})");
                }
            }
        }
    }

    [Theory]
    [InlineData(64)]
    [InlineData(32)]
    public void APictureOfTextAndABarIsTheGoldenOne(int rows)
    {
        var chip = new SimulatedSsd1306();
        using var display = new OledDisplay(() => chip, rows, "test");
        display.Write(0, "Kat 9", size: 2);
        display.Bar(2, 0.75);
        display.Write(3, "0123456789 ~{}|gjpqy!?");
        if (rows == 64)
        {
            display.Write(7, "caf\u00e9 24.8 f/s");
        }

        display.Show();
        string golden = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", $"{rows}.txt"));
        Assert.Equal(golden.TrimEnd('\n').Split('\n'), chip.Picture());
    }

    [Fact]
    public void OnlyLinesThatChangedAreSent()
    {
        var chip = new SimulatedSsd1306();
        using var display = new OledDisplay(() => chip, 64, "test");
        display.Write(2, "a line");
        display.Show();

        chip.DataBytes = 0;
        display.Show();
        Assert.Equal(0, chip.DataBytes);

        display.Write(5, "another");
        display.Show();
        Assert.Equal(128, chip.DataBytes);

        // Written anew with the same text.
        display.Write(2, "a line");
        display.Show();
        Assert.Equal(128, chip.DataBytes);

        display.Write(6, "x", size: 2);
        display.Show();
        Assert.Equal(3 * 128, chip.DataBytes);
    }

    /// <summary>Whatever is written in whatever order, the chip shows what a display shows that gets the last of it alone.</summary>
    [Fact]
    public void WhatIsShownDependsOnTheLastWritingOfEachLineOnly()
    {
        var random = new Random(5);
        var chip = new SimulatedSsd1306();
        using var display = new OledDisplay(() => chip, 64, "test");
        var last = new Action<OledDisplay>[8];
        Array.Fill(last, _ => { });
        for (int i = 0; i < 300; i++)
        {
            int line = random.Next(8);
            double fraction = random.NextDouble();
            string text = new([.. Enumerable.Range(0, random.Next(30)).Select(_ => (char)random.Next(20, 300))]);
            Action<OledDisplay> action = random.Next(3) == 0 ? d => d.Bar(line, fraction) : d => d.Write(line, text);
            (last[line], _) = (action, i);
            action(display);
            if (random.Next(4) == 0)
            {
                display.Show();
            }
        }

        display.Show();
        var other = new SimulatedSsd1306();
        using var fresh = new OledDisplay(() => other, 64, "test");
        Array.ForEach(last, action => action(fresh));
        fresh.Show();
        Assert.Equal(other.Picture(), chip.Picture());
    }

    [Theory]
    [InlineData(double.NaN, 0)]
    [InlineData(-3, 0)]
    [InlineData(0, 0)]
    [InlineData(0.5, 63)]
    [InlineData(1, 126)]
    [InlineData(double.PositiveInfinity, 126)]
    public void ABarIsAsLongAsItsFraction(double fraction, int lit)
    {
        var chip = new SimulatedSsd1306();
        using var display = new OledDisplay(() => chip, 32, "test");
        display.Bar(3, fraction);
        display.Show();
        Assert.Equal(lit, chip.Picture()[27][1..127].Count(c => c == '#'));
    }

    [Fact]
    public void EveryCharacterLooksDifferent()
    {
        string[] shapes =
        [
            .. Enumerable.Range(32, 95).Select(c => string.Concat(Enumerable.Range(0, 35).Select(i => BitmapFont.Lit((char)c, i % 5, i / 5) ? '#' : '.'))),
        ];
        Assert.Equal(95, shapes.Distinct().Count());
        Assert.All(shapes.Skip(1), s => Assert.Contains('#', s));
        // Control characters and what is not ASCII are blocks.
        Assert.All("\0\n\x7f\u00e9\uffff", c => Assert.True(Enumerable.Range(0, 35).All(i => BitmapFont.Lit(c, i % 5, i / 5))));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(4, 1)]
    [InlineData(3, 2)]
    [InlineData(0, 3)]
    public void ALineThatIsNotThereIsRefused(int line, int size)
    {
        using var display = new OledDisplay(() => new SimulatedSsd1306(), 32, "test");
        Assert.Throws<ArgumentOutOfRangeException>(() => display.Write(line, "x", size));
    }

    [Fact]
    public void DisposingMakesItDark()
    {
        var chip = new SimulatedSsd1306();
        var display = new OledDisplay(() => chip, 64, "test");
        display.Write(0, "text");
        display.Show();
        display.Dispose();
        Assert.False(chip.On);
        Assert.All(chip.Picture(), row => Assert.DoesNotContain('#', row));
        Assert.True(chip.Disposed);
        display.Dispose();
    }
}
