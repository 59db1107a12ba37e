using System.Globalization;
using EdgeVit.Imaging;

namespace EdgeVit.Serve;

/// <summary>Looks at an image's first bytes before it takes a place in the queue.</summary>
internal static class ImageCheck
{
    /// <summary>How messages call the image.</summary>
    public const string Name = "the image";

    // A usual progressive JPEG has about ten scans; one of hundreds is made to take long.
    private const int UsualScans = 10;

    /// <summary>Refuses what is no image, and what would cost too much to decode.</summary>
    /// <returns>The pixels that are to be decoded; 0 where the header is damaged.</returns>
    /// <exception cref="ImageException">It is no image.</exception>
    /// <exception cref="TooManyPixelsException">Its header says that it is larger than allowed.</exception>
    public static long Check(ReadOnlySpan<byte> file, long maxPixels)
    {
        if (ImageHeader.Read(file, Name) is not { } header)
        {
            return 0;
        }

        string size = string.Create(CultureInfo.InvariantCulture, $"{header.Width} x {header.Height} pixels");
        if (header.Pixels > maxPixels)
        {
            throw new TooManyPixelsException($"the image has {size}, more than the {maxPixels} that are decoded here. Shrink it.", maxPixels, header.Pixels);
        }

        if (header.Scans > UsualScans && header.Pixels * header.Scans / UsualScans > maxPixels)
        {
            throw new TooManyPixelsException(
                $"the image has {size} in {header.Scans} scans, which take too long to decode. Save it as a usual JPEG.", maxPixels, header.Pixels * header.Scans / UsualScans);
        }

        return header.Pixels;
    }
}

/// <summary>An image that would cost too much to decode.</summary>
internal sealed class TooManyPixelsException(string message, long limit, long found) : Exception(message)
{
    public long Limit => limit;

    public long Found => found;
}
