using System.Collections.Concurrent;
using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize.Tests;

/// <summary>Images of one colour each, of which some can be made unreadable; image i has label i modulo the number of classes.</summary>
internal sealed class FragileDataset(int count, int classes) : IImageDataset
{
    /// <summary>Images that cannot be read.</summary>
    public ConcurrentDictionary<int, bool> Broken { get; } = [];

    public string Name => "fragile";

    public IReadOnlyList<string> Labels { get; } = [.. Enumerable.Range(0, classes).Select(c => $"class {c}")];

    public int Count => count;

    public int Label(int index) => index % classes;

    public string SourceName(int index) => $"picture {index}";

    public static byte Colour(int index) => (byte)(1 + (index * 7 % 250));

    public RgbImage Load(int index)
    {
        if (Broken.ContainsKey(index))
        {
            throw new ImageException(SourceName(index), "no such file.");
        }

        var image = new RgbImage(4, 4);
        image.Pixels.AsSpan().Fill(Colour(index));
        return image;
    }
}
