namespace EdgeVit.Devices;

/// <summary>Frames that come as a stream of bytes: JPEGs one behind the other, or raw frames of one size. A thread reads, so that a wait can be ended
/// also where the stream gives nothing.</summary>
public sealed class StreamCamera : ICamera
{
    private readonly IFrameReader _reader;
    private readonly FrameSlot _slot;
    private bool _any;

    internal StreamCamera(IFrameReader reader, string description, bool keepAll)
    {
        (_reader, _slot, Description) = (reader, new FrameSlot(keepAll), description);
        new Thread(Pump) { IsBackground = true, Name = "frames" }.Start();
    }

    /// <inheritdoc/>
    public string Description { get; }

    /// <inheritdoc/>
    public long Dropped => _slot.Replaced;

    /// <inheritdoc/>
    public long Damaged => _reader.Damaged;

    /// <summary>What the stream's end cut off, once that is reached; null where it ended behind a whole frame.</summary>
    public string? CutOff { get; private set; }

    /// <summary>Whether the stream has ended in good order: set before the frames' end is told.</summary>
    internal bool Ended { get; private set; }

    /// <summary>How long a frame may take to come.</summary>
    internal TimeSpan Patience { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Reads JPEGs.</summary>
    /// <param name="stream">Is not closed.</param>
    /// <param name="description">What the messages call it.</param>
    /// <param name="keepAll">Whether each frame is handed out, the stream waiting for it; else the newest, and older ones are dropped.</param>
    public static StreamCamera OfJpegs(Stream stream, string description, bool keepAll) => new(new JpegStreamReader(stream), description, keepAll);

    /// <summary>Reads raw frames.</summary>
    /// <param name="stream">Is not closed.</param>
    /// <param name="description">What the messages call it.</param>
    /// <param name="keepAll">Whether each frame is handed out, the stream waiting for it; else the newest, and older ones are dropped.</param>
    /// <param name="format">A raw format.</param>
    /// <param name="width">Columns, at most 16384.</param>
    /// <param name="height">Rows, at most 16384.</param>
    /// <exception cref="ArgumentException">No frame of the format has this size.</exception>
    public static StreamCamera OfRaw(Stream stream, string description, bool keepAll, FrameFormat format, int width, int height) =>
        new(new RawFrameReader(stream, format, width, height), description, keepAll);

    /// <inheritdoc/>
    public Frame? Next(CancellationToken cancellation = default) => _slot.Take(Patience, cancellation, out Frame? frame)
        ? frame : throw new CameraException($"{Description} gives no frame for {Patience.TotalSeconds:F0} s");

    /// <summary>Ends waits; the thread ends with the stream's next bytes, or with the process.</summary>
    public void Dispose() => _slot.End();

    private void Pump()
    {
        try
        {
            while (_reader.Read() is { } frame)
            {
                _any = true;
                if (!_slot.Put(frame))
                {
                    return;
                }
            }

            End();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            _slot.End(new CameraException($"{Description} cannot be read: {e.Message}", e));
        }
    }

    private void End()
    {
        string? cutOff = _reader switch
        {
            RawFrameReader { LeftOver: > 0 } raw => $"{Description} ends in the middle of a frame: {raw.LeftOver} of {raw.FrameBytes} bytes. Is the size right?",
            JpegStreamReader { Truncated: true } => $"{Description} ends in the middle of a JPEG.",
            JpegStreamReader { SkippedBytes: > 0 } jpegs when !_any => $"{Description} gives {jpegs.SkippedBytes} bytes without a JPEG in them.",
            _ => null,
        };
        CutOff = _any ? cutOff : null;
        Ended = true;
        _slot.End(_any || cutOff is null ? null : new CameraException(cutOff));
    }
}
