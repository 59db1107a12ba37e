using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>What decoding a picture would take, as its header says: no pixel is decoded.</summary>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Scans">How often the pixels are gone over: above 1 for progressive JPEGs.</param>
internal readonly record struct ImageHeader(int Width, int Height, int Scans)
{
    internal long Pixels => (long)Width * Height;

    /// <summary>Reads the header of a whole file in memory; null where it is damaged, which <see cref="ImageDecoder"/> puts into words.</summary>
    /// <param name="file">The file's bytes.</param>
    /// <param name="name">How messages call the image.</param>
    /// <exception cref="ImageException">The bytes are no picture that is decoded, or the decoder's library is missing.</exception>
    internal static ImageHeader? Read(ReadOnlySpan<byte> file, string name)
    {
        PictureFormat format = ImageDecoder.RequireFormat(file, name);
        if (format == PictureFormat.Png)
        {
            (int width, int height) = PngStructure.ReadSize(file, name);
            return new ImageHeader(width, height, 1);
        }

        return SkiaDecoder.ReadSize(file, name) is { } size
            ? new ImageHeader(size.Width, size.Height, format == PictureFormat.Jpeg ? Math.Max(1, JpegStructure.Read(file).Scans) : 1) : null;
    }
}
