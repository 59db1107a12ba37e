using System.Runtime.InteropServices;

namespace EdgeVit.Devices;

// The structures of <linux/videodev2.h> as far as they are used, with the sizes and offsets of 64-bit Linux, which are the same on x64 and arm64.

/// <summary>v4l2_capability.</summary>
[StructLayout(LayoutKind.Explicit, Size = 104)]
internal struct VideoCapability
{
    [FieldOffset(16)]
    public VideoText Card;

    [FieldOffset(84)]
    public uint Capabilities;

    [FieldOffset(88)]
    public uint DeviceCapabilities;
}

/// <summary>32 bytes of text that a zero ends.</summary>
[System.Runtime.CompilerServices.InlineArray(32)]
internal struct VideoText
{
    private byte _first;

    public override readonly string ToString()
    {
        ReadOnlySpan<byte> bytes = this;
        int end = bytes.IndexOf((byte)0);
        return System.Text.Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}

/// <summary>v4l2_fmtdesc.</summary>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct VideoFormatDescription
{
    [FieldOffset(0)]
    public uint Index;

    [FieldOffset(4)]
    public uint Type;

    [FieldOffset(12)]
    public VideoText Description;

    [FieldOffset(44)]
    public uint PixelFormat;
}

/// <summary>v4l2_frmsizeenum: a size, or the bounds of sizes.</summary>
[StructLayout(LayoutKind.Explicit, Size = 44)]
internal struct VideoFrameSize
{
    [FieldOffset(0)]
    public uint Index;

    [FieldOffset(4)]
    public uint PixelFormat;

    [FieldOffset(8)]
    public uint Type;

    // A discrete size.
    [FieldOffset(12)]
    public uint Width;

    [FieldOffset(16)]
    public uint Height;

    // Bounds.
    [FieldOffset(12)]
    public uint MinWidth;

    [FieldOffset(16)]
    public uint MaxWidth;

    [FieldOffset(20)]
    public uint StepWidth;

    [FieldOffset(24)]
    public uint MinHeight;

    [FieldOffset(28)]
    public uint MaxHeight;

    [FieldOffset(32)]
    public uint StepHeight;
}

/// <summary>v4l2_frmivalenum: the time between two frames, or the shortest one.</summary>
[StructLayout(LayoutKind.Explicit, Size = 52)]
internal struct VideoFrameInterval
{
    [FieldOffset(0)]
    public uint Index;

    [FieldOffset(4)]
    public uint PixelFormat;

    [FieldOffset(8)]
    public uint Width;

    [FieldOffset(12)]
    public uint Height;

    [FieldOffset(16)]
    public uint Type;

    [FieldOffset(20)]
    public uint Numerator;

    [FieldOffset(24)]
    public uint Denominator;
}

/// <summary>v4l2_format with a v4l2_pix_format.</summary>
[StructLayout(LayoutKind.Explicit, Size = 208)]
internal struct VideoFormat
{
    [FieldOffset(0)]
    public uint Type;

    [FieldOffset(8)]
    public uint Width;

    [FieldOffset(12)]
    public uint Height;

    [FieldOffset(16)]
    public uint PixelFormat;

    [FieldOffset(20)]
    public uint Field;

    [FieldOffset(24)]
    public uint BytesPerLine;

    [FieldOffset(28)]
    public uint SizeImage;
}

/// <summary>v4l2_streamparm with a v4l2_captureparm.</summary>
[StructLayout(LayoutKind.Explicit, Size = 204)]
internal struct VideoStreamParameters
{
    [FieldOffset(0)]
    public uint Type;

    [FieldOffset(4)]
    public uint Capability;

    [FieldOffset(12)]
    public uint Numerator;

    [FieldOffset(16)]
    public uint Denominator;
}

/// <summary>v4l2_requestbuffers.</summary>
[StructLayout(LayoutKind.Explicit, Size = 20)]
internal struct VideoBufferRequest
{
    [FieldOffset(0)]
    public uint Count;

    [FieldOffset(4)]
    public uint Type;

    [FieldOffset(8)]
    public uint Memory;
}

/// <summary>v4l2_buffer.</summary>
[StructLayout(LayoutKind.Explicit, Size = 88)]
internal struct VideoBuffer
{
    [FieldOffset(0)]
    public uint Index;

    [FieldOffset(4)]
    public uint Type;

    [FieldOffset(8)]
    public uint BytesUsed;

    [FieldOffset(12)]
    public uint Flags;

    [FieldOffset(56)]
    public uint Sequence;

    [FieldOffset(60)]
    public uint Memory;

    [FieldOffset(64)]
    public uint Offset;

    [FieldOffset(72)]
    public uint Length;
}
