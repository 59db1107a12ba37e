using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>How far rounding may move each element of a node's tokens <c>[N, C]</c>. A few runs may happen to move one element little: it counts as
/// moved like the middle one of its token, or of its channel over the tokens where that is less, so that an outlier excuses no other.</summary>
internal sealed class RoundingSpread(ValueShape shape, double[] moved, double[] last)
{
    /// <summary>So many times the spread of the runs may be between two that round otherwise.</summary>
    public const double Margin = 3;

    private readonly double[] _ofToken = [.. Enumerable.Range(0, shape.Tokens).Select(t => Middle(moved.AsSpan(t * shape.Channels, shape.Channels).ToArray()))];

    private readonly double[]? _ofChannel = shape.Tokens == 1 ? null
        : [.. Enumerable.Range(0, shape.Channels).Select(c => Middle([.. Enumerable.Range(0, shape.Tokens).Select(t => moved[(t * shape.Channels) + c])]))];

    /// <summary>The largest; NaN or infinite where a run left the floats.</summary>
    public double Largest { get; } = moved.Length == 0 ? 0 : moved.Any(double.IsNaN) ? double.NaN : moved.Max();

    /// <summary>What element i may differ by.</summary>
    public double Allowed(int i)
    {
        (int token, int channel) = int.DivRem(i, shape.Channels);
        double middle = _ofChannel is null ? _ofToken[token] : Math.Min(_ofToken[token], _ofChannel[channel]);
        return Math.Max(Margin * Math.Max(moved[i], middle), last[i]);
    }

    /// <summary>The element that differs by most for what it may, where one differs by more; null for none. A number that is none, or a spread without
    /// end, comes before all others.</summary>
    public int? Beyond(ReadOnlySpan<float> packed, ReadOnlySpan<float> simulated)
    {
        (int? worst, double most) = (null, 1);
        for (int i = 0; i < packed.Length; i++)
        {
            (double error, double allowed) = (Math.Abs((double)packed[i] - simulated[i]), Allowed(i));
            if (!double.IsFinite(error) || !double.IsFinite(allowed))
            {
                return i;
            }

            double ratio = error == 0 ? 0 : error / allowed;
            (worst, most) = ratio > most ? (i, ratio) : (worst, most);
        }

        return worst;
    }

    private static double Middle(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}
