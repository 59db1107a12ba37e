using System.Runtime.InteropServices;

namespace EdgeVit.Imaging;

/// <summary>The part of the TurboJPEG API (turbojpeg.h, the 2.x functions that 3.x still has) that decodes from memory.</summary>
static unsafe partial class LibTurboJpeg
{
    internal const int PixelRgb = 0;
    internal const int PixelCmyk = 11;

    internal const int ColourCmyk = 3;
    internal const int ColourYcck = 4;

    /// <summary>The exact integer DCT, which Pillow uses too.</summary>
    internal const int FlagAccurateDct = 4096;

    /// <summary>The first warning ends the call: warnings are how libjpeg reports truncated and corrupt data.</summary>
    internal const int FlagStopOnWarning = 8192;

    /// <summary>At most 500 progressive scans, against files made to take minutes.</summary>
    internal const int FlagLimitScans = 32768;

    [LibraryImport(CodecLibrary.JpegImport, EntryPoint = "tjInitDecompress")]
    internal static partial nint InitDecompress();

    [LibraryImport(CodecLibrary.JpegImport, EntryPoint = "tjDecompressHeader3")]
    internal static partial int DecompressHeader(
        nint handle, byte* jpeg, CULong size, out int width, out int height, out int subsampling, out int colourSpace);

    [LibraryImport(CodecLibrary.JpegImport, EntryPoint = "tjDecompress2")]
    internal static partial int Decompress(
        nint handle, byte* jpeg, CULong size, byte* output, int width, int pitch, int height, int pixelFormat, int flags);

    [LibraryImport(CodecLibrary.JpegImport, EntryPoint = "tjGetErrorStr2")]
    internal static partial nint ErrorText(nint handle);

    [LibraryImport(CodecLibrary.JpegImport, EntryPoint = "tjDestroy")]
    internal static partial int Destroy(nint handle);
}
