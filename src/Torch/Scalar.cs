using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>A number that an operation takes besides its tensors: an integer, a floating-point value or a boolean.</summary>
public sealed class Scalar : IDisposable
{
    private readonly NativeScalar _value;

    private Scalar(long kind, long integer, double real) => _value = new NativeScalar { Kind = kind, Integer = integer, Real = real };

    /// <summary>The element type that the number would have as a tensor of its own.</summary>
    public torch.ScalarType Type
        => _value.Kind switch { 1 => torch.ScalarType.Int64, 3 => torch.ScalarType.Bool, _ => torch.ScalarType.Float64 };

    internal static NativeScalar One => new() { Kind = 1, Integer = 1, Real = 1 };

    internal bool IsFloat => _value.Kind == 2;

    internal double AsDouble => _value.Real;

    internal static NativeScalar Of(Scalar? value) => value is null ? default : value._value;

    internal static NativeScalar Of(double value) => new() { Kind = 2, Integer = (long)value, Real = value };

    internal static NativeScalar Of(long value) => new() { Kind = 1, Integer = value, Real = value };

    /// <summary>Does nothing: the number owns no native memory.</summary>
    public void Dispose()
    {
    }

    /// <inheritdoc/>
    public override string ToString()

            => IsFloat ? _value.Real.ToString(System.Globalization.CultureInfo.InvariantCulture)
                : _value.Integer.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>An integer.</summary>
    public static implicit operator Scalar(byte value) => new(1, value, value);

    /// <summary>An integer.</summary>
    public static implicit operator Scalar(sbyte value) => new(1, value, value);

    /// <summary>An integer.</summary>
    public static implicit operator Scalar(short value) => new(1, value, value);

    /// <summary>An integer.</summary>
    public static implicit operator Scalar(int value) => new(1, value, value);

    /// <summary>An integer.</summary>
    public static implicit operator Scalar(long value) => new(1, value, value);

    /// <summary>A floating-point value.</summary>
    public static implicit operator Scalar(Half value) => new(2, 0, (double)value);

    /// <summary>A floating-point value.</summary>
    public static implicit operator Scalar(float value) => new(2, 0, value);

    /// <summary>A floating-point value.</summary>
    public static implicit operator Scalar(double value) => new(2, 0, value);

    /// <summary>A boolean.</summary>
    public static implicit operator Scalar(bool value) => new(3, value ? 1 : 0, value ? 1 : 0);
}

/// <summary>Conversions between numbers and <see cref="Scalar"/>.</summary>
public static class ScalarExtensionMethods
{
    /// <summary>An integer scalar.</summary>
    public static Scalar ToScalar(this int value) => value;

    /// <summary>An integer scalar.</summary>
    public static Scalar ToScalar(this long value) => value;

    /// <summary>A floating-point scalar.</summary>
    public static Scalar ToScalar(this float value) => value;

    /// <summary>A floating-point scalar.</summary>
    public static Scalar ToScalar(this double value) => value;

    /// <summary>A boolean scalar.</summary>
    public static Scalar ToScalar(this bool value) => value;

    /// <summary>The value as a single-precision number.</summary>
    public static float ToSingle(this Scalar value) => (float)value.AsDouble;

    /// <summary>The value as a double-precision number.</summary>
    public static double ToDouble(this Scalar value) => value.AsDouble;

    /// <summary>The value as a 64-bit integer, truncated.</summary>
    public static long ToInt64(this Scalar value) => value.IsFloat ? (long)value.AsDouble : Scalar.Of(value).Integer;

    /// <summary>The value as a 32-bit integer, truncated.</summary>
    public static int ToInt32(this Scalar value) => checked((int)value.ToInt64());

    /// <summary>Whether the value is not zero.</summary>
    public static bool ToBoolean(this Scalar value) => value.AsDouble != 0 || Scalar.Of(value).Integer != 0;
}
