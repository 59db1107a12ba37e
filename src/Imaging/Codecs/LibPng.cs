using System.Runtime.InteropServices;

namespace EdgeVit.Imaging;

/// <summary>The part of libpng's simplified API (png.h, section 5 of its manual) that reads an image from memory. These calls never longjmp
/// through their caller: an error comes back as 0 and a text in the image record.</summary>
static unsafe partial class LibPng
{
    internal const uint ImageVersion = 1;
    internal const uint FormatAlpha = 1;
    internal const uint FormatRgb = 2;

    /// <summary>16-bit samples without colour information are sRGB, not linear: the usual meaning in files from cameras and
    /// tools.</summary>
    internal const uint Flag16BitSrgb = 4;

    /// <summary><c>png_image</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Image
    {
        public nint Opaque;
        public uint Version;
        public uint Width;
        public uint Height;
        public uint Format;
        public uint Flags;
        public uint ColormapEntries;
        public uint WarningOrError;
        public fixed byte Message[64];
    }

    [LibraryImport(CodecLibrary.PngImport, EntryPoint = "png_image_begin_read_from_memory")]
    internal static partial int BeginReadFromMemory(Image* image, byte* memory, nuint size);

    [LibraryImport(CodecLibrary.PngImport, EntryPoint = "png_image_finish_read")]
    internal static partial int FinishRead(Image* image, void* background, byte* buffer, int rowStride, void* colormap);

    [LibraryImport(CodecLibrary.PngImport, EntryPoint = "png_image_free")]
    internal static partial void Free(Image* image);
}
