using System.Runtime.InteropServices;
using System.Text;

namespace EdgeVit.Devices.Tests;

/// <summary>Answers as the firmware does, after the kernel's checks (drivers/char/broadcom/vcio.c, drivers/firmware/raspberrypi.c): the first word
/// is the size in bytes, the second 0 and in the answer 0x80000000, then tags of (tag, size of the value, 0, value) and a 0. An answered tag has bit 31
/// in its third word. Commands are those of vcgencmd (userland, vcgencmd.c): 1,024 bytes after a word for the error.</summary>
internal sealed class FakeMailbox : IFirmwareMailbox
{
    private const uint ArmClock = 3;
    private const int Header = 5;

    public uint? Throttled { get; set; }

    public uint? ArmHertz { get; set; }

    public string? Pmic { get; set; }

    public uint Code { get; set; } = 0x8000_0000;

    public Action Before { get; set; } = () => { };

    public void Exchange(Span<uint> message)
    {
        Before();
        Assert.Equal(message.Length * 4, (int)message[0]);
        Assert.Equal(0u, message[1]);
        Assert.Equal(0u, message[4]);
        Assert.Equal(0u, message[^1]);
        message[1] = Code;
        uint size = message[2] switch
        {
            0x0003_0046 => OneWord(message[Header..], Throttled),
            0x0003_0047 => Clock(message[Header..], ArmHertz),
            0x0003_0080 => Command(message[Header..]),
            _ => 0,
        };
        Assert.True(size <= message[3], "the answer is longer than its place");
        message[4] = size > 0 ? 0x8000_0000 | size : 0;
    }

    private static uint OneWord(Span<uint> value, uint? answer)
    {
        // A value that is not 0 would clear bits that other programs wait for.
        Assert.Equal(0u, value[0]);
        value[0] = answer ?? 0;
        return answer is null ? 0u : 4;
    }

    private static uint Clock(Span<uint> value, uint? hertz)
    {
        Assert.Equal(ArmClock, value[0]);
        value[1] = hertz ?? 0;
        return hertz is null ? 0u : 8;
    }

    private uint Command(Span<uint> value)
    {
        Span<byte> text = MemoryMarshal.AsBytes(value[1..^1]);
        Assert.Equal(1024, text.Length);
        string command = Encoding.ASCII.GetString(text[..text.IndexOf((byte)0)]);
        string? answer = command == "pmic_read_adc" ? Pmic : null;
        value[0] = answer is null ? 1u : 0;
        text.Clear();
        Encoding.ASCII.GetBytes(answer ?? "error=1 error_msg=\"Command not registered\"", text);
        return 1024;
    }
}
