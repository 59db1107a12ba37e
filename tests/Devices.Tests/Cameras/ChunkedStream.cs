namespace EdgeVit.Devices.Tests;

/// <summary>Gives bytes in pieces of random sizes, as pipes do.</summary>
internal sealed class ChunkedStream(byte[] bytes, int most, int seed) : Stream
{
    private readonly Random _random = new(seed);
    private int _at;

    /// <summary>How often it was read.</summary>
    public int Reads { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count)
    {
        Reads++;
        int length = Math.Min(Math.Min(count, _random.Next(1, most + 1)), bytes.Length - _at);
        bytes.AsSpan(_at, length).CopyTo(buffer.AsSpan(offset));
        _at += length;
        return length;
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
