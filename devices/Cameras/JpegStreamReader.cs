using System.Buffers.Binary;

namespace EdgeVit.Devices;

/// <summary>Cuts a stream of JPEG files, one behind the other, into frames (MJPEG as programs write it into a pipe). It follows the markers: the
/// lengths of segments, so that a thumbnail inside one is no frame, and the stuffing and restarts of coded data. A segment whose length is wrong
/// costs its own frame alone. What is no JPEG is passed over and counted; time and memory are bounded whatever comes.</summary>
public sealed class JpegStreamReader : IFrameReader
{
    /// <summary>The largest frame that is taken unless another bound is given, in bytes.</summary>
    public const int UsualMaxBytes = 32 << 20;

    private const byte Mark = 0xFF, StartOfImage = 0xD8, EndOfImage = 0xD9, StartOfScan = 0xDA;

    private static readonly byte[] s_border = [Mark, EndOfImage, Mark, StartOfImage, Mark];

    private readonly Stream _stream;
    private readonly int _maxBytes;
    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private long _frames;

    /// <summary>Reads from where the stream stands.</summary>
    /// <param name="stream">Is not closed.</param>
    /// <param name="maxBytes">The largest frame, in bytes; a larger one is passed over.</param>
    public JpegStreamReader(Stream stream, int maxBytes = UsualMaxBytes)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBytes, 4);
        (_stream, _maxBytes) = (stream, maxBytes);
    }

    /// <summary>Bytes that belonged to no frame.</summary>
    public long SkippedBytes { get; private set; }

    /// <summary>Frames that began and came to no picture: damaged, too large, or cut off by the next one or by the end.</summary>
    public long Damaged { get; private set; }

    /// <summary>Whether the stream ended in the middle of a frame.</summary>
    public bool Truncated { get; private set; }

    /// <summary>The next whole JPEG, numbered from 0; its bytes hold until the next call.</summary>
    /// <returns>Null at the end of the stream.</returns>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public Frame? Read()
    {
        while (FindStart())
        {
            var walk = new Walk();
            while (walk.State == WalkState.Inside)
            {
                Step(ref walk);
            }

            if (walk.State == WalkState.Whole)
            {
                ReadOnlyMemory<byte> data = _buffer.AsMemory(_start, walk.At);
                _start += walk.At;
                return new Frame(FrameFormat.Jpeg, walk.Width, walk.Height, data, _frames++);
            }

            Damaged++;
            int border = walk.State == WalkState.Ended || walk.At == walk.SegmentEnd ? Border(walk.Segment, Math.Min(walk.SegmentEnd + 4, _end - _start)) : -1;
            Truncated |= walk.State == WalkState.Ended && border < 0;
            Skip(border >= 0 ? border + 2 : walk.State == WalkState.Ended ? _end - _start : walk.At);
        }

        return null;
    }

    /// <summary>Moves to the next start of an image; false at the end.</summary>
    private bool FindStart()
    {
        while (true)
        {
            int found = _buffer.AsSpan(_start, _end - _start).IndexOf([Mark, StartOfImage, Mark]);
            if (found >= 0)
            {
                Skip(found);
                return true;
            }

            // The last two bytes may be the beginning of one.
            Skip(Math.Max(0, _end - _start - 2));
            if (!Has(_end - _start + 1))
            {
                Skip(_end - _start);
                return false;
            }
        }
    }

    /// <summary>Goes over one marker with what belongs to it.</summary>
    private void Step(ref Walk walk)
    {
        if (!Reach(ref walk, walk.At + 2))
        {
            return;
        }

        byte marker = Byte(walk.At + 1);
        if (Byte(walk.At) != Mark || marker == 0)
        {
            walk.State = WalkState.Broken;
        }
        else if (marker == Mark)
        {
            walk.At++;
        }
        else if (marker == StartOfImage && walk.At > 0)
        {
            walk.State = WalkState.Broken;
        }
        else if (marker == EndOfImage)
        {
            walk.At += 2;
            walk.State = walk.HasScan ? WalkState.Whole : WalkState.Broken;
        }
        else
        {
            walk.At += 2;
            if (marker is not (StartOfImage or 0x01 or (>= 0xD0 and <= 0xD7)))
            {
                Segment(ref walk, marker);
            }
        }
    }

    private void Segment(ref Walk walk, byte marker)
    {
        if (!Reach(ref walk, walk.At + 2))
        {
            return;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(_buffer.AsSpan(_start + walk.At));
        if (length < 2)
        {
            walk.State = WalkState.Broken;
            return;
        }

        (walk.Segment, walk.SegmentEnd) = (walk.At, walk.At + length);
        if (!ReachSegmentEnd(ref walk))
        {
            return;
        }

        bool frame = marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);
        if (frame && length >= 7)
        {
            ReadOnlySpan<byte> body = _buffer.AsSpan(_start + walk.At + 3, 4);
            (walk.Height, walk.Width) = (BinaryPrimitives.ReadUInt16BigEndian(body), BinaryPrimitives.ReadUInt16BigEndian(body[2..]));
        }

        walk.At += length;
        if (marker == StartOfScan)
        {
            walk.HasScan = true;
            PassCodedData(ref walk);
        }
    }

    /// <summary>Stops at the next marker that is neither a stuffed byte nor a restart.</summary>
    private void PassCodedData(ref Walk walk)
    {
        while (true)
        {
            int found = _buffer.AsSpan(_start + walk.At, _end - _start - walk.At).IndexOf(Mark);
            if (found < 0)
            {
                walk.At = _end - _start;
                if (!Reach(ref walk, walk.At + 1))
                {
                    return;
                }

                continue;
            }

            walk.At += found;
            if (!Reach(ref walk, walk.At + 2))
            {
                return;
            }

            if (Byte(walk.At + 1) is not (0 or (>= 0xD0 and <= 0xD7)))
            {
                return;
            }

            walk.At += 2;
        }
    }

    /// <summary>A length that is wrong would have a reader of a slow stream wait for frames to come before it looks at those that have: a segment in
    /// which two frames have ended is none.</summary>
    private bool ReachSegmentEnd(ref Walk walk)
    {
        int looked = walk.Segment, borders = 0;
        while (_end - _start < walk.SegmentEnd && walk.SegmentEnd <= _maxBytes)
        {
            for (int at; (at = Border(looked, _end - _start)) >= 0; looked = at + 1)
            {
                if (++borders == 2)
                {
                    (walk.At, walk.State) = (walk.SegmentEnd, WalkState.Broken);
                    return false;
                }
            }

            looked = Math.Max(looked, _end - _start - s_border.Length + 1);
            if (!Has(_end - _start + 1))
            {
                break;
            }
        }

        return Reach(ref walk, walk.SegmentEnd);
    }

    /// <summary>Where the end of a frame stands with the start of another behind it; -1 for nowhere.</summary>
    private int Border(int from, int to)
    {
        int found = to <= from ? -1 : _buffer.AsSpan(_start + from, to - from).IndexOf(s_border);
        return found < 0 ? -1 : from + found;
    }

    private bool Reach(ref Walk walk, int length)
    {
        if (length > _maxBytes)
        {
            walk.State = WalkState.Broken;
            return false;
        }

        if (Has(length))
        {
            return true;
        }

        walk.State = WalkState.Ended;
        return false;
    }

    /// <summary>Whether this many bytes come from the start on, read if they must be.</summary>
    private bool Has(int length)
    {
        while (_end - _start < length)
        {
            if (_start + length > _buffer.Length)
            {
                byte[] to = length > _buffer.Length ? new byte[Math.Max(length, 2 * _buffer.Length)] : _buffer;
                _buffer.AsSpan(_start, _end - _start).CopyTo(to);
                (_buffer, _start, _end) = (to, 0, _end - _start);
            }

            int read = _stream.Read(_buffer, _end, _buffer.Length - _end);
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }

    private void Skip(int bytes)
    {
        SkippedBytes += bytes;
        _start += bytes;
    }

    private byte Byte(int at) => _buffer[_start + at];

    private enum WalkState
    {
        Inside,
        Whole,
        Broken,
        Ended,
    }

    /// <summary>How far a frame has been followed.</summary>
    private struct Walk
    {
        public WalkState State;
        public int At;
        public int Segment, SegmentEnd;
        public bool HasScan;
        public int Width, Height;
    }
}
