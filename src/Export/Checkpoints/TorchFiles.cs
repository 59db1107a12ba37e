using System.Numerics;
using System.Text;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>What torch.save wrote: the pickled object and where its storages lie. <c>Finish</c> checks what can only be checked when all storages
/// that are wanted have been found.</summary>
internal sealed record TorchContent(string Format, object? Root, Func<PickleStorage, Storage> Resolve, Action Finish, ForeignObjects Foreign)
{
    public TensorView View(PickleTensor tensor) => new(Resolve(tensor.Storage), tensor.Type, tensor.Offset, tensor.Shape, tensor.Strides);

    /// <summary>Bytes of a storage as the pickle states them.</summary>
    /// <exception cref="CheckpointException">More than a file can have.</exception>
    public static long Bytes(PickleStorage storage)
    {
        int size = storage.Type is { } type ? SafetensorsTypes.Size(type) : 1;
        return storage.Root <= long.MaxValue / size ? storage.Root * size
            : throw new CheckpointException($"storage '{storage.Key}' declares {storage.Root} elements, more than any file: the file is damaged");
    }
}

/// <summary>The format of torch.save since PyTorch 1.6: a zip archive with <c>{name}/data.pkl</c> and one entry <c>{name}/data/{key}</c> for each
/// storage.</summary>
internal static class TorchZip
{
    private const int MaxNote = 64;

    public static TorchContent Read(CheckpointFile file)
    {
        ZipDirectory zip = ZipDirectory.Read(file);
        string[] pickles = [.. zip.Names.Where(IsPickle).Take(2)];
        if (pickles.Length != 1)
        {
            throw new CheckpointException($"is a zip archive with {(pickles.Length == 0 ? "no" : "more than one")} 'data.pkl', "
                + $"expected one, as torch.save writes it; it has {string.Join(", ", zip.Names.Take(5).Select(n => $"'{n}'"))}{(zip.Names.Skip(5).Any() ? ", …" : "")}");
        }
        string folder = pickles[0][..^"data.pkl".Length];
        if (zip.Find(folder + "byteorder") is { Length: <= MaxNote } order
            && Encoding.UTF8.GetString(order.ReadAll()).Trim() is not "little" and var found)
        {
            throw new CheckpointException($"was written on a machine of byte order '{found}', expected 'little'. Save it again on such a machine");
        }

        Storage pickle = zip.Find(pickles[0])!;
        ByteCursor cursor;
        if (pickle.Deflated)
        {
            cursor = new ByteCursor(pickle.ReadAll(), pickle.Name);
        }
        else
        {
            pickle.VerifyStored();
            cursor = new ByteCursor(file, pickle.Start, pickle.Length, pickle.Name);
        }
        var foreign = new ForeignObjects();
        object? root = new PickleMachine(cursor, file.Budget, foreign).Read();

        var storages = new Dictionary<string, Storage>(StringComparer.Ordinal);
        return new TorchContent("PyTorch", root, Resolve, zip.CheckOverlaps, foreign);

        Storage Resolve(PickleStorage wanted)
        {
            if (storages.TryGetValue(wanted.Key, out Storage? known))
            {
                return known;
            }

            string name = $"{folder}data/{wanted.Key}";
            Storage storage = zip.Find(name)
                ?? throw new CheckpointException($"the archive has no entry '{name}', which '{pickles[0]}' refers to: the file is damaged");
            if (storage.Length != TorchContent.Bytes(wanted))
            {
                throw new CheckpointException($"'{name}' has {storage.Length} bytes, but '{pickles[0]}' says {wanted.Root} elements of "
                    + $"{wanted.Type?.ToString() ?? "one byte"}, {TorchContent.Bytes(wanted)} bytes: the file is damaged");
            }
            storages.Add(wanted.Key, storage);
            return storage;
        }
    }

