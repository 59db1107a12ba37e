using System.Globalization;

namespace EdgeVit.Devices;

/// <summary>A camera of the Linux kernel (V4L2): USB cameras, capture cards. Takes YUYV, and MJPEG where that gives the wished size or rate and YUYV
/// does not. After each frame it hands out the newest one there is.</summary>
public sealed class V4l2Camera : ICamera
{
    private const uint Buffers = 4;

    private readonly object _lock = new();
    private readonly IVideoDevice _device;
    private readonly string _path;
    private readonly SystemFiles _files;
    private readonly CameraSettings _wished;
    private readonly List<VideoBuffer> _filled = [];
    private readonly SequenceCount _count = new();

    private bool IsJpeg => _pixelFormat != VideoControl.Yuyv;

    private uint _pixelFormat;
    private int _width, _height, _stride, _mapped;
    private byte[] _bytes = [];
    private volatile bool _disposed;

    private V4l2Camera(IVideoDevice device, string path, SystemFiles files, CameraSettings wished) => (_device, _path, _files, _wished) = (device, path, files, wished);

    /// <inheritdoc/>
    public string Description { get; private set; } = "";

    /// <inheritdoc/>
    public long Dropped => _count.Dropped;

    /// <inheritdoc/>
    public long Damaged => _count.Damaged;

    /// <summary>How long a frame may take to come.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The cameras of this machine.</summary>
    public static IReadOnlyList<CameraInfo> List() => VideoFailure.Cameras(SystemFiles.Machine);

    /// <summary>Opens a camera and starts it.</summary>
    /// <param name="device">Its file, such as <c>/dev/video0</c>.</param>
    /// <param name="settings">What is wished of it; null for 640 x 480 at 30 frames per second.</param>
    /// <exception cref="CameraException">It is not there, may not be opened, is used by another program, or is no camera.</exception>
    public static V4l2Camera Open(string device, CameraSettings? settings = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(device);
        if (!OperatingSystem.IsLinux())
        {
            throw new CameraException($"{device}: cameras are read through the Linux kernel, and this is another system") { Missing = true };
        }

        IVideoDevice open = VideoDevice.TryOpen(device, out int error) ?? throw VideoFailure.Opening(SystemFiles.Machine, device, error);
        return Start(open, device, SystemFiles.Machine, settings ?? new CameraSettings());
    }

    /// <summary>Starts an open device, which is closed where it cannot be started.</summary>
    internal static V4l2Camera Start(IVideoDevice device, string path, SystemFiles files, CameraSettings wished, TimeSpan? patience = null)
    {
        var camera = new V4l2Camera(device, path, files, wished) { Patience = patience ?? TimeSpan.FromSeconds(10) };
        try
        {
            camera.Start();
            return camera;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    internal static uint Abilities(in VideoCapability capability) =>
        (capability.Capabilities & VideoControl.HasDeviceCapabilities) != 0 ? capability.DeviceCapabilities : capability.Capabilities;

    /// <inheritdoc/>
    public Frame? Next(CancellationToken cancellation = default)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            using CancellationTokenRegistration wake = cancellation.Register(_device.Wake);
            long start = Environment.TickCount64;
            while (true)
            {
                cancellation.ThrowIfCancellationRequested();
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (Newest() is { } frame)
                {
                    return frame;
                }

                long left = (long)Patience.TotalMilliseconds - (Environment.TickCount64 - start);
                if (left <= 0)
                {
                    throw new CameraException($"{Description} gives no frame for {Patience.TotalSeconds:F0} s");
                }

                _device.Wait((int)Math.Min(left, int.MaxValue));
            }
        }
    }

