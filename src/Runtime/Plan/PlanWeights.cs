using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>A plan's copies of the tensors, in the layouts of its kernels; made once, shared by all sessions.</summary>
internal sealed unsafe class PlanWeights(IReadOnlyDictionary<string, StoredTensor> tensors) : IDisposable
{
    // Floats of a side of the blocks in which a matrix is transposed: a cache line.
    private const int TransposeBlock = 16;

    private readonly List<NativeBuffer> _buffers = [];
    private readonly Dictionary<string, NativeBuffer> _padded = new(StringComparer.Ordinal);
    private readonly List<IDisposable> _kept = [];

    /// <summary>Bytes of all copies.</summary>
    internal long Bytes
    {
        get
        {
            long sum = 0;
            foreach (NativeBuffer buffer in _buffers)
            {
                sum += buffer.Bytes;
            }

            return sum;
        }
    }

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
        return (nint)New(bytes).Pointer;
    }

    /// <summary>Floats in rows of <paramref name="width"/>, each row padded with zeros to a multiple of 64.</summary>
    internal float* Rows(string name, int width) => Rows(name, width, 1);

    /// <summary>The same, each float with its sign changed.</summary>
    internal float* Negated(string name, int width) => Rows(name, width, -1);

    /// <summary>Zeros for an absent bias, or for what lies outside a grid.</summary>
    internal float* Zeros(int width)
    {
        string key = width.ToString(CultureInfo.InvariantCulture);
        if (!_padded.TryGetValue(key, out NativeBuffer? buffer))
        {
            buffer = New((long)BitKernel.Pad(width) * sizeof(float));
            _padded[key] = buffer;
        }

        return (float*)buffer.Pointer;
    }

    /// <summary>A node's bias; zeros where it has none.</summary>
    internal float* Bias(GraphNode node, int width) => node.Tensors.TryGetValue("bias", out string? name) ? Rows(name, width) : Zeros(width);

    /// <summary>Rows of <c>[outputs][inputs]</c> transposed to <c>[inputs][padded outputs]</c>.</summary>
    internal float* Transposed(string name, int outputs) => TransposedBlocks(name, outputs, BitKernel.Pad(outputs));

    /// <summary>Rows of <c>[outputs][inputs]</c> transposed to <c>[blocks][inputs][width]</c>: blocks of <paramref name="width"/> outputs, a
    /// divisor of the padded ones.</summary>
    internal float* TransposedBlocks(string name, int outputs, int width)
    {
        float[] values = TensorData.Floats(tensors[name]);
        int inputs = values.Length / outputs;
        float* result = (float*)Allocate((long)inputs * BitKernel.Pad(outputs) * sizeof(float));
        for (int o0 = 0; o0 < outputs; o0 += TransposeBlock)
        {
            float* block = result + ((long)(o0 / width) * inputs * width) + (o0 % width);
            for (int k0 = 0; k0 < inputs; k0 += TransposeBlock)
            {
                for (int k = k0; k < Math.Min(inputs, k0 + TransposeBlock); k++)
                {
                    for (int o = o0; o < Math.Min(outputs, o0 + TransposeBlock); o++)
                    {
                        block[((long)k * width) + (o - o0)] = values[(o * inputs) + k];
                    }
                }
            }
        }

        return result;
    }

    /// <summary>Binary weights, canonical rows.</summary>
    internal ulong[] Words(string name) => MemoryMarshal.Cast<byte, ulong>(tensors[name].Bytes.Span).ToArray();

    /// <summary>Doubles 2 * table[count - 1], 2 * table[count - 2], ...</summary>
    internal double* TwiceReversed(long* table, int count)
    {
        double* result = (double*)Allocate((long)count * sizeof(double));
        for (int i = 0; i < count; i++)
        {
            result[i] = 2 * (double)table[count - 1 - i];
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

    private float* Rows(string name, int width, int sign)
    {
        string key = $"{width} {sign} {name}";
        if (!_padded.TryGetValue(key, out NativeBuffer? buffer))
        {
            float[] values = TensorData.Floats(tensors[name]);
            int padded = BitKernel.Pad(width);
            buffer = New((long)(values.Length / width) * padded * sizeof(float));
            float* to = (float*)buffer.Pointer;
            for (int row = 0; row < values.Length; row += width, to += padded)
            {
                for (int i = 0; i < width; i++)
                {
                    to[i] = sign * values[row + i];
                }
            }

            _padded[key] = buffer;
        }

        return (float*)buffer.Pointer;
    }

    /// <summary>Zeroed memory that lives as long as the plan.</summary>
    internal NativeBuffer New(long bytes)
    {
        var buffer = new NativeBuffer(bytes);
        _buffers.Add(buffer);
        return buffer;
    }
}
