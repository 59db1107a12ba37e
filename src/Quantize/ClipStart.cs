using System.Globalization;

namespace EdgeVit.Quantize;

/// <summary>Where the clip of binary attention starts: the highest probability that attention distinguishes from more. With one level, probabilities above
/// half of it become 1; with three, each level is a third of it, so that gradients pass over the same range.</summary>
/// <param name="Value">The clip itself, or what is divided by the number of keys.</param>
/// <param name="ByKeys">Whether it is divided by the number of keys.</param>
internal readonly record struct ClipStart(double Value, bool ByKeys)
{
    private const string KeysSuffix = "/keys";

    /// <summary>Three times the mean probability: large enough that bits vary, small enough that gradients reach queries and keys.</summary>
    public static ClipStart Default { get; } = new(3, true);

    /// <summary>The clip for so many keys.</summary>
    public double For(int keys) => ByKeys ? Value / keys : Value;

    /// <summary>Reads <c>3/keys</c> or <c>0.005</c>.</summary>
    /// <exception cref="ConvertException">It is neither, or out of range.</exception>
    public static ClipStart Parse(string text)
    {
        bool byKeys = text.EndsWith(KeysSuffix, StringComparison.Ordinal);
        ReadOnlySpan<char> number = byKeys ? text.AsSpan(0, text.Length - KeysSuffix.Length) : text;
        (double least, double most) = byKeys ? (0.01, 100.0) : (1e-6, 1.0);
        return double.TryParse(number, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most
            ? new ClipStart(value, byKeys)
            : throw new ConvertException(
                $"--clip-start is '{text}', expected a multiple (0.01 to 100) of one over the number of keys such as 3/keys, or the clip itself (0.000001 to 1) such as 0.005, the paper's.",
                ConvertException.Usage);
    }

    public override string ToString() => Value.ToString("R", CultureInfo.InvariantCulture) + (ByKeys ? KeysSuffix : "");
}
