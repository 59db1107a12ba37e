using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>STL-10 binary files: <c>train_X.bin</c> of images [n, 3, 96, 96] with columns before rows, <c>train_y.bin</c> of labels from 1 on; the same for
/// <c>test</c>.</summary>
internal sealed class StlRecords(string name, string file, byte[] images, byte[] labels, IReadOnlyList<string> names) : IImageDataset
{
    private const int Side = 96;
    private const int Plane = Side * Side;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public IReadOnlyList<string> Labels => names;

    /// <inheritdoc/>
    public int Count => labels.Length;

    /// <inheritdoc/>
    public int Label(int index) => labels[index] - 1;

    /// <inheritdoc/>
    public string SourceName(int index) => $"{file} image {index}";

    /// <inheritdoc/>
    public RgbImage Load(int index)
    {
        ReadOnlySpan<byte> planes = images.AsSpan(3 * Plane * index, 3 * Plane);
        var image = new RgbImage(Side, Side);
        for (int i = 0; i < 3 * Plane; i++)
        {
            (int channel, int at) = Math.DivRem(i, Plane);
            (int column, int row) = Math.DivRem(at, Side);
            image.Pixels[(3 * ((row * Side) + column)) + channel] = planes[i];
        }

        return image;
    }

    /// <summary>Whether a folder has such files.</summary>
    internal static bool IsIn(string folder) => File.Exists(Path.Combine(folder, "train_X.bin")) && File.Exists(Path.Combine(folder, "train_y.bin"));

    /// <summary>Opens the files of a folder; null when there are none.</summary>
    internal static DatasetSplits? TryOpen(string folder)
    {
        if (!IsIn(folder))
        {
            return null;
        }

        string[] names = ClassNames.Read(folder, "class_names.txt") ?? ClassNames.Digits(10);
        return new(Open("train"), File.Exists(Path.Combine(folder, "test_X.bin")) ? Open("test") : null, "STL-10");

        StlRecords Open(string split)
        {
            string file = Path.Combine(folder, $"{split}_X.bin");
            byte[] images = File.ReadAllBytes(file), labels = File.ReadAllBytes(Path.Combine(folder, $"{split}_y.bin"));
            if (images.Length != 3L * Plane * labels.Length || labels.Any(l => l < 1 || l > names.Length))
            {
                throw new DatasetException(file, $"{images.Length} bytes for {labels.Length} labels; expected {3 * Plane} bytes for each label, and labels from 1 to {names.Length}. Fetch the file again.");
            }

            return new StlRecords($"STL-10 {split}", file, images, labels, names);
        }
    }
}
