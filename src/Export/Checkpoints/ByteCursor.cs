using System.Buffers.Binary;

namespace EdgeVit.Export;

/// <summary>Reads forward through a range of a file, or through bytes in memory.</summary>
internal sealed class ByteCursor
{
    private const int Block = 1 << 16;
    private readonly CheckpointFile? _file;
    private readonly byte[] _buffer;
    private readonly long _end;
    private long _next;
    private int _at;
    private int _filled;

    public ByteCursor(CheckpointFile file, long start, long length, string what)
    {
        _file = file;
        _buffer = new byte[(int)Math.Min(Block, length)];
        _next = start;
        _end = start + length;
        Origin = start;
        What = what;
    }

    public ByteCursor(byte[] bytes, string what)
    {
        _buffer = bytes;
        _filled = bytes.Length;
        _next = _end = bytes.Length;
        What = what;
    }

    /// <summary>What is read, for messages: <c>data.pkl</c>.</summary>
    public string What { get; }

    /// <summary>Where in the file the range begins.</summary>
    public long Origin { get; }

    /// <summary>The next byte, from the beginning of the range.</summary>
    public long Position => _next - (_filled - _at) - Origin;

    public long Remaining => _end - Origin - Position;

    public byte Byte()
    {
        if (_at == _filled)
        {
            Fill();
        }

        return _buffer[_at++];
    }

    public void Bytes(Span<byte> destination)
    {
        while (destination.Length > 0)
        {
            if (_at == _filled)
            {
                Fill();
            }

            int count = Math.Min(destination.Length, _filled - _at);
            _buffer.AsSpan(_at, count).CopyTo(destination);
            _at += count;
            destination = destination[count..];
        }
    }

    public ushort UInt16()
    {
        Span<byte> bytes = stackalloc byte[2];
        Bytes(bytes);
        return BinaryPrimitives.ReadUInt16LittleEndian(bytes);
    }

    public int Int32()
    {
        Span<byte> bytes = stackalloc byte[4];
        Bytes(bytes);
        return BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }

    public long Int64()
    {
        Span<byte> bytes = stackalloc byte[8];
        Bytes(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    /// <summary>The error "what, at which byte, why".</summary>
    public CheckpointException Fault(string why) => FaultAt(Position, why);

    /// <summary>The error "what, at which byte, why" for a byte before.</summary>
    public CheckpointException FaultAt(long position, string why) => new($"{What} at byte {position}: {why}");

    private void Fill()
    {
        if (_file is null || _next == _end)
        {
            throw Fault("ends in the middle; the file is truncated or damaged. Copy or download it again");
        }

        int count = (int)Math.Min(_buffer.Length, _end - _next);
        _file.Read(_next, _buffer.AsSpan(0, count));
        _next += count;
        _at = 0;
        _filled = count;
    }
}
