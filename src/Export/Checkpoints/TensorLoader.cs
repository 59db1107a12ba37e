using System.Buffers;
using System.Runtime.InteropServices;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>Turns views of storages into tensors. Large dense views stay in the file and are read whenever they are asked for; small ones are
/// converted straight from it; others are gathered. Names that view the same elements (tied weights) share them.</summary>
internal sealed class TensorLoader(CheckpointFile file)
{
    private const int MaxRank = 8;
    private const int FloatsAtOnce = 1 << 24;
    private const int LargeElements = 1 << 14;
    private const int BlockBytes = 1 << 16;
    private readonly Dictionary<(Storage, long, string), FloatTensor> _loaded = [];
    private readonly HashSet<Storage> _verified = [];
    private Storage? _inflatedFrom;
    private byte[] _inflated = [];

    public static bool IsFloat(SafetensorsType type) =>
        type is SafetensorsType.F64 or SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16;

    /// <summary>Checks a view against its storage and reads it. Views of one deflated storage should be asked for in a row.</summary>
    /// <exception cref="CheckpointException">The view is not one of its storage, or there is no memory for it.</exception>
    public FloatTensor Load(string name, TensorView view)
    {
        int[] shape = Check(name, view);
        string layout = $"{view.Type} {string.Join(',', view.Shape)}/{string.Join(',', view.Strides)}";
        if (!_loaded.TryGetValue((view.Storage, view.Offset, layout), out FloatTensor? tensor))
        {
            long count = FloatTensor.Count(shape);
            file.Budget.Charge((4 * count) + 64, $"tensor '{name}' {FloatTensor.Text(shape)}");
            if (!view.Storage.Deflated && _verified.Add(view.Storage))
            {
                view.Storage.VerifyStored();
            }

            tensor = count >= LargeElements && !view.Storage.Deflated && IsDense(view)
                ? new FloatTensor(name, shape, Later(view, (int)count)) : new FloatTensor(name, shape, Fill(view, new float[count]));
            _loaded.Add((view.Storage, view.Offset, layout), tensor);
        }
        return tensor with { Name = name };
    }

    private static int[] Check(string name, TensorView view)
    {
        if (view.Shape.Length > MaxRank || view.Shape.Length != view.Strides.Length)
        {
            throw Fault($"has {view.Shape.Length} sizes and {view.Strides.Length} strides, expected the same number, at most {MaxRank}");
        }

        if (view.Shape.Any(s => s < 0) || view.Strides.Any(s => s < 0) || view.Offset < 0)
        {
            throw Fault("has a negative size, stride or offset, expected 0 or more");
        }

        Int128 count = 1;
        Int128 last = view.Offset;
        for (int i = 0; i < view.Shape.Length; i++)
        {
            // 126 bits do not overflow; the products are compared before they are used again.
            count *= view.Shape[i];
            last += (Int128)(view.Shape[i] - 1) * view.Strides[i];
            if (view.Shape[i] > Array.MaxLength || count > Array.MaxLength)
            {
                throw Fault($"has more than {Array.MaxLength} elements");
            }
        }
        int size = SafetensorsTypes.Size(view.Type);
        long capacity = view.Storage.Length / size;
        if (count > 0 && last >= capacity)
        {
            throw Fault($"starts at element {view.Offset} with strides [{string.Join(", ", view.Strides)}] and reaches element {last}, "
                + $"but '{view.Storage.Name}' has {capacity}");
        }
        return [.. view.Shape.Select(s => (int)s)];

        CheckpointException Fault(string why) => new($"tensor '{name}' [{string.Join(", ", view.Shape.Take(MaxRank))}] {why}. The file is damaged");
    }

    /// <summary>Reads a dense view when it is asked for, which keeps the file open.</summary>
    private Func<float[]> Later(TensorView view, int count)
    {
        file.StaysOpen = true;
        return () =>
        {
            LargeArrays.Expect(sizeof(float) * (long)count);
            float[] data = GC.AllocateUninitializedArray<float>(count);
            try
            {
                FillDense(view, SafetensorsTypes.Size(view.Type), data);
            }
            catch (Exception e) when (e is CheckpointException or IOException)
            {
                throw new CheckpointException($"{file.Path}: changed while it was imported: {(e as CheckpointException)?.Message ?? FileFault.Of(e, file.Path)}", e);
            }
            return data;
        };
    }

