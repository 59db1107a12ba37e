using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>A plan's copies of the tensors, in the layouts of its kernels; made once, shared by all sessions.</summary>
internal sealed unsafe class PlanWeights(IReadOnlyDictionary<string, StoredTensor> tensors) : IDisposable
{
    // Floats of a side of the blocks in which a matrix is transposed: a cache line.
    private const int TransposeBlock = 16;

    private const int Alignment = 64;
    private const long SmallestChunk = 1 << 20;
    private const long LargestChunk = 8 << 20;

    private readonly List<NativeBuffer> _buffers = [];
    private readonly Dictionary<string, Address> _shared = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CopiedRows> _rows = new(tensors.Count, StringComparer.Ordinal);
    private readonly List<IDisposable> _kept = [];
    private readonly long _chunkBytes = ChunkFor(tensors);
    private NativeBuffer? _chunk;
    private long _used;

    /// <summary>Bytes of all copies.</summary>
    internal long Bytes { get; private set; }

    public void Dispose()
    {
        foreach (NativeBuffer buffer in _buffers)
        {
            buffer.Dispose();
        }

        foreach (IDisposable kept in _kept)
        {
            kept.Dispose();
        }
    }

    /// <summary>Disposes something with the plan.</summary>
    internal void Keep(IDisposable kept) => _kept.Add(kept);

    /// <summary>Zeroed memory that lives as long as the plan.</summary>
    internal nint Allocate(long bytes)
    {
        bytes = (bytes + Alignment - 1) / Alignment * Alignment;
        Bytes += bytes;
        if (bytes > _chunkBytes / 4)
        {
            var own = new NativeBuffer(bytes);
            _buffers.Add(own);
            return (nint)own.Pointer;
        }

        if (_chunk is null || _used + bytes > _chunkBytes)
        {
            _chunk = new NativeBuffer(_chunkBytes);
            _buffers.Add(_chunk);
            _used = 0;
        }

        nint result = (nint)_chunk.Pointer + (nint)_used;
        _used += bytes;
        return result;
    }

    /// <summary>Memory that is made once for a key.</summary>
    internal nint Shared(string key, Func<nint> make)
    {
        if (!_shared.TryGetValue(key, out Address? address))
        {
            address = new Address(make());
            _shared[key] = address;
        }

        return address.Value;
    }

    /// <summary>Floats in rows of <paramref name="width"/>, each row padded with zeros to a multiple of 64. A -0 becomes +0: the
    /// sign of a zero may differ from the reference's.</summary>
    internal float* Rows(string name, int width) => Rows(name, width, 1, 0);

    /// <summary>Thresholds: the same, each float with its sign changed, the padding NaN, which no float reaches.</summary>
    internal float* Thresholds(string name, int width) => Rows(name, width, -1, 0, float.NaN);

    /// <summary>The same, each float less 1, rounded once.</summary>
    internal float* LessOne(string name, int width) => Rows(name, width, 1, -1);

    /// <summary>Zeros for an absent bias, or for what lies outside a grid.</summary>
    internal float* Zeros(int width)
    {
        return (float*)Shared($"zeros {width}", () => Allocate((long)ValueShape.Pad(width) * sizeof(float)));
    }

    /// <summary>A node's bias; zeros where it has none.</summary>
    internal float* Bias(GraphNode node, int width) => node.Tensors.TryGetValue("bias", out string? name) ? Rows(name, width) : Zeros(width);

    /// <summary>Rows of <c>[outputs][inputs]</c> transposed to <c>[inputs][padded outputs]</c>.</summary>
    internal float* Transposed(string name, int outputs) => TransposedBlocks(name, outputs, ValueShape.Pad(outputs));

    /// <summary>Rows of <c>[outputs][inputs]</c> transposed to <c>[blocks][inputs][width]</c>: blocks of <paramref name="width"/> outputs, a
    /// divisor of the padded ones.</summary>
    internal float* TransposedBlocks(string name, int outputs, int width)
    {
        StoredTensor tensor = tensors[name];
        int inputs = Elements(tensor) / outputs;
        float* result = (float*)Allocate((long)inputs * ValueShape.Pad(outputs) * sizeof(float));
        float[] widened = tensor.Type == StoredType.F16 ? new float[TransposeBlock * inputs] : [];
        for (int o0 = 0; o0 < outputs; o0 += TransposeBlock)
        {
            ReadOnlySpan<float> values = RowsOf(tensor, inputs, o0, Math.Min(TransposeBlock, outputs - o0), widened);
            float* block = result + ((long)(o0 / width) * inputs * width) + (o0 % width);
            for (int k0 = 0; k0 < inputs; k0 += TransposeBlock)
            {
                for (int k = k0; k < Math.Min(inputs, k0 + TransposeBlock); k++)
                {
                    for (int o = o0; o < Math.Min(outputs, o0 + TransposeBlock); o++)
                    {
                        block[((long)k * width) + (o - o0)] = values[((o - o0) * inputs) + k];
                    }
                }
            }
        }

        return result;
    }

