using System.Runtime.InteropServices;

namespace EdgeVit.Runtime;

/// <summary>A plan's copies of the tensors, in the layouts of its kernels; made once, shared by all sessions.</summary>
internal sealed unsafe class PlanWeights(IReadOnlyDictionary<string, StoredTensor> tensors) : IDisposable
{
    private readonly List<NativeBuffer> _buffers = [];
    private readonly Dictionary<(string, int), nint> _padded = [];

    /// <summary>Bytes of all copies.</summary>
    internal long Bytes => _buffers.Sum(b => b.Bytes);

    public void Dispose()
    {
        foreach (NativeBuffer buffer in _buffers)
        {
            buffer.Dispose();
        }
    }

    /// <summary>Zeroed memory that lives as long as the plan.</summary>
    internal nint Allocate(long bytes)
    {
        var buffer = new NativeBuffer(bytes);
        _buffers.Add(buffer);
        return (nint)buffer.Pointer;
    }

    /// <summary>Floats in rows of <paramref name="width"/>, each row padded with zeros to a multiple of 64.</summary>
    internal float* Rows(string name, int width)
    {
        if (!_padded.TryGetValue((name, width), out nint pointer))
        {
            float[] values = TensorData.Floats(tensors[name]);
            int padded = BitKernel.Pad(width);
            int rows = values.Length / width;
            pointer = Allocate((long)rows * padded * sizeof(float));
            for (int r = 0; r < rows; r++)
            {
                values.AsSpan(r * width, width).CopyTo(new Span<float>((float*)pointer + ((long)r * padded), width));
            }

            _padded[(name, width)] = pointer;
        }

        return (float*)pointer;
    }

    /// <summary>Zeros for an absent bias.</summary>
    internal float* Zeros(int width) => (float*)Allocate((long)BitKernel.Pad(width) * sizeof(float));

    /// <summary>Rows of <c>[outputs][inputs]</c> transposed to <c>[inputs][padded outputs]</c>.</summary>
    internal float* Transposed(string name, int outputs)
    {
        float[] values = TensorData.Floats(tensors[name]);
        int inputs = values.Length / outputs;
        int padded = BitKernel.Pad(outputs);
        float* result = (float*)Allocate((long)inputs * padded * sizeof(float));
        for (int o = 0; o < outputs; o++)
        {
            for (int k = 0; k < inputs; k++)
            {
                result[((long)k * padded) + o] = values[(o * inputs) + k];
            }
        }

        return result;
    }

    /// <summary>Binary weights packed by a kernel.</summary>
    internal byte* Binary(string name, int outputs, int inputs, BitKernel kernel) =>
        kernel.Pack(MemoryMarshal.Cast<byte, ulong>(tensors[name].Bytes.Span), outputs, inputs, Allocate);

    /// <summary>A table of integers.</summary>
    internal long* Integers(string name)
    {
        long[] values = TensorData.Integers(tensors[name]);
        long* result = (long*)Allocate(values.Length * sizeof(long));
        values.CopyTo(new Span<long>(result, values.Length));
        return result;
    }
}