    private static bool IsPickle(string name) =>
        name == "data.pkl" || (name.EndsWith("/data.pkl", StringComparison.Ordinal) && name.Count(c => c == '/') == 1);
}

/// <summary>The format of torch.save before PyTorch 1.6: pickles of a magic number, a version, the machine, the object and the storages' keys,
/// then each storage as a 64-bit count and its elements.</summary>
internal static class TorchLegacy
{
    private const string What = "the pickle";
    private static readonly BigInteger s_magic = BigInteger.Parse("1950a86a20f9469cfc6c", System.Globalization.NumberStyles.HexNumber,
        System.Globalization.CultureInfo.InvariantCulture);

    public static TorchContent Read(CheckpointFile file)
    {
        var cursor = new ByteCursor(file, 0, file.Length, What);
        var foreign = new ForeignObjects();
        object? magic = new PickleMachine(cursor, file.Budget, foreign).Read();
        if (magic is not BigInteger number || number != s_magic)
        {
            throw new CheckpointException($"is a pickle, but not one of torch.save: its first value is {PickleCalls.Describe(magic)}, expected the magic number");
        }

        object? version = new PickleMachine(cursor, file.Budget, foreign).Read();
        if (version is not 1001L)
        {
            throw new CheckpointException($"is of torch.save's old format in version {PickleCalls.Describe(version)}, expected 1001");
        }

        object? machine = new PickleMachine(cursor, file.Budget, foreign).Read();
        if (machine is not PickleDict info || !info.Items.Any(i => i is { Key: "little_endian", Value: true }))
        {
            throw new CheckpointException("was not written on a little-endian machine. Save it again on one");
        }

        var body = new PickleMachine(cursor, file.Budget, foreign);
        object? root = body.Read();
        object? keys = new PickleMachine(cursor, file.Budget, foreign).Read();
        if (keys is not PickleList list)
        {
            throw cursor.Fault($"found {PickleCalls.Describe(keys)}, expected the list of storages");
        }

        Dictionary<string, Storage> storages = FindStorages(file, cursor, body.Storages, list);
        return new TorchContent("PyTorch (before 1.6)", root, Resolve, () => { }, foreign);

        Storage Resolve(PickleStorage wanted) => storages.TryGetValue(wanted.Key, out Storage? storage) ? storage
            : throw new CheckpointException($"storage '{wanted.Key}' is not in the list of storages: the file is damaged");
    }

    private static Dictionary<string, Storage> FindStorages(
        CheckpointFile file, ByteCursor cursor, IReadOnlyDictionary<string, PickleStorage> known, PickleList keys)
    {
        var storages = new Dictionary<string, Storage>(StringComparer.Ordinal);
        Span<byte> count = stackalloc byte[sizeof(long)];
        long at = cursor.Position;
        foreach (object? item in keys.Items)
        {
            if (item is not string key || !known.TryGetValue(key, out PickleStorage? storage))
            {
                throw cursor.Fault($"the list of storages has {PickleCalls.Describe(item)}, which no tensor refers to: the file is damaged");
            }

            file.Read(at, count);
            long elements = BitConverter.ToInt64(count);
            long bytes = TorchContent.Bytes(storage);
            if (elements != storage.Root)
            {
                throw new CheckpointException($"storage '{key}' at byte {at} has {elements} elements, but the pickle says {storage.Root}: the file is damaged");
            }

            at += count.Length;
            if (bytes > file.Length - at)
            {
                throw new CheckpointException($"storage '{key}' has {bytes} bytes from byte {at}, but the file ends at byte {file.Length}: "
                    + "it is truncated or damaged. Copy or download it again");
            }
            file.Budget.Charge(2 * sizeof(long) * sizeof(long), What);
            if (!storages.TryAdd(key, new Storage(file, $"storage {key}", at, bytes, bytes)))
            {
                throw cursor.Fault($"the list of storages has '{key}' twice: the file is damaged");
            }

            at += bytes;
        }
        return storages;
    }
}
