using System.Runtime.InteropServices;

namespace EdgeVit.Devices.Tests;

/// <summary>A camera as its driver shows itself: formats, buffers, and frames that the test takes.</summary>
internal sealed class FakeVideoDevice : IVideoDevice
{
    private readonly object _lock = new();
    private readonly List<byte[]> _buffers = [];
    private readonly Queue<uint> _empty = new();
    private readonly Queue<VideoBuffer> _full = new();
    private bool _woken;
    private uint _sequence;

    public FakeVideoDevice(params (uint Format, int Width, int Height, double Rate)[] modes) => Modes = modes;

    public (uint Format, int Width, int Height, double Rate)[] Modes { get; }

    public uint Abilities { get; set; } = VideoControl.Capture | VideoControl.Streaming;

    /// <summary>Requests that fail, with the error.</summary>
    public Dictionary<uint, int> Errors { get; } = [];

    /// <summary>Bytes behind each row.</summary>
    public int Padding { get; set; }

    public uint BufferCount { get; set; } = 4;

    public VideoFormat Chosen { get; private set; }

    public bool Started { get; private set; }

    public bool Disposed { get; private set; }

    public int Queued
    {
        get
        {
            lock (_lock)
            {
                return _empty.Count;
            }
        }
    }

    /// <summary>The camera takes a picture; it is lost where no buffer is free.</summary>
    public void Take(byte[] data, uint flags = 0)
    {
        lock (_lock)
        {
            uint number = _sequence++;
            if (_empty.TryDequeue(out uint index))
            {
                data.CopyTo(_buffers[(int)index], 0);
                _full.Enqueue(new VideoBuffer { Index = index, BytesUsed = (uint)data.Length, Sequence = number, Flags = flags });
            }

            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>The number that the driver gives the next frame.</summary>
    public void Renumber(uint sequence) => _sequence = sequence;

    public int Control(uint request, Span<byte> argument)
    {
        lock (_lock)
        {
            Assert.False(Disposed);
            return Errors.TryGetValue(request, out int error) ? error : Answer(request, argument);
        }
    }

    public int Map(uint offset, uint length)
    {
        Assert.Equal(_buffers.Count, (int)offset / 4096);
        _buffers.Add(new byte[length]);
        return 0;
    }

    public ReadOnlySpan<byte> Buffer(int index) => _buffers[index];

    public bool Wait(int milliseconds)
    {
        lock (_lock)
        {
            while (_full.Count == 0 && !_woken && !Errors.ContainsKey(VideoControl.DequeueBuffer))
            {
                if (!Monitor.Wait(_lock, milliseconds))
                {
                    return false;
                }
            }

            _woken = false;
            return true;
        }
    }

    public void Wake()
    {
        lock (_lock)
        {
            _woken = true;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>The cable is pulled.</summary>
    public void Unplug()
    {
        lock (_lock)
        {
            Errors[VideoControl.DequeueBuffer] = VideoControl.NoDevice;
            Monitor.PulseAll(_lock);
        }
    }

    public void Dispose() => Disposed = true;

    private static ref T As<T>(Span<byte> argument)
        where T : struct => ref MemoryMarshal.AsRef<T>(argument);

    private int Answer(uint request, Span<byte> argument) => request switch
    {
        VideoControl.QueryCapability => Capability(ref As<VideoCapability>(argument)),
        VideoControl.EnumerateFormats => Format(ref As<VideoFormatDescription>(argument)),
        VideoControl.EnumerateSizes => Size(ref As<VideoFrameSize>(argument)),
        VideoControl.EnumerateIntervals => Interval(ref As<VideoFrameInterval>(argument)),
        VideoControl.SetFormat => Set(ref As<VideoFormat>(argument)),
        VideoControl.SetParameters => 0,
        VideoControl.RequestBuffers => Request(ref As<VideoBufferRequest>(argument)),
        VideoControl.QueryBuffer => Query(ref As<VideoBuffer>(argument)),
        VideoControl.QueueBuffer => Queue(As<VideoBuffer>(argument)),
        VideoControl.DequeueBuffer => Dequeue(ref As<VideoBuffer>(argument)),
        VideoControl.StreamOn => Start(true),
        VideoControl.StreamOff => Start(false),
        _ => VideoControl.NotATerminal,
    };

    private int Capability(ref VideoCapability answer)
    {
        "Test camera"u8.CopyTo(MemoryMarshal.AsBytes(new Span<VideoText>(ref answer.Card)));
        (answer.Capabilities, answer.DeviceCapabilities) = (Abilities | VideoControl.HasDeviceCapabilities | VideoControl.Capture, Abilities);
        return 0;
    }

    private int Format(ref VideoFormatDescription answer)
    {
        uint[] formats = [.. Modes.Select(m => m.Format).Distinct()];
        answer.PixelFormat = answer.Index < formats.Length ? formats[answer.Index] : 0;
        return answer.Index < formats.Length ? 0 : VideoControl.Invalid;
    }

    private int Size(ref VideoFrameSize answer)
    {
        uint format = answer.PixelFormat;
        (int Width, int Height)[] sizes = [.. Modes.Where(m => m.Format == format).Select(m => (m.Width, m.Height)).Distinct()];
        if (answer.Index >= sizes.Length)
        {
            return VideoControl.Invalid;
        }

        (answer.Type, answer.Width, answer.Height) = (VideoControl.Discrete, (uint)sizes[answer.Index].Width, (uint)sizes[answer.Index].Height);
        return 0;
    }

    private int Interval(ref VideoFrameInterval answer)
    {
        VideoFrameInterval asked = answer;
        double[] rates = [.. Modes.Where(m => m.Format == asked.PixelFormat && m.Width == asked.Width && m.Height == asked.Height).Select(m => m.Rate)];
        if (asked.Index >= rates.Length || rates[asked.Index] == 0)
        {
            return VideoControl.Invalid;
        }

        (answer.Type, answer.Numerator, answer.Denominator) = (VideoControl.Discrete, 1000, (uint)(1000 * rates[asked.Index]));
        return 0;
    }

    private int Set(ref VideoFormat format)
    {
        int row = format.PixelFormat == VideoControl.Yuyv ? 2 * (int)format.Width + Padding : 0;
        format.BytesPerLine = (uint)row;
        format.SizeImage = row > 0 ? (uint)(row * format.Height) : 100_000;
        Chosen = format;
        return 0;
    }

    private int Request(ref VideoBufferRequest request)
    {
        request.Count = BufferCount;
        return 0;
    }

    private int Query(ref VideoBuffer buffer)
    {
        (buffer.Offset, buffer.Length) = (buffer.Index * 4096, Chosen.SizeImage);
        return 0;
    }

    private int Queue(VideoBuffer buffer)
    {
        Assert.DoesNotContain(buffer.Index, _empty);
        _empty.Enqueue(buffer.Index);
        return 0;
    }

    private int Dequeue(ref VideoBuffer buffer)
    {
        if (!_full.TryDequeue(out VideoBuffer full))
        {
            return VideoControl.TryAgain;
        }

        buffer = full;
        return 0;
    }

    private int Start(bool on)
    {
        Started = on;
        return 0;
    }
}
