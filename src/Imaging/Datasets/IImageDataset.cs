using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>Labelled images by index. Every member is safe to call from several threads at once.</summary>
public interface IImageDataset
{
    /// <summary>A short name for reports, such as <c>shapes train</c>.</summary>
    string Name { get; }

    /// <summary>Class names, by label.</summary>
    IReadOnlyList<string> Labels { get; }

    /// <summary>How many images.</summary>
    int Count { get; }

    /// <summary>Label of an image, 0 .. Labels.Count - 1; cheap.</summary>
    /// <param name="index">0 .. <see cref="Count"/> - 1.</param>
    int Label(int index);

    /// <summary>How a message names an image: its path, or the file and record.</summary>
    /// <param name="index">0 .. <see cref="Count"/> - 1.</param>
    string SourceName(int index);

    /// <summary>Decodes an image; any size.</summary>
    /// <param name="index">0 .. <see cref="Count"/> - 1.</param>
    /// <exception cref="ImageException">The image's file is damaged or gone.</exception>
    RgbImage Load(int index);
}
