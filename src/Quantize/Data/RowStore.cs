using System.Runtime.InteropServices;

namespace EdgeVit.Quantize;

/// <summary>Rows of floats of one width: in memory, or, where they are many, in a file without a name in a run's folder. Reading is thread-safe.</summary>
internal sealed class RowStore
{
    /// <summary>Bytes that are kept in memory where there is place for a file.</summary>
    internal const long InMemory = 128L << 20;

    /// <summary>Bytes that are kept in memory where there is none.</summary>
    internal const long Most = 512L << 20;

    private readonly float[]? _memory;
    private readonly ScratchFile? _file;
    private readonly int _width;

    private RowStore(float[]? memory, ScratchFile? file, int width) => (_memory, _file, _width) = (memory, file, width);

    /// <summary>A place for rows; null where there is none.</summary>
    /// <param name="rows">How many.</param>
    /// <param name="width">Numbers of each.</param>
    /// <param name="folder">Where a file may be; null for nowhere.</param>
    internal static RowStore? For(long rows, int width, string? folder)
    {
        long bytes = rows * width * sizeof(float);
        if (bytes > InMemory && folder is not null && Directory.Exists(folder) && ScratchFile.Create(folder, bytes) is { } file)
        {
            return new RowStore(null, file, width);
        }

        return bytes <= Most ? new RowStore(GC.AllocateUninitializedArray<float>((int)(rows * width)), null, width) : null;
    }

    /// <summary>Writes rows that follow one another.</summary>
    internal void Write(long row, ReadOnlySpan<float> values)
    {
        if (_memory is not null)
        {
            values.CopyTo(_memory.AsSpan((int)(row * _width)));
        }
        else
        {
            _file!.Write(row * _width * sizeof(float), MemoryMarshal.AsBytes(values));
        }
    }

    /// <summary>Reads a row.</summary>
    internal void Read(long row, Span<float> values)
    {
        if (_memory is not null)
        {
            _memory.AsSpan((int)(row * _width), _width).CopyTo(values);
        }
        else
        {
            _file!.Read(row * _width * sizeof(float), MemoryMarshal.AsBytes(values));
        }
    }
}
