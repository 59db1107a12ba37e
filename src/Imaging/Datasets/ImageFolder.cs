using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>Images in one folder per class. Files are taken in the order of their paths (ordinal), so that indices do not depend on the
/// file system.</summary>
internal sealed class ImageFolder : IImageDataset
{
    private readonly (string File, int Label)[] _images;

    private readonly PictureWarnings? _warnings;

    /// <summary>Images by file and label; <paramref name="warnings"/> receives what is odd about them.</summary>
    internal ImageFolder(string name, IReadOnlyList<string> classes, (string, int)[] images, PictureWarnings? warnings = null) =>
        (Name, Labels, _images, _warnings) = (name, classes, images, warnings);

    public string Name { get; }

    public IReadOnlyList<string> Labels { get; }

    public int Count => _images.Length;

    public int Label(int index) => _images[index].Label;

    public string SourceName(int index) => _images[index].File;

    public RgbImage Load(int index)
    {
        try
        {
            RgbImage image = ImageDecoder.DecodeFile(_images[index].File, out string? warning);
            if (warning is not null)
            {
                _warnings?.Add(_images[index].File, warning);
            }

            return image;
        }
        catch (ImageException e) when (!e.CodecMissing)
        {
            throw WithAdvice(e);
        }
    }

    internal static ImageException WithAdvice(ImageException e) =>
        new(e.Image, $"{e.Problem} Remove the file, or leave out all such files with --skip-bad.", e);
}
