using EdgeVit.Runtime;

namespace EdgeVit.Imaging;

/// <summary>CIFAR-10 and CIFAR-100 binary records: label byte(s), then 32 x 32 pixels as three planes R, G, B. CIFAR-10 records are 3073
/// bytes; CIFAR-100's are 3074: a coarse label, then the fine one, which is used.</summary>
internal sealed class CifarRecords : IImageDataset
{
    private const string Kind = "CIFAR records";
    private const int Side = 32;
    private const int Plane = Side * Side;

    private readonly (string File, byte[] Bytes, int First)[] _files;
    private readonly int _recordBytes;
    private readonly byte[] _labels;

    private CifarRecords(string name, string[] files, int recordBytes)
    {
        (Name, _recordBytes) = (name, recordBytes);
        _files = new (string, byte[], int)[files.Length];
        for (int i = 0, first = 0; i < files.Length; i++)
        {
            byte[] bytes = File.ReadAllBytes(files[i]);
            _files[i] = (files[i], bytes, first);
            first = checked(first + bytes.Length / recordBytes);
            Count = first;
        }
        _labels = new byte[Count];
        foreach ((_, byte[] bytes, int first) in _files)
        {
            for (int record = 0; record < bytes.Length / recordBytes; record++)
            {
                _labels[first + record] = bytes[record * recordBytes + recordBytes - 3 * Plane - 1];
            }
        }
    }

    public string Name { get; }

    public IReadOnlyList<string> Labels { get; private set; } = [];

    public int Count { get; }

    public int Label(int index) => _labels[index];

    public string SourceName(int index)
    {
        (string file, string record) = NameOf(index);
        return $"{file} {record}";
    }

    public RgbImage Load(int index)
    {
        ref readonly var file = ref _files[FileOf(index)];
        ReadOnlySpan<byte> planes = file.Bytes.AsSpan((index - file.First + 1) * _recordBytes - 3 * Plane, 3 * Plane);
        var image = new RgbImage(Side, Side);
        Span<byte> pixels = image.Pixels;
        for (int i = 0; i < Plane; i++)
        {
            pixels[3 * i + 2] = planes[2 * Plane + i];
            pixels[3 * i + 1] = planes[Plane + i];
            pixels[3 * i] = planes[i];
        }
        return image;
    }

    /// <summary>Whether a folder has record files, by their names.</summary>
    internal static bool IsIn(string folder) => Find(folder) is var (train, test) && train.Length + test.Length > 0;

    private static (string[] Train, string[] Test) Find(string folder)
    {
        string[] records = [.. Directory.EnumerateFiles(folder, "*.bin").Order(StringComparer.Ordinal)];
        string[] test = [.. records.Where(static f => Named(f, "test"))];
        return ([.. records.Where(static f => !Named(f, "test") && (Named(f, "train") || Named(f, "data_batch")))], test);
    }

    /// <summary>Opens the records in a folder; null when there are none.</summary>
    internal static DatasetSplits? TryOpen(string folder, DatasetOptions options)
    {
        (string[] train, string[] test) = Find(folder);
        if (train.Length == 0 && test.Length == 0)
        {
            return null;
        }

        if (train.Length == 0 && !options.TestAlone)
        {
            throw new DatasetException(folder,
                $"there is {Path.GetFileName(test[0])} but no training records; expected *train*.bin or data_batch_*.bin beside it.");
        }

        int recordBytes = RecordBytes([.. train, .. test]);
        string[] names = ClassNames.Read(folder, "classes.txt", "batches.meta.txt", "fine_label_names.txt")
            ?? ClassNames.Digits(recordBytes == 3073 ? 10 : 100);
        string name = Path.GetFileName(Path.GetFullPath(folder).TrimEnd(Path.DirectorySeparatorChar));
        if (train.Length == 0)
        {
            CifarRecords alone = Open($"{name} test", test);
            return new(alone, alone, Kind);
        }

        return new(Open($"{name} train", train), test.Length == 0 ? null : Open($"{name} test", test), Kind);

        CifarRecords Open(string split, string[] files)
        {
            var set = new CifarRecords(split, files, recordBytes) { Labels = names };
            ClassNames.CheckLabels(set._labels, names.Length, set.NameOf, training: files == train);
            return set;
        }
    }

    private static bool Named(string file, string part) => Path.GetFileName(file).Contains(part, StringComparison.OrdinalIgnoreCase);

    /// <summary>The record size that divides every file. (Both do only at multiples of 9 MB, where CIFAR-10 is meant.)</summary>
    private static int RecordBytes(string[] files)
    {
        const int Cifar10 = 1 + 3 * Plane, Cifar100 = 2 + 3 * Plane;
        long[] lengths = [.. files.Select(static f => new FileInfo(f).Length)];
        for (int i = 0; i < files.Length; i++)
        {
            if (lengths[i] == 0)
            {
                throw new DatasetException(files[i], $"the file is empty; expected records of {Cifar10} (CIFAR-10) or {Cifar100} bytes (CIFAR-100).");
            }

            if (lengths[i] > Array.MaxLength)
            {
                throw new DatasetException(files[i], $"{lengths[i]} bytes; at most {Array.MaxLength} are read. Split the file.");
            }
        }
        foreach (int size in (ReadOnlySpan<int>)[Cifar10, Cifar100])
        {
            if (lengths.All(length => length % size == 0))
            {
                return size;
            }
        }

        int guess = lengths.Count(static l => l % Cifar100 == 0) > lengths.Count(static l => l % Cifar10 == 0) ? Cifar100 : Cifar10;
        int bad = Array.FindIndex(lengths, length => length % guess != 0);
        throw new DatasetException(files[bad],
            $"{lengths[bad]} bytes is not a whole number of records of {Cifar10} (CIFAR-10) or {Cifar100} bytes (CIFAR-100): "
            + $"{lengths[bad] / guess} records of {guess} and {lengths[bad] % guess} bytes over. "
            + "The file is truncated or not of this kind; fetch it again.");
    }

    private int FileOf(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        int file = _files.Length - 1;
        while (_files[file].First > index)
        {
            file--;
        }

        return file;
    }

    private (string File, string Record) NameOf(int index)
    {
        var file = _files[FileOf(index)];
        return (file.File, $"record {index - file.First}");
    }
}
