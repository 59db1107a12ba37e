using System.Device.I2c;
using Iot.Device.Graphics;
using Iot.Device.Ssd13xx;
using Iot.Device.Ssd13xx.Commands;
using Iot.Device.Ssd13xx.Commands.Ssd1306Commands;

namespace EdgeVit.Devices.Iot;

/// <summary>An SSD1306 with 32 or 64 rows. The package's own <c>Ssd1306</c> sets every display up for 32 rows and sends 512 bytes; this one uses the
/// package's commands for the rows that there are. A page is eight rows: a byte is a column of it, its lowest bit on top.</summary>
internal sealed class Ssd1306Panel(I2cDevice device, int rows) : Ssd13xx(device, Columns, rows)
{
    public const int Columns = 128, PageRows = 8;

    public int Pages => ScreenHeight / PageRows;

    public override BitmapImage GetBackBufferCompatibleImage() => new OledImage(Columns, ScreenHeight);

    public override void SendCommand(ISharedCommand command) => Send(command);

    /// <summary>Sets it up, dark: what its memory holds after power-on is noise.</summary>
    public void SetUp()
    {
        ICommand[] commands =
        [
            new SetDisplayOff(),
            new SetDisplayClockDivideRatioOscillatorFrequency(0x00, 0x08),
            new SetMultiplexRatio((byte)(ScreenHeight - 1)),
            new SetDisplayOffset(0x00),
            new SetDisplayStartLine(0x00),
            new SetChargePump(true),
            new SetMemoryAddressingMode(SetMemoryAddressingMode.AddressingMode.Horizontal),
            new SetSegmentReMap(true),
            new SetComOutputScanDirection(false),
            new SetComPinsHardwareConfiguration(alternativeComPinConfiguration: ScreenHeight == 64),
            new SetContrastControlForBank0(0x8F),
            new SetPreChargePeriod(0x01, 0x0F),
            new SetVcomhDeselectLevel(SetVcomhDeselectLevel.DeselectLevel.Vcc0_77),
            new EntireDisplayOn(false),
            new SetNormalDisplay(),
        ];
        Array.ForEach(commands, Send);
    }

    /// <summary>Sends one page of a picture as <see cref="Ssd13xx.PreRenderBitmap"/> gives it.</summary>
    public void SendPage(int page, Span<byte> columns)
    {
        Send(new SetColumnAddress());
        Send(new SetPageAddress((PageAddress)page, (PageAddress)page));
        SendData(columns);
    }

    public override void DrawBitmap(BitmapImage image)
    {
        byte[] bytes = PreRenderBitmap(image);
        for (int page = 0; page < Pages; page++)
        {
            SendPage(page, bytes.AsSpan(page * Columns, Columns));
        }
    }

    protected override void SetStartAddress()
    {
        Send(new SetColumnAddress());
        Send(new SetPageAddress(PageAddress.Page0, (PageAddress)(Pages - 1)));
    }

    private void Send(ICommand command) => I2cDevice!.Write([0x00, .. command.GetBytes()]);
}
