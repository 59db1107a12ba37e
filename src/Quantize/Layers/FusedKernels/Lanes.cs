using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>An element type of the matrix products, 16 lanes at a time. The traversals are written once and compiled for each.</summary>
internal interface ILanes
{
    /// <summary>The tensor's type.</summary>
    static abstract ScalarType Type { get; }

    /// <summary>16 elements as floats.</summary>
    static abstract Vector512<float> Load(ref byte start, nuint element);

    /// <summary>Rounds 16 floats.</summary>
    static abstract void Store(Vector512<float> value, ref byte start, nuint element);
}

/// <summary>Floats.</summary>
internal readonly struct Float32Lanes : ILanes
{
    public static ScalarType Type => ScalarType.Float32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ref byte start, nuint element) => Vector512.LoadUnsafe(ref Unsafe.As<byte, float>(ref start), element);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, ref byte start, nuint element) => value.StoreUnsafe(ref Unsafe.As<byte, float>(ref start), element);
}

/// <summary>The upper halves of floats, rounded to nearest even. Products of signs are exact: the sums are integers.</summary>
internal readonly struct BFloat16Lanes : ILanes
{
    public static ScalarType Type => ScalarType.BFloat16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ref byte start, nuint element)
    {
        Vector256<ushort> half = Vector256.LoadUnsafe(ref Unsafe.As<byte, ushort>(ref start), element);
        Vector512<uint> wide = Avx512F.IsSupported
            ? Avx512F.ConvertToVector512UInt32(half)
            : Vector512.Create(Vector256.WidenLower(half), Vector256.WidenUpper(half));
        return Vector512.ShiftLeft(wide, 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector512<float> value, ref byte start, nuint element)
    {
        Vector512<uint> bits = value.AsUInt32();
        Vector512<uint> odd = Vector512.ShiftRightLogical(bits, 16) & Vector512.Create(1u);
        Vector512<uint> upper = Vector512.ShiftRightLogical(bits + Vector512.Create(0x7FFFu) + odd, 16);
        Vector256<ushort> half = Avx512F.IsSupported
            ? Avx512F.ConvertToVector256UInt16(upper)
            : Vector256.Narrow(upper.GetLower(), upper.GetUpper());
        half.StoreUnsafe(ref Unsafe.As<byte, ushort>(ref start), element);
    }
}

/// <summary>The memory of a contiguous tensor on the processor. Asking libtorch for it takes several calls: once for a pass, not for each of its chunks.</summary>
internal readonly unsafe struct TensorMemory
{
    private readonly byte* _start;
    private readonly Tensor _owner;

    internal TensorMemory(Tensor tensor)
    {
        _start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes));
        _owner = tensor;
    }

    /// <summary>The first byte; valid while the tensor is.</summary>
    internal ref byte Start => ref Unsafe.AsRef<byte>(_start);
}

/// <summary>Reading and writing the memory of tensors on the processor.</summary>
internal static class Lanes
{
    /// <summary>Lanes of a vector; channels must be a multiple of it for the kernels here.</summary>
    internal const int Count = 16;

    /// <summary>The first byte of a contiguous tensor.</summary>
    internal static ref byte Start(Tensor tensor) => ref MemoryMarshal.GetReference(tensor.bytes);

    /// <summary>The floats of a contiguous tensor.</summary>
    internal static Span<float> Floats(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.bytes);

    /// <summary>16 floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Load(ref byte start, nuint element) => Float32Lanes.Load(ref start, element);

    /// <summary>16 floats of an array.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Load(float[] values, int element) => Vector512.LoadUnsafe(ref MemoryMarshal.GetArrayDataReference(values), (nuint)element);

    /// <summary>Adds to 16 floats of an array.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Accumulate(float[] sums, int element, Vector512<float> value)
    {
        ref float at = ref MemoryMarshal.GetArrayDataReference(sums);
        (Vector512.LoadUnsafe(ref at, (nuint)element) + value).StoreUnsafe(ref at, (nuint)element);
    }

    /// <summary>Lanes by index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Permute(Vector512<float> value, Vector512<int> index) =>
        Avx512F.IsSupported ? Avx512F.PermuteVar16x32(value, index) : Vector512.Shuffle(value, index);
}

/// <summary>Lane patterns of groups of e adjacent channels, e a power of two up to 16.</summary>
internal sealed class GroupLanes
{
    private static readonly GroupLanes[] s_known = [.. Enumerable.Range(0, 5).Select(i => new GroupLanes(1 << i))];

    private readonly Vector512<int>[] _swap;
    private readonly Vector512<int>[] _gather;
    private readonly Vector512<float>[] _keep;
    private readonly Vector512<int>[] _spread;

    private GroupLanes(int e)
    {
        E = e;
        Vector512<int> lane = Vector512.Create(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        List<Vector512<int>> swap = [];
        for (int s = 1; s < e; s <<= 1)
        {
            swap.Add(lane ^ Vector512.Create(s));
        }

        _swap = [.. swap];
        int groups = Lanes.Count / e;
        _gather = new Vector512<int>[e];
        _keep = new Vector512<float>[e];
        _spread = new Vector512<int>[e];
        for (int i = 0; i < e; i++)
        {
            int[] gather = new int[Lanes.Count];
            int[] keep = new int[Lanes.Count];
            int[] spread = new int[Lanes.Count];
            for (int l = 0; l < Lanes.Count; l++)
            {
                int q = l - (i * groups);
                bool mine = q >= 0 && q < groups;
                gather[l] = mine ? q * e : 0;
                keep[l] = mine ? -1 : 0;
                spread[l] = (i * groups) + (l / e);
            }
            _gather[i] = Vector512.Create(gather);
            _keep[i] = Vector512.Create(keep).AsSingle();
            _spread[i] = Vector512.Create(spread);
        }
    }

    internal int E { get; }

    internal static bool Serves(int e) => e is 1 or 2 or 4 or 8 or 16;

    internal static GroupLanes Of(int e) => s_known[int.Log2(e)];

    /// <summary>Means of 16 groups that start at <paramref name="element"/>.</summary>
    internal Vector512<float> Mean(ref byte start, nuint element)
    {
        Vector512<float> result = Vector512<float>.Zero;
        for (int i = 0; i < E; i++)
        {
            Vector512<float> t = Lanes.Load(ref start, element + (nuint)(i * Lanes.Count));
            foreach (Vector512<int> swap in _swap)
            {
                t += Lanes.Permute(t, swap);
            }

            result |= Lanes.Permute(t, _gather[i]) & _keep[i];
        }
        return result * (1f / E);
    }

    /// <summary>Each of 16 channels that start at <paramref name="channel"/> gets the value of its group.</summary>
    internal Vector512<float> Spread(ref byte start, nuint row, int channel)
    {
        int group = channel / E;
        Vector512<float> values = Lanes.Load(ref start, row + (nuint)(group & ~(Lanes.Count - 1)));
        return Lanes.Permute(values, _spread[group % Lanes.Count * E / Lanes.Count]);
    }
}
