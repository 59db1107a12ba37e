using System.Buffers.Binary;
using System.Text;

namespace EdgeVit.Export;

/// <summary>The central directory of a zip archive, as torch.save writes it: entries stored (or deflated by another tool), 64-bit sizes allowed,
/// no encryption, one volume. Source: APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.</summary>
internal sealed class ZipDirectory
{
    private const int EndSize = 22;
    private const int End64Size = 56;
    private const int LocatorSize = 20;
    private const int EntrySize = 46;
    private const int LocalSize = 30;
    private const int EntryMemory = 200;
    private readonly CheckpointFile _file;
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly List<(long Begin, long End, string Name)> _used = [];
    private long _start;

    private ZipDirectory(CheckpointFile file) => _file = file;

    private readonly record struct Entry(string Name, ushort Flags, ushort Method, uint Checksum, long Packed, long Length, long Header);

    public IEnumerable<string> Names => _entries.Keys;

    public static ZipDirectory Read(CheckpointFile file)
    {
        var zip = new ZipDirectory(file);
        (zip._start, long size, long count) = zip.FindDirectory();
        var cursor = new ByteCursor(file, zip._start, size, "the zip directory");
        for (long i = 0; i < count; i++)
        {
            zip.ReadEntry(cursor);
        }

        return cursor.Remaining == 0 ? zip : throw cursor.Fault($"{cursor.Remaining} bytes follow its {count} entries, expected none");
    }

    /// <summary>The bytes of an entry, or null where there is none of this name. Asking for an entry checks that no other one that was asked for
    /// lies over it.</summary>
    public Storage? Find(string name)
    {
        if (!_entries.TryGetValue(name, out Entry entry))
        {
            return null;
        }

        if ((entry.Flags & 1) != 0)
        {
            throw Fault(entry, "is encrypted; decrypt the archive first");
        }

        if (entry.Method is not (0 or 8))
        {
            throw Fault(entry, $"is packed by method {entry.Method}, expected 0 (stored) or 8 (deflated)");
        }

        if (entry.Method == 0 && entry.Packed != entry.Length)
        {
            throw Fault(entry, $"is stored in {entry.Packed} bytes but has {entry.Length}: the file is damaged");
        }

        Span<byte> local = stackalloc byte[LocalSize];
        if (entry.Header > _start - LocalSize)
        {
            throw Fault(entry, $"has its header at byte {entry.Header}, expected before the directory at byte {_start}");
        }

        _file.Read(entry.Header, local);
        if (BinaryPrimitives.ReadUInt32LittleEndian(local) != 0x04034b50)
        {
            throw Fault(entry, $"has no entry header at byte {entry.Header}: the file is damaged");
        }

        long begin = entry.Header + LocalSize
            + BinaryPrimitives.ReadUInt16LittleEndian(local[26..]) + BinaryPrimitives.ReadUInt16LittleEndian(local[28..]);
        if (entry.Packed > _start - begin)
        {
            throw Fault(entry, $"has {entry.Packed} bytes from byte {begin}, expected them to end before the directory at byte {_start}: the file is damaged");
        }

        _used.Add((entry.Header, begin + entry.Packed, name));
        return new Storage(_file, name, begin, entry.Packed, entry.Length, entry.Method == 8, entry.Checksum);
    }

    /// <summary>Checks that no two entries that were asked for share bytes.</summary>
    public void CheckOverlaps()
    {
        _used.Sort();
        for (int i = 1; i < _used.Count; i++)
        {
            if (_used[i].Begin < _used[i - 1].End && _used[i].Name != _used[i - 1].Name)
            {
                throw new CheckpointException($"the archive's entries '{_used[i - 1].Name}' and '{_used[i].Name}' overlap at byte {_used[i].Begin}: "
                    + "the file is damaged or made to fill the memory");
            }
        }
    }

    private static CheckpointException Fault(Entry entry, string why) => new($"the archive's entry '{entry.Name}' {why}");

    private (long Start, long Size, long Count) FindDirectory()
    {
        int tailSize = (int)Math.Min(_file.Length, EndSize + ushort.MaxValue);
        var tail = new byte[tailSize];
        _file.Read(_file.Length - tailSize, tail);
        int at = tailSize - EndSize;
        while (at >= 0 && !(BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(at)) == 0x06054b50
            && BinaryPrimitives.ReadUInt16LittleEndian(tail.AsSpan(at + 20)) <= tailSize - EndSize - at))
        {
            at--;
        }
        if (at < 0)
        {
            throw new CheckpointException($"begins like a zip archive but has no directory in its last {tailSize} bytes: "
                + $"the file is truncated (it has {_file.Length} bytes) or damaged. Copy or download it again");
        }

