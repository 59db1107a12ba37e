namespace EdgeVit.Devices.Iot.Tests;

public sealed class LostDisplayTests
{
    [Fact]
    public void ADisplayThatIsNotThereIsToldOnceAndLookedForAgain()
    {
        var clock = new ManualClock();
        int opened = 0;
        using var display = new OledDisplay(() => new SimulatedSsd1306 { Gone = ++opened <= 2 }, 64, "0x3C on /dev/i2c-1", clock);
        var told = new List<string>();
        display.Lost += (_, _) => told.Add(display.Problem!);
        for (int i = 0; i < 40; i++)
        {
            display.Write(0, $"frame {i}");
            Assert.Equal(i >= 34, display.Show());
            // Opened at 0 s, 5.1 s and 10.2 s.
            clock.Move(300);
        }

        Assert.Contains("no answer from the display 0x3C on /dev/i2c-1", Assert.Single(told), StringComparison.Ordinal);
        Assert.Equal(3, opened);
        Assert.Null(display.Problem);
    }

    /// <summary>After any number of transfers, also between the commands of its start and inside a frame.</summary>
    [Fact]
    public void ADisplayThatVanishesAtAnyPointComesBackWhole()
    {
        for (int transfers = 0; transfers < 60; transfers++)
        {
            var clock = new ManualClock();
            var first = new SimulatedSsd1306 { GoneAfter = transfers };
            var second = new SimulatedSsd1306();
            int opened = 0;
            using var display = new OledDisplay(() => opened++ == 0 ? first : second, 64, "test", clock);
            int lost = 0;
            display.Lost += (_, _) => lost++;
            display.Write(1, "first");
            bool shown = display.Show();
            display.Write(6, "second");
            shown &= display.Show();
            if (shown)
            {
                Assert.Equal(0, lost);
                continue;
            }

            Assert.Equal(1, lost);
            Assert.True(first.Disposed);
            clock.Move(6000);
            Assert.True(display.Show());

            var whole = new SimulatedSsd1306();
            using var reference = new OledDisplay(() => whole, 64, "test");
            reference.Write(1, "first");
            reference.Write(6, "second");
            reference.Show();
            Assert.Equal(whole.Picture(), second.Picture());
            Assert.True(second.On);
        }
    }

    [Fact]
    public void ADisplayThatIsOffItsWiresMayBeDisposedOf()
    {
        var chip = new SimulatedSsd1306();
        var display = new OledDisplay(() => chip, 64, "test");
        display.Show();
        chip.Gone = true;
        display.Dispose();
        Assert.True(chip.Disposed);
    }

    [Fact]
    public void ABusThatIsNotThereSaysHowToSwitchItOn()
    {
        var place = new I2cPlace(1, 0x3C);
        using var tree = new TemporaryTree();
        var files = new SystemFiles(tree.Root);
        using var display = new OledDisplay(() => place.Open(files), 64, place.ToString());
        Assert.False(display.Show());
        Assert.Equal("/dev/i2c-1 is not there; it helps: sudo raspi-config nonint do_i2c 0", display.Problem);
    }

    [Fact]
    public void ABusOfAnotherUserNamesTheGroup()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess || OperatingSystem.IsWindows(), "root may open everything");
        using var tree = new TemporaryTree();
        tree.Write("dev/i2c-1", "");
        tree.Forbid("dev/i2c-1");
        Assert.Contains("no permission for /dev/i2c-1", Assert.Throws<DeviceException>(() => new I2cPlace(1, 0x3C).Open(new SystemFiles(tree.Root))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1:0x3C", 1, 0x3C)]
    [InlineData("7:0x77", 7, 0x77)]
    public void APlaceIsABusAndAnAddress(string text, int bus, int address) => Assert.Equal(new I2cPlace(bus, address), I2cPlace.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1:3C")]
    [InlineData("1:0x78")]
    [InlineData("1:0x07")]
    [InlineData("-1:0x3C")]
    [InlineData("1:0x3C:64")]
    public void AnotherPlaceIsRefused(string text) => Assert.Throws<FormatException>(() => I2cPlace.Parse(text));
}
