namespace EdgeVit.Quantize;

/// <summary>Images of one size in a row, in memory or in a file without a name. Thread-safe.</summary>
internal sealed class PixelStore
{
    /// <summary>Bytes that are kept in memory at most; more go to a file where there is place for one.</summary>
    private const long InMemory = 128L << 20;

    /// <summary>Share of the memory that pixels may take where there is no place for a file.</summary>
    private const double Share = 0.25;

    private readonly byte[]? _memory;
    private readonly ScratchFile? _file;
    private readonly int _length;

    private PixelStore(byte[]? memory, ScratchFile? file, int length) => (_memory, _file, _length) = (memory, file, length);

    /// <summary>A place for images; null where there is none, so that they are decoded every time.</summary>
    /// <param name="length">Bytes of an image.</param>
    /// <param name="place">What may be used.</param>
    internal static PixelStore? For(int count, int length, PixelPlace place)
    {
        long bytes = (long)count * length;
        if (bytes > place.Most)
        {
            return null;
        }

        if (bytes > Math.Min(place.InMemory ?? InMemory, place.Memory.Usable / 16) && place.Folder is { } folder && ScratchFile.Create(folder, bytes, place.Reserve) is { } file)
        {
            return new PixelStore(null, file, length);
        }

        return bytes <= Math.Min(Array.MaxLength, (long)(Share * place.Memory.Usable)) ? new PixelStore(GC.AllocateUninitializedArray<byte>((int)bytes), null, length) : null;
    }

    /// <summary>Makes an image.</summary>
    /// <param name="fill">Writes its bytes.</param>
    internal void Write(int index, FillPixels fill)
    {
        if (_memory is not null)
        {
            fill(index, _memory.AsSpan(index * _length, _length));
            return;
        }

        byte[] pixels = System.Buffers.ArrayPool<byte>.Shared.Rent(_length);
        fill(index, pixels.AsSpan(0, _length));
        _file!.Write((long)index * _length, pixels.AsSpan(0, _length));
        System.Buffers.ArrayPool<byte>.Shared.Return(pixels);
    }

    /// <summary>An image: a slice of memory, or <paramref name="scratch"/> with its bytes.</summary>
    internal ReadOnlySpan<byte> Read(int index, Span<byte> scratch)
    {
        if (_memory is not null)
        {
            return _memory.AsSpan(index * _length, _length);
        }

        scratch = scratch[.._length];
        _file!.Read((long)index * _length, scratch);
        return scratch;
    }

    /// <summary>All images, one after the other, for a device that keeps them.</summary>
    internal byte[] ToArray(int count)
    {
        if (_memory is not null)
        {
            return _memory;
        }

        byte[] all = GC.AllocateUninitializedArray<byte>(count * _length);
        _file!.Read(0, all);
        return all;
    }
}

/// <summary>Writes the pixels of an image.</summary>
internal delegate void FillPixels(int index, Span<byte> pixels);

/// <summary>Where the decoded images of a data set may be kept.</summary>
/// <param name="Most">Bytes of a data set at most; of more every image is decoded whenever it is needed.</param>
/// <param name="Memory">What the process may have of memory.</param>
/// <param name="Folder">Where a temporary file may be; null for none.</param>
internal sealed record PixelPlace(long Most, MemoryBound Memory, string? Folder = null)
{
    /// <summary>Bytes that are kept in memory at most; what suits when null.</summary>
    internal long? InMemory { get; init; }

    /// <summary>Bytes of the folder's disk that are for other files, which come later.</summary>
    internal long Reserve { get; init; }
}