        ReadOnlySpan<byte> end = tail.AsSpan(at, EndSize);
        long endsAt = _file.Length - tailSize + at;
        long count = BinaryPrimitives.ReadUInt16LittleEndian(end[10..]);
        long size = BinaryPrimitives.ReadUInt32LittleEndian(end[12..]);
        long start = BinaryPrimitives.ReadUInt32LittleEndian(end[16..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(end[4..]) is not (0 or ushort.MaxValue))
        {
            throw new CheckpointException("is one volume of a zip archive of several; join them first");
        }

        if (endsAt >= LocatorSize)
        {
            Span<byte> locator = stackalloc byte[LocatorSize];
            _file.Read(endsAt - LocatorSize, locator);
            if (BinaryPrimitives.ReadUInt32LittleEndian(locator) == 0x07064b50)
            {
                Span<byte> end64 = stackalloc byte[End64Size];
                long from = BinaryPrimitives.ReadInt64LittleEndian(locator[8..]);
                _file.Read(from, end64);
                if (BinaryPrimitives.ReadUInt32LittleEndian(end64) != 0x06064b50)
                {
                    throw new CheckpointException($"has no 64-bit zip directory at byte {from}, where it should be: the file is damaged");
                }

                count = BinaryPrimitives.ReadInt64LittleEndian(end64[32..]);
                size = BinaryPrimitives.ReadInt64LittleEndian(end64[40..]);
                start = BinaryPrimitives.ReadInt64LittleEndian(end64[48..]);
            }
        }
        if (start < 0 || size < 0 || start > endsAt || size > endsAt - start || count < 0 || count > size / EntrySize)
        {
            throw new CheckpointException($"declares a zip directory of {count} entries in {size} bytes at byte {start}; "
                + $"expected it to end before byte {endsAt}: the file is damaged");
        }
        return (start, size, count);
    }

    private void ReadEntry(ByteCursor cursor)
    {
        Span<byte> fields = stackalloc byte[EntrySize];
        cursor.Bytes(fields);
        if (BinaryPrimitives.ReadUInt32LittleEndian(fields) != 0x02014b50)
        {
            throw cursor.FaultAt(cursor.Position - EntrySize, "expected an entry; the file is damaged");
        }

        int nameLength = BinaryPrimitives.ReadUInt16LittleEndian(fields[28..]);
        int extraLength = BinaryPrimitives.ReadUInt16LittleEndian(fields[30..]);
        int commentLength = BinaryPrimitives.ReadUInt16LittleEndian(fields[32..]);
        _file.Budget.Charge(EntryMemory + (2L * nameLength), "the zip directory");
        var text = new byte[nameLength + extraLength + commentLength];
        cursor.Bytes(text);

        long packed = BinaryPrimitives.ReadUInt32LittleEndian(fields[20..]);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(fields[24..]);
        long header = BinaryPrimitives.ReadUInt32LittleEndian(fields[42..]);
        ReadOnlySpan<byte> extra = text.AsSpan(nameLength, extraLength);
        while (extra.Length >= 4)
        {
            int id = BinaryPrimitives.ReadUInt16LittleEndian(extra);
            int size = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(extra[2..]), extra.Length - 4);
            ReadOnlySpan<byte> wide = extra.Slice(4, size);
            if (id == 1)
            {
                length = Widen(length, ref wide);
                packed = Widen(packed, ref wide);
                header = Widen(header, ref wide);
            }
            extra = extra[(4 + size)..];
        }
        string name = Encoding.UTF8.GetString(text, 0, nameLength);
        var entry = new Entry(name, BinaryPrimitives.ReadUInt16LittleEndian(fields[8..]), BinaryPrimitives.ReadUInt16LittleEndian(fields[10..]),
            BinaryPrimitives.ReadUInt32LittleEndian(fields[16..]), packed, length, header);
        if (packed < 0 || length < 0 || header < 0)
        {
            throw Fault(entry, "has a negative size or offset: the file is damaged");
        }

        if (!_entries.TryAdd(name, entry))
        {
            throw Fault(entry, "is there twice; expected every name once");
        }
    }

    private static long Widen(long value, ref ReadOnlySpan<byte> wide)
    {
        if (value != uint.MaxValue || wide.Length < 8)
        {
            return value;
        }

        value = BinaryPrimitives.ReadInt64LittleEndian(wide);
        wide = wide[8..];
        return value;
    }
}
