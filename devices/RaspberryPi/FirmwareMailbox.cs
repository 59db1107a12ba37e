using System.Text;

namespace EdgeVit.Devices;

/// <summary>The channel on which the firmware of a Raspberry Pi answers property messages.</summary>
internal interface IFirmwareMailbox
{
    /// <summary>Sends a message and puts the answer in its place.</summary>
    /// <param name="message">Bytes of the message, 0, the tag, bytes of its value, 0, the value, 0.</param>
    /// <exception cref="SensorException">It could not be sent.</exception>
    void Exchange(Span<uint> message);
}

/// <summary>The questions that are asked.</summary>
internal sealed class Firmware(IFirmwareMailbox mailbox)
{
    public const uint GetThrottled = 0x0003_0046;
    public const uint GetMeasuredClock = 0x0003_0047;
    public const uint GeneralCommand = 0x0003_0080;
    public const uint Answered = 0x8000_0000;
    public const int CommandBytes = 1024;

    private const int Header = 5;
    private const uint ArmClock = 3;

    /// <summary>The throttle bits, of which a question for 0 clears none.</summary>
    public ThrottleState Throttle() => new(Ask(GetThrottled, [0])[0]);

    /// <summary>What the cores really run at, MHz.</summary>
    public double MeasuredMHz() => Ask(GetMeasuredClock, [ArmClock, 0])[1] is > 0 and var hertz
        ? hertz / 1e6 : throw new SensorException("the firmware measured no clock");

    /// <summary>What <c>vcgencmd</c> prints for a command.</summary>
    public string Command(string command)
    {
        Span<uint> value = stackalloc uint[1 + (CommandBytes / sizeof(uint))];
        value.Clear();
        Encoding.ASCII.GetBytes(command, System.Runtime.InteropServices.MemoryMarshal.AsBytes(value[1..]));
        uint[] answer = Ask(GeneralCommand, value);
        if (answer[0] != 0)
        {
            throw new SensorException($"the firmware refuses '{command}' with error {answer[0]}");
        }

        ReadOnlySpan<byte> text = System.Runtime.InteropServices.MemoryMarshal.AsBytes(answer.AsSpan(1));
        int end = text.IndexOf((byte)0);
        return Encoding.ASCII.GetString(end < 0 ? text : text[..end]);
    }

    private uint[] Ask(uint tag, ReadOnlySpan<uint> value)
    {
        uint[] message = new uint[Header + value.Length + 1];
        message[0] = (uint)(message.Length * sizeof(uint));
        message[2] = tag;
        // A general command's size leaves out the word for its error.
        message[3] = tag == GeneralCommand ? CommandBytes : (uint)(value.Length * sizeof(uint));
        value.CopyTo(message.AsSpan(Header));
        mailbox.Exchange(message);
        return message[1] != Answered ? throw new SensorException($"the firmware answered 0x{message[1]:x}")
            : (message[4] & Answered) == 0 ? throw new SensorException($"the firmware does not know the question 0x{tag:x}")
            : message[Header..^1];
    }
}
