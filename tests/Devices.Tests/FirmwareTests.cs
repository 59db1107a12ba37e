using System.Runtime.InteropServices;

namespace EdgeVit.Devices.Tests;

/// <summary>The messages of the firmware's mailbox, word by word.</summary>
public sealed class FirmwareTests
{
    [Fact]
    public void AThrottleMessageHasTheLayoutOfTheKernel()
    {
        uint[] sent = [];
        var mailbox = new RecordingMailbox(message =>
        {
            sent = message.ToArray();
            message[1] = 0x8000_0000;
            message[4] = 0x8000_0004;
            message[5] = 0x5;
        });
        Assert.Equal(new ThrottleState(5), new Firmware(mailbox).Throttle());
        Assert.Equal([28u, 0, 0x0003_0046, 4, 0, 0, 0], sent);
    }

    [Fact]
    public void ACommandHasTheLayoutOfVcgencmd()
    {
        uint[] sent = [];
        var mailbox = new RecordingMailbox(message =>
        {
            sent = message.ToArray();
            message[1] = 0x8000_0000;
            message[4] = 0x8000_0400;
            MemoryMarshal.AsBytes(message[6..]).Clear();
            "temp=48.3'C"u8.CopyTo(MemoryMarshal.AsBytes(message[6..]));
        });
        Assert.Equal("temp=48.3'C", new Firmware(mailbox).Command("measure_temp"));
        // 7 words around 1,024 bytes.
        Assert.Equal([1052u, 0, 0x0003_0080, 1024, 0, 0], sent[..6]);
        Assert.Equal(263, sent.Length);
        Assert.Equal("measure_temp\0"u8, MemoryMarshal.AsBytes(sent.AsSpan(6))[..13]);
    }

    [Theory]
    [InlineData(0x8000_0001u, 0x8000_0004u, "answered 0x80000001")]
    [InlineData(0u, 0x8000_0004u, "answered 0x0")]
    [InlineData(0x8000_0000u, 0u, "does not know the question 0x30046")]
    public void AnAnswerThatIsNoneHasAReason(uint code, uint tag, string reason)
    {
        var mailbox = new RecordingMailbox(message =>
        {
            message[1] = code;
            message[4] = tag;
        });
        Assert.Contains(reason, Assert.Throws<SensorException>(() => new Firmware(mailbox).Throttle()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownCommandIsAReason()
    {
        SensorException error = Assert.Throws<SensorException>(() => new Firmware(new FakeMailbox()).Command("pmic_read_adc"));
        Assert.Contains("refuses 'pmic_read_adc' with error 1", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A plain file is opened and does not understand the ioctl; where there is none, that is said.</summary>
    [Fact]
    public void TheDeviceIsAskedByAnIoctl()
    {
        using KnownBoard board = Trees.RaspberryPi5();
        Firmware firmware = new(new VcioDevice(board.Board.Files));
        Assert.Contains("/dev/vcio is not there", Assert.Throws<SensorException>(() => firmware.Throttle()).Message, StringComparison.Ordinal);
        board.Board.With("dev/vcio", "");
        // An emulator of user programs knows no ioctl that it does not know itself.
        Assert.Matches("^/dev/vcio does not answer: (Inappropriate ioctl|Function not implemented)", Assert.Throws<SensorException>(() => firmware.Throttle()).Message);
    }

    /// <summary>The file that older kernels have tells other things and must not be asked.</summary>
    [Fact]
    public void TheKernelsThrottleFileIsNotRead()
    {
        using KnownBoard board = Trees.RaspberryPi4();
        board.Board.With("sys/devices/platform/soc/soc:firmware/get_throttled", "0xf000f\n");
        board.Mailbox.Throttled = 0;
        Assert.Equal(new ThrottleState(0), new TelemetrySample(0, board.Sensors().Read()).Throttle);
    }

    [Fact]
    public void ThePowerChipsSuppliesAreMultipliedAndTheSocketIsNot()
    {
        using KnownBoard board = Trees.RaspberryPi5();
        var reading = PmicReading.Parse(board.Mailbox.Pmic!);
        Assert.Equal(["3V3_SYS", "3V7_WL_SW", "VDD_CORE"], reading.Watts.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(0.5 * 3.6, reading.Watts["3V7_WL_SW"], 9);
        Assert.Equal(4.125, reading.Sum, 9);
    }

    [Theory]
    [InlineData("", "tells no supply")]
    [InlineData("HDMI_A current(22)=0.01A\nEXT5V_V volt(24)=5.1V\n", "tells no supply")]
    [InlineData("VDD_CORE_A current(7)=1.2.3A\nVDD_CORE_V volt(15)=0.7V\n", "says 'VDD_CORE_A")]
    public void APowerChipThatTellsNothingHasAReason(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<SensorException>(() => PmicReading.Parse(text)).Message, StringComparison.Ordinal);

    private sealed class RecordingMailbox(RecordingMailbox.Answer answer) : IFirmwareMailbox
    {
        public delegate void Answer(Span<uint> message);

        public void Exchange(Span<uint> message) => answer(message);
    }
}
