using System.Collections;

namespace TorchSharp.Utils;

/// <summary>The elements of a CPU tensor in row-major order.</summary>
/// <typeparam name="T">The type of the tensor's elements.</typeparam>
public sealed class TensorAccessor<T> : IDisposable, IEnumerable<T> where T : unmanaged
{
    private readonly torch.Tensor _tensor;
    private readonly long[] _shape;
    private readonly long[] _strides;

    internal TensorAccessor(torch.Tensor tensor)
    {
        tensor.RequireType(typeof(T));
        _tensor = tensor.device_type == DeviceType.CPU ? tensor : tensor.cpu();
        _shape = _tensor.shape;
        _strides = _tensor.stride();
    }

    /// <summary>The number of elements.</summary>
    public long Count => _tensor.numel();

    /// <summary>False: elements can be written.</summary>
    public bool IsReadOnly => false;

    /// <summary>The element at a position, with a number per dimension or a single one that counts in row-major order.</summary>
    public unsafe T this[params long[] indices]
    {
        get => *Address(indices);
        set => *Address(indices) = value;
    }

    /// <summary>The elements in row-major order.</summary>
    public T[] ToArray()
    {
        var result = new T[Count];
        CopyTo(result);
        return result;
    }

    /// <summary>Copies the elements from <paramref name="tensorIndex"/> on into an array.</summary>
    public void CopyTo(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyTo(array.AsSpan(), arrayIndex, tensorIndex);

    /// <summary>Copies the elements from <paramref name="tensorIndex"/> on into a span.</summary>
    public void CopyTo(Span<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        using torch.Tensor? copy = _tensor.is_contiguous() ? null : torch.Contiguous(_tensor);
        ReadOnlySpan<T> source = Memory(copy ?? _tensor)[checked((int)tensorIndex)..];
        Span<T> target = array[arrayIndex..];
        source[..Math.Min(source.Length, target.Length)].CopyTo(target);
        GC.KeepAlive(_tensor);
    }

    /// <summary>Copies an array into the elements from <paramref name="tensorIndex"/> on.</summary>
    public void CopyFrom(T[] array, int arrayIndex = 0, long tensorIndex = 0) => CopyFrom(array.AsSpan(), arrayIndex, tensorIndex);

    /// <summary>Copies a span into the elements from <paramref name="tensorIndex"/> on.</summary>
    /// <exception cref="InvalidOperationException">The tensor is not contiguous.</exception>
    public void CopyFrom(ReadOnlySpan<T> array, int arrayIndex = 0, long tensorIndex = 0)
    {
        _tensor.RequireContiguousCpu("CopyFrom");
        Span<T> target = Memory(_tensor)[checked((int)tensorIndex)..];
        ReadOnlySpan<T> source = array[arrayIndex..];
        source[..Math.Min(source.Length, target.Length)].CopyTo(target);
        GC.KeepAlive(_tensor);
    }

    /// <summary>Does nothing: the tensor owns the memory.</summary>
    public void Dispose()
    {
    }

    /// <inheritdoc/>
    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)ToArray()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static unsafe Span<T> Memory(torch.Tensor tensor) => new((void*)tensor.DataPointer(), checked((int)tensor.numel()));

    private unsafe T* Address(long[] indices)
    {
        bool counted = indices.Length == 1 && _shape.Length != 1;
        if (!counted && indices.Length != _shape.Length)
            throw new ArgumentException($"A tensor of {_shape.Length} dimensions takes as many indices or one, not {indices.Length}.");
        if (counted && (ulong)indices[0] >= (ulong)Count)
            throw new IndexOutOfRangeException($"Element {indices[0]} of a tensor of {Count}.");
        long offset = 0, rest = counted ? indices[0] : 0;
        for (int i = _shape.Length - 1; i >= 0; i--)
        {
            long index;
            if (counted) rest = Math.DivRem(rest, _shape[i], out index);
            else index = indices[i];
            if ((ulong)index >= (ulong)_shape[i])
                throw new IndexOutOfRangeException($"Index {index} is outside dimension {i} of size {_shape[i]}.");
            offset += index * _strides[i];
        }
        return (T*)_tensor.DataPointer() + offset;
    }
}
