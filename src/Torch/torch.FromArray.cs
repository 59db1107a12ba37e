using System.Runtime.CompilerServices;
using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>A tensor of no dimensions with this value.</summary>
    public static Tensor tensor(bool scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => FromSpan<bool>([scalar], [], dtype, device, requires_grad, null);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(bool[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<bool>(rawArray, [rawArray.Length], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(bool[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<bool>(rawArray, dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(IList<bool> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<bool>(ToArray(rawArray), [rawArray.Count], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(IList<bool> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<bool>(ToArray(rawArray), dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, as a matrix.</summary>
    public static Tensor tensor(IList<bool> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<bool>(ToArray(rawArray), [rows, columns], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in three dimensions.</summary>
    public static Tensor tensor(IList<bool> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<bool>(ToArray(rawArray), [dim0, dim1, dim2], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in four dimensions.</summary>
    public static Tensor tensor(IList<bool> rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null,
        Device? device = null, bool requires_grad = false, string[]? names = null)
        => FromSpan<bool>(ToArray(rawArray), [dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(bool[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(bool[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A tensor of no dimensions with this value.</summary>
    public static Tensor tensor(byte scalar, Device? device = null, bool requires_grad = false)
        => FromSpan<byte>([scalar], [], null, device, requires_grad, null);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(byte[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<byte>(rawArray, [rawArray.Length], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(byte[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<byte>(rawArray, dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(IList<byte> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<byte>(ToArray(rawArray), [rawArray.Count], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(IList<byte> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<byte>(ToArray(rawArray), dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, as a matrix.</summary>
    public static Tensor tensor(IList<byte> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<byte>(ToArray(rawArray), [rows, columns], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in three dimensions.</summary>
    public static Tensor tensor(IList<byte> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<byte>(ToArray(rawArray), [dim0, dim1, dim2], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in four dimensions.</summary>
    public static Tensor tensor(IList<byte> rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null,
        Device? device = null, bool requires_grad = false, string[]? names = null)
        => FromSpan<byte>(ToArray(rawArray), [dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(byte[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(byte[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A tensor of no dimensions with this value.</summary>
    public static Tensor tensor(sbyte scalar, Device? device = null, bool requires_grad = false)
        => FromSpan<sbyte>([scalar], [], null, device, requires_grad, null);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(sbyte[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<sbyte>(rawArray, [rawArray.Length], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(sbyte[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<sbyte>(rawArray, dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(IList<sbyte> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<sbyte>(ToArray(rawArray), [rawArray.Count], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(IList<sbyte> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<sbyte>(ToArray(rawArray), dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, as a matrix.</summary>
    public static Tensor tensor(IList<sbyte> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<sbyte>(ToArray(rawArray), [rows, columns], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in three dimensions.</summary>
    public static Tensor tensor(IList<sbyte> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<sbyte>(ToArray(rawArray), [dim0, dim1, dim2], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in four dimensions.</summary>
    public static Tensor tensor(IList<sbyte> rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null,
        Device? device = null, bool requires_grad = false, string[]? names = null)
        => FromSpan<sbyte>(ToArray(rawArray), [dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(sbyte[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(sbyte[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A tensor of no dimensions with this value.</summary>
    public static Tensor tensor(short scalar, Device? device = null, bool requires_grad = false)
        => FromSpan<short>([scalar], [], null, device, requires_grad, null);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(short[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<short>(rawArray, [rawArray.Length], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(short[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<short>(rawArray, dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(IList<short> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<short>(ToArray(rawArray), [rawArray.Count], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(IList<short> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<short>(ToArray(rawArray), dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, as a matrix.</summary>
    public static Tensor tensor(IList<short> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<short>(ToArray(rawArray), [rows, columns], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in three dimensions.</summary>
    public static Tensor tensor(IList<short> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<short>(ToArray(rawArray), [dim0, dim1, dim2], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in four dimensions.</summary>
    public static Tensor tensor(IList<short> rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null,
        Device? device = null, bool requires_grad = false, string[]? names = null)
        => FromSpan<short>(ToArray(rawArray), [dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(short[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(short[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A tensor of no dimensions with this value.</summary>
    public static Tensor tensor(int scalar, Device? device = null, bool requires_grad = false)
        => FromSpan<int>([scalar], [], null, device, requires_grad, null);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(int[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<int>(rawArray, [rawArray.Length], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(int[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<int>(rawArray, dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(IList<int> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<int>(ToArray(rawArray), [rawArray.Count], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(IList<int> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<int>(ToArray(rawArray), dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, as a matrix.</summary>
    public static Tensor tensor(IList<int> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<int>(ToArray(rawArray), [rows, columns], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in three dimensions.</summary>
    public static Tensor tensor(IList<int> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<int>(ToArray(rawArray), [dim0, dim1, dim2], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in four dimensions.</summary>
    public static Tensor tensor(IList<int> rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null,
        Device? device = null, bool requires_grad = false, string[]? names = null)
        => FromSpan<int>(ToArray(rawArray), [dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(int[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(int[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A tensor of no dimensions with this value.</summary>
    public static Tensor tensor(long scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => FromSpan<long>([scalar], [], dtype, device, requires_grad, null);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(long[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<long>(rawArray, [rawArray.Length], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(long[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<long>(rawArray, dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(IList<long> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<long>(ToArray(rawArray), [rawArray.Count], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(IList<long> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<long>(ToArray(rawArray), dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, as a matrix.</summary>
    public static Tensor tensor(IList<long> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<long>(ToArray(rawArray), [rows, columns], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in three dimensions.</summary>
    public static Tensor tensor(IList<long> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<long>(ToArray(rawArray), [dim0, dim1, dim2], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in four dimensions.</summary>
    public static Tensor tensor(IList<long> rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null,
        Device? device = null, bool requires_grad = false, string[]? names = null)
        => FromSpan<long>(ToArray(rawArray), [dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(long[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(long[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A tensor of no dimensions with this value.</summary>
    public static Tensor tensor(float scalar, Device? device = null, bool requires_grad = false)
        => FromSpan<float>([scalar], [], null, device, requires_grad, null);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(float[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<float>(rawArray, [rawArray.Length], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(float[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<float>(rawArray, dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(IList<float> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<float>(ToArray(rawArray), [rawArray.Count], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(IList<float> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<float>(ToArray(rawArray), dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, as a matrix.</summary>
    public static Tensor tensor(IList<float> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<float>(ToArray(rawArray), [rows, columns], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in three dimensions.</summary>
    public static Tensor tensor(IList<float> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<float>(ToArray(rawArray), [dim0, dim1, dim2], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in four dimensions.</summary>
    public static Tensor tensor(IList<float> rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null,
        Device? device = null, bool requires_grad = false, string[]? names = null)
        => FromSpan<float>(ToArray(rawArray), [dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(float[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(float[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A tensor of no dimensions with this value.</summary>
    public static Tensor tensor(double scalar, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => FromSpan<double>([scalar], [], dtype, device, requires_grad, null);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(double[] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<double>(rawArray, [rawArray.Length], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(double[] rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<double>(rawArray, dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in one dimension.</summary>
    public static Tensor tensor(IList<double> rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => FromSpan<double>(ToArray(rawArray), [rawArray.Count], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in row-major order.</summary>
    public static Tensor tensor(IList<double> rawArray, ReadOnlySpan<long> dimensions, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<double>(ToArray(rawArray), dimensions, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, as a matrix.</summary>
    public static Tensor tensor(IList<double> rawArray, long rows, long columns, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<double>(ToArray(rawArray), [rows, columns], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in three dimensions.</summary>
    public static Tensor tensor(IList<double> rawArray, long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => FromSpan<double>(ToArray(rawArray), [dim0, dim1, dim2], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, in four dimensions.</summary>
    public static Tensor tensor(IList<double> rawArray, long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null,
        Device? device = null, bool requires_grad = false, string[]? names = null)
        => FromSpan<double>(ToArray(rawArray), [dim0, dim1, dim2, dim3], dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(double[,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A copy of the values, with the array's dimensions.</summary>
    public static Tensor tensor(double[,,] rawArray, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => from_array(rawArray, dtype, device, requires_grad, names);

    /// <summary>A copy of an array of any number of dimensions.</summary>
    public static Tensor from_array(Array rawArray, Device? device = null) => from_array(rawArray, null, device);

    /// <summary>A copy of an array of any number of dimensions, converted to a type.</summary>
    public static unsafe Tensor from_array(Array rawArray, ScalarType? dtype, Device? device = null, bool requires_grad = false,
        string[]? names = null)
    {
        ScalarType own = TypeOf(rawArray.GetType().GetElementType()!);
        var shape = new long[rawArray.Rank];
        for (int i = 0; i < shape.Length; i++) shape[i] = rawArray.GetLongLength(i);
        long width = own switch
        {
            ScalarType.Int64 or ScalarType.Float64 => 8,
            ScalarType.Int32 or ScalarType.Float32 => 4,
            ScalarType.Int16 or ScalarType.Float16 => 2,
            _ => 1
        };
        ref byte data = ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(rawArray);
        fixed (byte* p = &data) return FromBytes(p, rawArray.LongLength * width, shape, own, dtype, device, requires_grad, names);
    }

    /// <summary>A copy of part of an array, in one dimension.</summary>
    /// <remarks>TorchSharp shares the memory instead; write to the tensor, not to the array.</remarks>
    public static Tensor frombuffer(Array rawArray, ScalarType dtype, long count = -1, long offset = 0, bool requires_grad = false)
    {
        using Tensor all = from_array(rawArray).reshape(-1);
        using Tensor part = all.narrow(0, offset, count < 0 ? all.numel() - offset : count);
        Tensor result = part.to(dtype, copy: true);
        return requires_grad ? result.requires_grad_() : result;
    }

    private static unsafe Tensor FromSpan<T>(ReadOnlySpan<T> values, ReadOnlySpan<long> shape, ScalarType? dtype, Device? device,
        bool requires_grad, string[]? names)
        where T : unmanaged
    {
        fixed (T* p = values)
            return FromBytes(p, (long)values.Length * Unsafe.SizeOf<T>(), shape, TypeOf(typeof(T)), dtype, device, requires_grad, names);
    }

    private static unsafe Tensor FromBytes(void* data, long bytes, ReadOnlySpan<long> shape, ScalarType own, ScalarType? dtype,
        Device? device, bool requires_grad, string[]? names)
    {
        Device place = Place(device, names);
        Tensor result;
        fixed (long* p = shape) result = Tensor.New(Native.ev_from_bytes(data, bytes, p, shape.Length, (int)own));
        if ((dtype is not null && dtype != own) || place.type != DeviceType.CPU)
            result = result.to(dtype ?? own, place, disposeAfter: true);
        return requires_grad ? result.requires_grad_() : result;
    }

    private static T[] ToArray<T>(IList<T> values) => values as T[] ?? [.. values];
}