    /// <summary>Binary weights, canonical rows of 64-bit words; the file's own bytes.</summary>
    internal ReadOnlyMemory<byte> Words(string name) => tensors[name].Bytes;

    /// <summary>Doubles 2 * table[count - 1], 2 * table[count - 2], ... of each of several tables that lie one behind the other.</summary>
    internal double* TwiceReversed(long* table, int count, int tables)
    {
        double* result = (double*)Allocate((long)tables * count * sizeof(double));
        for (int i = 0; i < tables * count; i++)
        {
            result[i] = 2 * (double)table[(i / count * count) + count - 1 - (i % count)];
        }

        return result;
    }

    /// <summary>A table of integers.</summary>
    internal long* Integers(string name)
    {
        long[] values = TensorData.Integers(tensors[name]);
        long* result = (long*)Allocate(values.Length * sizeof(long));
        values.CopyTo(new Span<long>(result, values.Length));
        return result;
    }

    private float* Rows(string name, int width, int sign, float more, float padding = 0)
    {
        _rows.TryGetValue(name, out CopiedRows? copies);
        for (CopiedRows? copy = copies; copy is not null; copy = copy.Next)
        {
            if (copy.Width == width && copy.Sign == sign && copy.More == more)
            {
                return (float*)copy.Rows;
            }
        }

        ReadOnlySpan<float> values = Floats(name);
        int padded = ValueShape.Pad(width);
        float* rows = (float*)Allocate((long)(values.Length / width) * padded * sizeof(float));
        float* to = rows;
        for (int row = 0; row < values.Length; row += width, to += padded)
        {
            for (int i = 0; i < width; i++)
            {
                to[i] = (sign * values[row + i]) + more;
            }

            new Span<float>(to + width, padded - width).Fill(padding);
        }

        _rows[name] = new CopiedRows(width, sign, more, (nint)rows, copies);
        return rows;
    }

    private static int Elements(StoredTensor tensor) => tensor.Bytes.Length / (tensor.Type == StoredType.F16 ? sizeof(ushort) : sizeof(float));

    /// <summary>Some rows of a matrix: the file's own bytes, or widened into <paramref name="widened"/>, since a whole large matrix need not be
    /// there a second time.</summary>
    private static ReadOnlySpan<float> RowsOf(StoredTensor tensor, int width, int row, int count, float[] widened)
    {
        if (tensor.Type == StoredType.F32)
        {
            return MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span).Slice(row * width, count * width);
        }

        ReadOnlySpan<Half> halves = MemoryMarshal.Cast<byte, Half>(tensor.Bytes.Span).Slice(row * width, count * width);
        TensorPrimitives.ConvertToSingle(halves, widened);
        return widened.AsSpan(0, halves.Length);
    }

    /// <summary>A tensor's floats: the file's own bytes, or a copy that is widened.</summary>
    private ReadOnlySpan<float> Floats(string name)
    {
        StoredTensor tensor = tensors[name];
        return tensor.Type == StoredType.F32 ? MemoryMarshal.Cast<byte, float>(tensor.Bytes.Span) : TensorData.Floats(tensor);
    }

    /// <summary>A copy of a tensor's rows, and the copies of it that were made before.</summary>
    private sealed record CopiedRows(int Width, int Sign, float More, nint Rows, CopiedRows? Next);

    /// <summary>A pointer as an object: dictionaries of objects are compiled ahead of time everywhere.</summary>
    private sealed class Address(nint value)
    {
        internal nint Value { get; } = value;
    }

    /// <summary>The size of the pieces that memory is taken in: about that of the tensors, so that the weights of a large model share large
    /// pages.</summary>
    private static long ChunkFor(IReadOnlyDictionary<string, StoredTensor> tensors)
    {
        long bytes = 0;
        foreach (KeyValuePair<string, StoredTensor> tensor in tensors)
        {
            bytes += tensor.Value.Bytes.Length;
        }

        return Math.Clamp(bytes, SmallestChunk, LargestChunk);
    }
}
