using System.Device.I2c;

namespace EdgeVit.Devices.Iot.Tests;

/// <summary>The chip of a display as its data sheet has it: commands, and 128 x 64 bits of memory that are written through a window of columns and
/// pages (horizontal addressing).</summary>
internal sealed class SimulatedSsd1306() : I2cSimulatedDeviceBase(new I2cConnectionSettings(1, 0x3C))
{
    public const int Columns = 128, Pages = 8;

    // Noise, as after power-on.
    private readonly byte[,] _memory = Noise();

    private int _firstColumn, _lastColumn = Columns - 1, _firstPage, _lastPage = Pages - 1, _column, _page;

    public bool On { get; private set; }

    public int Rows { get; private set; } = 64;

    public int ComPins { get; private set; } = 0x12;

    public bool ChargePump { get; private set; }

    /// <summary>The chip's default is page addressing.</summary>
    public int AddressingMode { get; private set; } = 2;

    public int DataBytes { get; set; }

    /// <summary>Off its wires: nothing answers.</summary>
    public bool Gone { get; set; }

    /// <summary>Goes off its wires after so many transfers.</summary>
    public int? GoneAfter { get; set; }

    public bool Disposed { get; private set; }

    public bool Lit(int x, int y) => (_memory[y / 8, x] >> (y % 8) & 1) != 0;

    /// <summary>The rows that the panel has, as text.</summary>
    public string[] Picture() =>
        [.. Enumerable.Range(0, Rows).Select(y => string.Concat(Enumerable.Range(0, Columns).Select(x => Lit(x, y) ? '#' : '.')))];

    public override void WriteRead(byte[] inputBuffer, byte[] outputBuffer)
    {
        ObjectDisposedException.ThrowIf(Disposed, this);
        if (Gone || GoneAfter-- <= 0)
        {
            Gone = true;
            throw new IOException("Error 121 performing I2C data transfer.");
        }

        Assert.Empty(outputBuffer);
        switch (inputBuffer[0])
        {
            case 0x00: Command(inputBuffer[1], inputBuffer.AsSpan(2)); break;
            case 0x40: Array.ForEach(inputBuffer[1..], Data); break;
            default: Assert.Fail($"control byte 0x{inputBuffer[0]:x2}"); break;
        }
    }

    protected override void Dispose(bool disposing) => Disposed = true;

    private static byte[,] Noise()
    {
        var random = new Random(1);
        var memory = new byte[Pages, Columns];
        for (int i = 0; i < memory.Length; i++)
        {
            memory[i / Columns, i % Columns] = (byte)random.Next(256);
        }

        return memory;
    }

    private void Data(byte value)
    {
        Assert.Equal(0, AddressingMode);
        DataBytes++;
        _memory[_page, _column] = value;
        _column++;
        if (_column > _lastColumn)
        {
            _column = _firstColumn;
            _page = _page == _lastPage ? _firstPage : _page + 1;
        }
    }

    private void Command(byte command, ReadOnlySpan<byte> arguments)
    {
        int expected = command switch { 0x21 or 0x22 => 2, 0x20 or 0x81 or 0x8D or 0xA8 or 0xD3 or 0xD5 or 0xD9 or 0xDA or 0xDB => 1, _ => 0 };
        Assert.Equal(expected, arguments.Length);
        switch (command)
        {
            case 0x20: AddressingMode = arguments[0]; break;
            case 0x21: (_firstColumn, _lastColumn, _column) = (arguments[0], arguments[1], arguments[0]); break;
            case 0x22: (_firstPage, _lastPage, _page) = (arguments[0], arguments[1], arguments[0]); break;
            case 0x8D: ChargePump = arguments[0] == 0x14; break;
            case 0xA8: Rows = arguments[0] + 1; break;
            case 0xDA: ComPins = arguments[0]; break;
            case 0xAE or 0xAF: On = command == 0xAF; break;
            case 0x81 or 0xA1 or 0xA4 or 0xA6 or 0xC8 or 0xD3 or 0xD5 or 0xD9 or 0xDB or (>= 0x40 and <= 0x7F): break;
            default: Assert.Fail($"the chip has no command 0x{command:x2}"); break;
        }
    }
}
