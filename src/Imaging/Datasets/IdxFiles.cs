using System.Buffers.Binary;
using System.IO.Compression;
using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>MNIST-style IDX files, plain or gzipped: images [n, rows, columns] and labels [n] of unsigned bytes. Gray becomes three equal
/// channels.</summary>
internal sealed class IdxFiles : IImageDataset
{
    private const uint ImagesMagic = 0x00000803, LabelsMagic = 0x00000801;
    private const int MaxSide = 4096;

    private readonly string _file;
    private readonly byte[] _images;
    private readonly byte[] _labels;
    private readonly int _width;
    private readonly int _height;

    private IdxFiles(string name, string file, byte[] images, int height, int width, byte[] labels) =>
        (Name, _file, _images, _height, _width, _labels) = (name, file, images, height, width, labels);

    public string Name { get; }

    public IReadOnlyList<string> Labels { get; private set; } = [];

    public int Count => _labels.Length;

    public int Label(int index) => _labels[index];

    public string SourceName(int index) => $"{_file} image {index}";

    public RgbImage Load(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        ReadOnlySpan<byte> gray = _images.AsSpan(index * _width * _height, _width * _height);
        var image = new RgbImage(_width, _height);
        Span<byte> pixels = image.Pixels;
        for (int i = 0; i < gray.Length; i++)
        {
            pixels[3 * i + 2] = pixels[3 * i + 1] = pixels[3 * i] = gray[i];
        }

        return image;
    }

    /// <summary>Whether a folder has IDX files of images, by their names.</summary>
    internal static bool IsIn(string folder) => Find(folder, "images", "train", "t10k", "test") is not null;

    /// <summary>Opens the IDX files in a folder; null when there are none.</summary>
    internal static DatasetSplits? TryOpen(string folder, DatasetOptions options)
    {
        string? train = Find(folder, "images", "train"), test = Find(folder, "images", "t10k", "test");
        if (train is null && test is null)
        {
            return null;
        }

        if (train is null && !options.TestAlone)
        {
            throw new DatasetException(folder, $"there is {Path.GetFileName(test)} but no train-images-idx3-ubyte[.gz].");
        }

        string name = Path.GetFileName(Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar));
        IdxFiles? testing = test is null ? null : Read($"{name} test", folder, test, "t10k", "test");
        IdxFiles training = train is null ? testing! : Read($"{name} train", folder, train, "train");
        string[] classes = ClassNames.Read(folder, "classes.txt", "labels.txt") ?? ClassNames.Digits(training._labels.Max() + 1);
        foreach (IdxFiles? set in (ReadOnlySpan<IdxFiles?>)[training, testing])
        {
            if (set is null)
            {
                continue;
            }

            set.Labels = classes;
            ClassNames.CheckLabels(set._labels, classes.Length, i => (set._file, $"image {i}"), training: set == training && train is not null);
        }
        return new(training, testing, "IDX");
    }

    private static string? Find(string folder, string what, params ReadOnlySpan<string> prefixes)
    {
        string suffix = what == "images" ? "idx3-ubyte" : "idx1-ubyte";
        foreach (string prefix in prefixes)
        {
            foreach (string joint in (ReadOnlySpan<string>)["-", "."])
            {
                foreach (string end in (ReadOnlySpan<string>)["", ".gz"])
                {
                    if (Path.Combine(folder, $"{prefix}-{what}{joint}{suffix}{end}") is { } file && File.Exists(file))
                    {
                        return file;
                    }
                }
            }
        }

        return null;
    }

    private static IdxFiles Read(string name, string folder, string imagesFile, params ReadOnlySpan<string> prefixes)
    {
        string labelsFile = Find(folder, "labels", prefixes)
            ?? throw new DatasetException(folder,
                $"there is {Path.GetFileName(imagesFile)} but no {prefixes[0]}-labels-idx1-ubyte[.gz] with its labels.");
        int[] shape = [0, 0, 0], labelShape = [0];
        byte[] images = ReadArray(imagesFile, ImagesMagic, shape), labels = ReadArray(labelsFile, LabelsMagic, labelShape);
        if (shape[0] != labelShape[0])
        {
            throw new DatasetException(labelsFile,
                $"{labelShape[0]} labels, but {Path.GetFileName(imagesFile)} has {shape[0]} images. The files do not belong together.");
        }

        return new IdxFiles(name, imagesFile, images, shape[1], shape[2], labels);
    }

    /// <summary>Reads one IDX array of unsigned bytes and the sizes of its shape, whose rank is given. What the header promises is only believed as
    /// far as the bytes arrive, and not a byte more is unpacked, so neither a wild header nor a gzip bomb takes memory.</summary>
    private static byte[] ReadArray(string file, uint magic, int[] shape)
    {
        using FileStream raw = File.OpenRead(file);
        bool gzip = raw.ReadByte() == 0x1F && raw.ReadByte() == 0x8B;
        raw.Position = 0;
        using Stream stream = gzip ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        try
        {
            byte[] header = new byte[4 + 4 * shape.Length];
            int got = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
            uint found = got >= 4 ? BinaryPrimitives.ReadUInt32BigEndian(header) : 0;
            if (got >= 4 && found != magic)
            {
                throw new DatasetException(file,
                    $"the file starts with 0x{found:X8}; expected 0x{magic:X8}, an IDX file of {(magic == ImagesMagic ? "images" : "labels")}.");
            }

            if (got < header.Length)
            {
                throw new DatasetException(file, $"truncated: {got} bytes; the IDX header alone has {header.Length}.");
            }

            long total = 1;
            for (int i = 0; i < shape.Length; i++)
            {
                uint size = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4 + 4 * i));
                if (size < 1 || size > (i == 0 ? (uint)Array.MaxLength : MaxSide) || (total *= size) > Array.MaxLength)
                {
                    throw new DatasetException(file,
                        $"the header promises {size} {(i == 0 ? "items" : "pixels a side")}; "
                        + $"expected at least 1, and {Array.MaxLength} bytes at most in all. The file is damaged.");
                }

                shape[i] = (int)size;
            }
            return ReadExactly(stream, (int)total, file);
        }
        catch (InvalidDataException e)
        {
            throw new DatasetException(file, "the gzip data is damaged or truncated; fetch the file again.", e);
        }
    }

    private static byte[] ReadExactly(Stream stream, int total, string file)
    {
        byte[] data = new byte[Math.Min(total, 1 << 20)];
        int length = 0;
        while (true)
        {
            length += stream.ReadAtLeast(data.AsSpan(length), data.Length - length, throwOnEndOfStream: false);
            if (length < data.Length)
            {
                throw new DatasetException(file, $"truncated: {length} bytes of data; the header promises {total}. Fetch the file again.");
            }

            if (length == total)
            {
                break;
            }

            Array.Resize(ref data, (int)Math.Min(total, 2L * data.Length));
        }
        if (stream.ReadByte() >= 0)
        {
            throw new DatasetException(file, $"more data than the {total} bytes that the header promises. The file is damaged.");
        }

        return data;
    }
}