    /// <summary>Stops the camera; a wait for a frame ends.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _device.Wake();
        lock (_lock)
        {
            uint type = VideoControl.Capture;
            _ = VideoModeList.Ask(_device, VideoControl.StreamOff, ref type);
            _device.Dispose();
        }
    }

    private void Start()
    {
        var capability = default(VideoCapability);
        Require(VideoControl.QueryCapability, ref capability, "the question what it is");
        string card = capability.Card.ToString();
        uint abilities = Abilities(capability);
        if ((abilities & VideoControl.Capture) == 0)
        {
            throw (abilities & VideoControl.CaptureMultiplanar) != 0 ? VideoFailure.NoFormat(_path, card, [])
                : VideoFailure.NoCapture(_files, _path, card);
        }

        if ((abilities & VideoControl.Streaming) == 0)
        {
            throw new CameraException($"{_path} ({card}) has no buffers to map, which is not supported");
        }

        List<uint> formats = VideoModeList.Formats(_device);
        VideoMode mode = VideoMode.Choose(VideoModeList.Modes(_device, formats, _wished), _wished) ?? throw VideoFailure.NoFormat(_path, card, formats);
        SetFormat(mode, card);
        double? rate = SetRate(mode);
        Description = string.Create(CultureInfo.InvariantCulture, $"{Camera.NameOf(_path)} ({card}, {(IsJpeg ? "MJPEG" : "YUYV")} {_width} x {_height}{(rate is { } r ? $", {r:0.##} fps" : "")})");
        MapBuffers();
        uint type = VideoControl.Capture;
        Require(VideoControl.StreamOn, ref type, "the start");
    }

    private void SetFormat(VideoMode mode, string card)
    {
        var format = new VideoFormat
        {
            Type = VideoControl.Capture,
            Width = (uint)mode.Width,
            Height = (uint)mode.Height,
            PixelFormat = mode.PixelFormat,
            Field = VideoControl.Progressive,
        };
        Require(VideoControl.SetFormat, ref format, "the choice of a format");
        if (format.PixelFormat != mode.PixelFormat)
        {
            throw VideoFailure.NoFormat(_path, card, [format.PixelFormat]);
        }

        (_pixelFormat, _width, _height) = (format.PixelFormat, (int)format.Width, (int)format.Height);
        _stride = Math.Max((int)Math.Min(format.BytesPerLine, int.MaxValue), 2 * _width);
        if (_pixelFormat == VideoControl.Yuyv && RawLayout.Refusal(FrameFormat.Yuyv, _width, _height) is { } refusal)
        {
            throw new CameraException($"{_path} ({card}) gives {refusal}");
        }
    }

    /// <summary>Sets the rate, which not every driver can.</summary>
    private double? SetRate(VideoMode mode)
    {
        double rate = Math.Min(_wished.FramesPerSecond, mode.FramesPerSecond ?? double.MaxValue);
        var parameters = new VideoStreamParameters { Type = VideoControl.Capture, Numerator = 1000, Denominator = (uint)Math.Clamp(rate * 1000, 1, uint.MaxValue) };
        return VideoModeList.Ask(_device, VideoControl.SetParameters, ref parameters) == 0 && parameters.Numerator > 0 && parameters.Denominator > 0
            ? parameters.Denominator / (double)parameters.Numerator : null;
    }

    private void MapBuffers()
    {
        var request = new VideoBufferRequest { Count = Buffers, Type = VideoControl.Capture, Memory = VideoControl.Mapped };
        Require(VideoControl.RequestBuffers, ref request, "the request for buffers");
        _mapped = (int)Math.Min(request.Count, 32);
        if (_mapped == 0)
        {
            throw new CameraException($"{_path} has no memory for buffers");
        }

        for (uint i = 0; i < _mapped; i++)
        {
            VideoBuffer buffer = Empty(i);
            Require(VideoControl.QueryBuffer, ref buffer, "the question for a buffer");
            if (_device.Map(buffer.Offset, buffer.Length) is var error and not 0)
            {
                throw VideoFailure.Using(_files, _path, "the mapping of a buffer", error);
            }

            Queue(i);
        }
    }

    /// <summary>Takes all frames that wait and keeps the last whole one; null where there is none.</summary>
    private Frame? Newest()
    {
        Drain();
        if (_filled.Count == _mapped && _mapped > 1)
        {
            // No buffer was free, so that newer frames were lost and the newest here is old.
            _filled.ForEach(b => Queue(b.Index));
            return null;
        }

        int newest = -1, damaged = 0, after = 0;
        for (int i = 0; i < _filled.Count; i++)
        {
            bool whole = IsWhole(_filled[i]);
            after += whole ? 0 : 1;
            (newest, damaged, after) = whole ? (i, damaged + after, 0) : (newest, damaged, after);
        }

        _count.Damaged += damaged;
        Frame? frame = newest < 0 ? null : Copy(_filled[newest]);
        _count.Damaged += after;
        _filled.ForEach(b => Queue(b.Index));
        return frame;
    }

    private void Drain()
    {
        _filled.Clear();
        while (_filled.Count < _mapped)
        {
            VideoBuffer buffer = Empty(0);
            int error = VideoModeList.Ask(_device, VideoControl.DequeueBuffer, ref buffer);
            if (error == VideoControl.TryAgain)
            {
                return;
            }

            if (error != 0 || buffer.Index >= _mapped)
            {
                throw VideoFailure.Using(_files, _path, "the wait for a frame", error);
            }

            _filled.Add(buffer);
        }
    }

    private bool IsWhole(in VideoBuffer buffer)
    {
        ReadOnlySpan<byte> data = _device.Buffer((int)buffer.Index);
        long needed = IsJpeg ? 4 : ((_height - 1L) * _stride) + (2 * _width);
        return (buffer.Flags & VideoControl.BufferError) == 0 && buffer.BytesUsed >= needed && buffer.BytesUsed <= data.Length
            && (!IsJpeg || data.StartsWith([(byte)0xFF, (byte)0xD8]));
    }

    /// <summary>A frame of a buffer's bytes: rows without what follows them.</summary>
    private Frame Copy(in VideoBuffer buffer)
    {
        ReadOnlySpan<byte> data = _device.Buffer((int)buffer.Index)[..(int)buffer.BytesUsed];
        int row = IsJpeg ? data.Length : 2 * _width, rows = IsJpeg ? 1 : _height;
        if (_bytes.Length < rows * row)
        {
            _bytes = new byte[rows * row];
        }

        for (int y = 0; y < rows; y++)
        {
            data.Slice(y * _stride, row).CopyTo(_bytes.AsSpan(y * row));
        }

        return new Frame(IsJpeg ? FrameFormat.Jpeg : FrameFormat.Yuyv, _width, _height, _bytes.AsMemory(0, rows * row), _count.HandOut(buffer.Sequence));
    }

    private void Queue(uint index)
    {
        VideoBuffer buffer = Empty(index);
        Require(VideoControl.QueueBuffer, ref buffer, "giving a buffer back");
    }

    private static VideoBuffer Empty(uint index) => new() { Index = index, Type = VideoControl.Capture, Memory = VideoControl.Mapped };

    private void Require<T>(uint request, ref T argument, string what)
        where T : unmanaged
    {
        if (VideoModeList.Ask(_device, request, ref argument) is var error and not 0)
        {
            throw VideoFailure.Using(_files, _path, what, error);
        }
    }
}
