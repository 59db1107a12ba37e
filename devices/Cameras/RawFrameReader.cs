namespace EdgeVit.Devices;

/// <summary>Cuts a stream into raw frames of one size.</summary>
internal sealed class RawFrameReader : IFrameReader
{
    private readonly Stream _stream;
    private readonly FrameFormat _format;
    private readonly int _width, _height;
    private readonly byte[] _buffer;
    private long _frames;

    /// <exception cref="ArgumentException">No frame of the format has this size.</exception>
    public RawFrameReader(Stream stream, FrameFormat format, int width, int height)
    {
        if (RawLayout.Refusal(format, width, height) is { } refusal)
        {
            throw new ArgumentException(refusal);
        }

        (_stream, _format, _width, _height) = (stream, format, width, height);
        _buffer = new byte[RawLayout.Bytes(format, width, height)];
    }

    public long Damaged { get; private set; }

    /// <summary>Bytes of a frame that the end cut off.</summary>
    public int LeftOver { get; private set; }

    public int FrameBytes => _buffer.Length;

    public Frame? Read()
    {
        int read = _stream.ReadAtLeast(_buffer, _buffer.Length, throwOnEndOfStream: false);
        if (read == _buffer.Length)
        {
            return new Frame(_format, _width, _height, _buffer, _frames++);
        }

        (LeftOver, Damaged) = (read, read > 0 ? Damaged + 1 : Damaged);
        return null;
    }
}
