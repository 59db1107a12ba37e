using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    /// <summary>Elements not yet written to, of the given size.</summary>
    public static unsafe Tensor empty(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
    {
        Device place = Place(device, names);
        fixed (long* p = size)
            return Finish(Native.ev_empty(p, size.Length, (int)(dtype ?? s_defaultType), (int)place.type, place.index), requires_grad);
    }

    /// <summary>Elements not yet written to, of the given size.</summary>
    public static Tensor empty(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => empty(size.AsSpan(), dtype, device, requires_grad, names: names);

    /// <summary>Elements not yet written to, of the given size.</summary>
    public static Tensor empty(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => empty([size], dtype, device, requires_grad, names: names);

    /// <summary>Elements not yet written to, of the given size.</summary>
    public static Tensor empty(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => empty([rows, columns], dtype, device, requires_grad, names: names);

    /// <summary>Elements not yet written to, of the given size.</summary>
    public static Tensor empty(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => empty([dim0, dim1, dim2], dtype, device, requires_grad, names: names);

    /// <summary>Elements not yet written to, of the given size.</summary>
    public static Tensor empty(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => empty([dim0, dim1, dim2, dim3], dtype, device, requires_grad, names: names);

    /// <summary>Elements that are zero, of the given size.</summary>
    public static unsafe Tensor zeros(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
    {
        Device place = Place(device, names);
        fixed (long* p = size)
            return Finish(Native.ev_zeros(p, size.Length, (int)(dtype ?? s_defaultType), (int)place.type, place.index), requires_grad);
    }

    /// <summary>Elements that are zero, of the given size.</summary>
    public static Tensor zeros(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => zeros(size.AsSpan(), dtype, device, requires_grad, names: names);

    /// <summary>Elements that are zero, of the given size.</summary>
    public static Tensor zeros(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => zeros([size], dtype, device, requires_grad, names: names);

    /// <summary>Elements that are zero, of the given size.</summary>
    public static Tensor zeros(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => zeros([rows, columns], dtype, device, requires_grad, names: names);

    /// <summary>Elements that are zero, of the given size.</summary>
    public static Tensor zeros(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => zeros([dim0, dim1, dim2], dtype, device, requires_grad, names: names);

    /// <summary>Elements that are zero, of the given size.</summary>
    public static Tensor zeros(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => zeros([dim0, dim1, dim2, dim3], dtype, device, requires_grad, names: names);

    /// <summary>Elements that are one, of the given size.</summary>
    public static unsafe Tensor ones(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
    {
        Device place = Place(device, names);
        fixed (long* p = size)
            return Finish(Native.ev_ones(p, size.Length, (int)(dtype ?? s_defaultType), (int)place.type, place.index), requires_grad);
    }

    /// <summary>Elements that are one, of the given size.</summary>
    public static Tensor ones(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => ones(size.AsSpan(), dtype, device, requires_grad, names: names);

    /// <summary>Elements that are one, of the given size.</summary>
    public static Tensor ones(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => ones([size], dtype, device, requires_grad, names: names);

    /// <summary>Elements that are one, of the given size.</summary>
    public static Tensor ones(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => ones([rows, columns], dtype, device, requires_grad, names: names);

    /// <summary>Elements that are one, of the given size.</summary>
    public static Tensor ones(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => ones([dim0, dim1, dim2], dtype, device, requires_grad, names: names);

    /// <summary>Elements that are one, of the given size.</summary>
    public static Tensor ones(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => ones([dim0, dim1, dim2, dim3], dtype, device, requires_grad, names: names);

    /// <summary>Elements that have a value, of the given size.</summary>
    public static unsafe Tensor full(ReadOnlySpan<long> size, Scalar value, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
    {
        Device place = Place(device, names);
        ScalarType type = dtype ?? (value.Type == ScalarType.Float64 ? get_default_dtype() : value.Type);
        fixed (long* p = size)
            return Finish(Native.ev_full(p, size.Length, Scalar.Of(value), (int)type, (int)place.type, place.index), requires_grad);
    }

    /// <summary>Elements that have a value, of the given size.</summary>
    public static Tensor full(long[] size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => full(size.AsSpan(), value, dtype, device, requires_grad, names: names);

    /// <summary>Elements that have a value, of the given size.</summary>
    public static Tensor full(long size, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
        => full([size], value, dtype, device, requires_grad, names: names);

    /// <summary>Elements that have a value, of the given size.</summary>
    public static Tensor full(long rows, long columns, Scalar value, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => full([rows, columns], value, dtype, device, requires_grad, names: names);

    /// <summary>Elements that have a value, of the given size.</summary>
    public static Tensor full(long dim0, long dim1, long dim2, Scalar value, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => full([dim0, dim1, dim2], value, dtype, device, requires_grad, names: names);

    /// <summary>Elements that have a value, of the given size.</summary>
    public static Tensor full(long dim0, long dim1, long dim2, long dim3, Scalar value, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, string[]? names = null)
        => full([dim0, dim1, dim2, dim3], value, dtype, device, requires_grad, names: names);

    /// <summary>Elements drawn uniformly from [0, 1), of the given size.</summary>
    public static unsafe Tensor rand(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null)
    {
        Device place = Place(device, names);
        fixed (long* p = size)
            return Finish(Native.ev_rand(p, size.Length, (int)(dtype ?? s_defaultType), (int)place.type, place.index,
                Generator.Of(generator)), requires_grad);
    }

    /// <summary>Elements drawn uniformly from [0, 1), of the given size.</summary>
    public static Tensor rand(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null)
        => rand(size.AsSpan(), dtype, device, requires_grad, generator: generator, names: names);

    /// <summary>Elements drawn uniformly from [0, 1), of the given size.</summary>
    public static Tensor rand(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null)
        => rand([size], dtype, device, requires_grad, generator: generator, names: names);

    /// <summary>Elements drawn uniformly from [0, 1), of the given size.</summary>
    public static Tensor rand(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null)
        => rand([rows, columns], dtype, device, requires_grad, generator: generator, names: names);

    /// <summary>Elements drawn uniformly from [0, 1), of the given size.</summary>
    public static Tensor rand(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null)
        => rand([dim0, dim1, dim2], dtype, device, requires_grad, generator: generator, names: names);

    /// <summary>Elements drawn uniformly from [0, 1), of the given size.</summary>
    public static Tensor rand(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, Generator? generator = null, string[]? names = null)
        => rand([dim0, dim1, dim2, dim3], dtype, device, requires_grad, generator: generator, names: names);

    /// <summary>Elements drawn from the standard normal distribution, of the given size.</summary>
    public static unsafe Tensor randn(ReadOnlySpan<long> size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null)
    {
        Device place = Place(device, names);
        fixed (long* p = size)
            return Finish(Native.ev_randn(p, size.Length, (int)(dtype ?? s_defaultType), (int)place.type, place.index,
                Generator.Of(generator)), requires_grad);
    }

    /// <summary>Elements drawn from the standard normal distribution, of the given size.</summary>
    public static Tensor randn(long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null)
        => randn(size.AsSpan(), dtype, device, requires_grad, generator: generator, names: names);

    /// <summary>Elements drawn from the standard normal distribution, of the given size.</summary>
    public static Tensor randn(long size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null)
        => randn([size], dtype, device, requires_grad, generator: generator, names: names);

    /// <summary>Elements drawn from the standard normal distribution, of the given size.</summary>
    public static Tensor randn(long rows, long columns, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null)
        => randn([rows, columns], dtype, device, requires_grad, generator: generator, names: names);

    /// <summary>Elements drawn from the standard normal distribution, of the given size.</summary>
    public static Tensor randn(long dim0, long dim1, long dim2, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null)
        => randn([dim0, dim1, dim2], dtype, device, requires_grad, generator: generator, names: names);

    /// <summary>Elements drawn from the standard normal distribution, of the given size.</summary>
    public static Tensor randn(long dim0, long dim1, long dim2, long dim3, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, Generator? generator = null, string[]? names = null)
        => randn([dim0, dim1, dim2, dim3], dtype, device, requires_grad, generator: generator, names: names);

    /// <summary>A tensor with the size (and, unless given, the type and device) of another; its elements as in zeros.</summary>
    public static Tensor zeros_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)

            => Finish(Native.ev_like(input.H, 0, Tensor.TypeCode(dtype), device is null ? -1 : (int)device.type, device is null ? -1
                : device.index), requires_grad, input);

    /// <summary>A tensor with the size (and, unless given, the type and device) of another; its elements as in ones.</summary>
    public static Tensor ones_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)

            => Finish(Native.ev_like(input.H, 1, Tensor.TypeCode(dtype), device is null ? -1 : (int)device.type, device is null ? -1
                : device.index), requires_grad, input);

    /// <summary>A tensor with the size (and, unless given, the type and device) of another; its elements as in empty.</summary>
    public static Tensor empty_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)

            => Finish(Native.ev_like(input.H, 2, Tensor.TypeCode(dtype), device is null ? -1 : (int)device.type, device is null ? -1
                : device.index), requires_grad, input);

    /// <summary>A tensor with the size (and, unless given, the type and device) of another; its elements as in rand.</summary>
    public static Tensor rand_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)

            => Finish(Native.ev_like(input.H, 3, Tensor.TypeCode(dtype), device is null ? -1 : (int)device.type, device is null ? -1
                : device.index), requires_grad, input);

    /// <summary>A tensor with the size (and, unless given, the type and device) of another; its elements as in randn.</summary>
    public static Tensor randn_like(Tensor input, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)

            => Finish(Native.ev_like(input.H, 4, Tensor.TypeCode(dtype), device is null ? -1 : (int)device.type, device is null ? -1
                : device.index), requires_grad, input);

    /// <summary>A tensor with the size of another and one value.</summary>
    public static Tensor full_like(Tensor input, Scalar value, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
    {
        Tensor result = empty_like(input, dtype, device, names: names);
        using (no_grad()) result.fill_(value);
        return requires_grad ? result.requires_grad_() : result;
    }

    /// <summary>Integers drawn uniformly from [low, high).</summary>
    public static unsafe Tensor randint(long low, long high, long[] size, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false, Generator? generator = null, string[]? names = null)
    {
        Device place = Place(device, names);
        fixed (long* p = size)
            return Finish(Native.ev_randint(low, high, p, size.Length, (int)(dtype ?? ScalarType.Int64), (int)place.type, place.index,
                Generator.Of(generator)), requires_grad);
    }

    /// <summary>Integers drawn uniformly from [0, high).</summary>
    public static Tensor randint(long high, long[] size, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null, string[]? names = null)
        => randint(0, high, size, dtype, device, requires_grad, generator, names);

    /// <summary>The integers from 0 to n - 1 in random order.</summary>
    public static Tensor randperm(long n, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        Generator? generator = null)
    {
        Device place = Place(device, null);
        return Finish(Native.ev_randperm(n, (int)(dtype ?? ScalarType.Int64), (int)place.type, place.index, Generator.Of(generator)),
            requires_grad);
    }

    /// <summary>Numbers from start up to stop, with a step.</summary>
    public static Tensor arange(Scalar start, Scalar stop, Scalar step, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false)
    {
        Device place = Place(device, null);
        ScalarType type = dtype ?? (start.IsFloat || stop.IsFloat || step.IsFloat ? get_default_dtype() : ScalarType.Int64);
        return Finish(Native.ev_arange(Scalar.Of(start), Scalar.Of(stop), Scalar.Of(step), (int)type, (int)place.type, place.index),
            requires_grad);
    }

    /// <summary>Numbers from start up to stop, with step one.</summary>
    public static Tensor arange(Scalar start, Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => arange(start, stop, 1, dtype, device, requires_grad);

    /// <summary>Numbers from zero up to stop, with step one.</summary>
    public static Tensor arange(Scalar stop, ScalarType? dtype = null, Device? device = null, bool requires_grad = false)
        => arange(0, stop, 1, dtype, device, requires_grad);

    /// <summary>Numbers at equal distances from start to end, both included.</summary>
    public static Tensor linspace(double start, double end, long steps, ScalarType? dtype = null, Device? device = null,
        bool requires_grad = false)
    {
        Device place = Place(device, null);
        return Finish(Native.ev_linspace(Scalar.Of(start), Scalar.Of(end), steps, (int)(dtype ?? s_defaultType), (int)place.type,
            place.index), requires_grad);
    }

    /// <summary>The identity matrix.</summary>
    public static Tensor eye(long rows, long columns = -1L, ScalarType? dtype = null, Device? device = null, bool requires_grad = false,
        string[]? names = null)
    {
        Device place = Place(device, names);
        return Finish(Native.ev_eye(rows, columns < 0 ? rows : columns, (int)(dtype ?? s_defaultType), (int)place.type, place.index),
            requires_grad);
    }

    private static Tensor Finish(nint handle, bool requires_grad, Tensor? keep = null)
    {
        Tensor result = Tensor.New(handle, keep);
        return requires_grad ? result.requires_grad_() : result;
    }

    private static Device Place(Device? device, string[]? names)
    {
        if (names is not null) throw new NotSupportedException("Named dimensions are not supported.");
        Device place = device ?? s_defaultDevice;
        Tensor.RequireDevice(place);
        return place;
    }
}
