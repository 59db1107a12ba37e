using EdgeVit.Imaging;
using EdgeVit.Runtime;

namespace EdgeVit.Quantize;

/// <summary>The images of one set, then those of another with the same classes.</summary>
internal sealed class JoinedDataset(IImageDataset first, IImageDataset second) : IImageDataset
{
    public string Name => first.Name;

    public IReadOnlyList<string> Labels => first.Labels;

    public int Count => first.Count + second.Count;

    public int Label(int index) => index < first.Count ? first.Label(index) : second.Label(index - first.Count);

    public string SourceName(int index) => index < first.Count ? first.SourceName(index) : second.SourceName(index - first.Count);

    public RgbImage Load(int index) => index < first.Count ? first.Load(index) : second.Load(index - first.Count);
}
