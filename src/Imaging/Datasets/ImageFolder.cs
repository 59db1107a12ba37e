using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>Images in one folder per class. Files are taken in the order of their paths (ordinal), so that indices do not depend on the
/// file system.</summary>
internal sealed class ImageFolder : IImageDataset
{
    private readonly (string File, int Label)[] _images;

    internal ImageFolder(string name, IReadOnlyList<string> classes, (string, int)[] images) => (Name, Labels, _images) = (name, classes, images);

    public string Name { get; }

    public IReadOnlyList<string> Labels { get; }

    public int Count => _images.Length;

    public int Label(int index) => _images[index].Label;

    public string SourceName(int index) => _images[index].File;

    public RgbImage Load(int index)
    {
        try
        {
            return ImageDecoder.DecodeFile(_images[index].File);
        }
        catch (ImageException e) when (!e.CodecMissing)
        {
            throw WithAdvice(e);
        }
    }

    internal static ImageException WithAdvice(ImageException e) =>
        new(e.Image, $"{e.Problem} Remove the file, or leave out all such files with --skip-bad.", e);
}