    private float[] Fill(TensorView view, float[] data)
    {
        if (data.Length == 0)
        {
            return data;
        }

        int size = SafetensorsTypes.Size(view.Type);
        if (IsDense(view))
        {
            if (view.Storage.Deflated)
            {
                SafetensorsTypes.ToFloats(view.Type, Inflated(view.Storage).AsSpan((int)(view.Offset * size), data.Length * size), data);
            }
            else
            {
                FillDense(view, size, data);
            }

            return data;
        }

        long extent = 1 + view.Shape.Zip(view.Strides, (n, stride) => (n - 1) * stride).Sum();
        if (view.Storage.Deflated)
        {
            Gather(view, Inflated(view.Storage).AsSpan((int)(view.Offset * size), (int)(extent * size)), data);
            return data;
        }
        file.Budget.Charge(extent * size, $"a view with gaps of '{view.Storage.Name}'");
        if (extent * size > Array.MaxLength)
        {
            throw new CheckpointException($"a view with gaps spans {extent * size} bytes of '{view.Storage.Name}', "
                + $"expected at most {Array.MaxLength}. Save it with .contiguous()");
        }
        var raw = new byte[extent * size];
        file.Read(view.Storage.Start + (view.Offset * size), raw);
        Gather(view, raw, data);
        file.Budget.Release(raw.Length);
        return data;
    }

    private void FillDense(TensorView view, int size, float[] data)
    {
        long at = view.Storage.Start + (view.Offset * size);
        if (view.Type == SafetensorsType.F32 && BitConverter.IsLittleEndian)
        {
            for (int done = 0; done < data.Length; done += FloatsAtOnce)
            {
                file.Read(at + (4L * done), MemoryMarshal.AsBytes(data.AsSpan(done, Math.Min(FloatsAtOnce, data.Length - done))));
            }

            return;
        }
        byte[] block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        int perBlock = BlockBytes / size;
        for (int done = 0; done < data.Length; done += perBlock)
        {
            Span<float> part = data.AsSpan(done, Math.Min(perBlock, data.Length - done));
            Span<byte> bytes = block.AsSpan(0, part.Length * size);
            file.Read(at + ((long)done * size), bytes);
            SafetensorsTypes.ToFloats(view.Type, bytes, part);
        }
        ArrayPool<byte>.Shared.Return(block);
    }

    private byte[] Inflated(Storage storage)
    {
        if (_inflatedFrom != storage)
        {
            file.Budget.Release(_inflated.Length);
            _inflated = [];
            _inflated = storage.ReadAll();
            _inflatedFrom = storage;
        }
        return _inflated;
    }

    private static bool IsDense(TensorView view)
    {
        long expected = 1;
        for (int i = view.Shape.Length - 1; i >= 0; i--)
        {
            if (view.Shape[i] != 1 && view.Strides[i] != expected)
            {
                return false;
            }

            expected *= view.Shape[i];
        }
        return true;
    }

    /// <summary>Row-major elements from the bytes that the view spans.</summary>
    private static void Gather(TensorView view, ReadOnlySpan<byte> raw, Span<float> data)
    {
        int size = SafetensorsTypes.Size(view.Type);
        int rank = view.Shape.Length;
        Span<long> index = stackalloc long[rank];
        index.Clear();
        long at = 0;
        for (int i = 0; i < data.Length; i++)
        {
            SafetensorsTypes.ToFloats(view.Type, raw.Slice((int)(at * size), size), data.Slice(i, 1));
            for (int d = rank - 1; d >= 0; d--)
            {
                at += view.Strides[d];
                if (++index[d] < view.Shape[d])
                {
                    break;
                }

                at -= index[d] * view.Strides[d];
                index[d] = 0;
            }
        }
    }
}
