using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeVit.Export;

/// <summary>What the reference simulators do to one row of a matrix, in double precision. All but the sums work element by element, so that vectors
/// give the bits that single numbers would. Compiled fully at first use: an import is over before the usual way of compiling twice pays.</summary>
internal static class DoubleRow
{
    private static int Lanes => Vector<double>.Count;

    /// <summary><c>y = x</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Set(Span<double> y, ReadOnlySpan<float> x)
    {
        int c = 0;
        for (; c + (2 * Lanes) <= y.Length; c += 2 * Lanes)
        {
            Vector.Widen(new Vector<float>(x[c..]), out Vector<double> low, out Vector<double> high);
            low.CopyTo(y[c..]);
            high.CopyTo(y[(c + Lanes)..]);
        }
        for (; c < y.Length; c++)
        {
            y[c] = x[c];
        }
    }

    /// <summary><c>x = y</c>, rounded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(ReadOnlySpan<double> y, Span<float> x)
    {
        int c = 0;
        for (; c + (2 * Lanes) <= y.Length; c += 2 * Lanes)
        {
            Vector.Narrow(new Vector<double>(y[c..]), new Vector<double>(y[(c + Lanes)..])).CopyTo(x[c..]);
        }

        for (; c < y.Length; c++)
        {
            x[c] = (float)y[c];
        }
    }

    /// <summary><c>y += x</c>; a factor of 1 rounds nothing.</summary>
    public static void Add(Span<double> y, ReadOnlySpan<float> x) => AddTimes(y, 1, x);

    /// <summary><c>y += factor * x</c>, product and sum rounded each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddTimes(Span<double> y, double factor, ReadOnlySpan<float> x)
    {
        int c = 0;
        for (; c + (2 * Lanes) <= y.Length; c += 2 * Lanes)
        {
            Vector.Widen(new Vector<float>(x[c..]), out Vector<double> low, out Vector<double> high);
            (new Vector<double>(y[c..]) + (low * factor)).CopyTo(y[c..]);
            (new Vector<double>(y[(c + Lanes)..]) + (high * factor)).CopyTo(y[(c + Lanes)..]);
        }
        for (; c < y.Length; c++)
        {
            y[c] += factor * x[c];
        }
    }

    /// <summary><c>y += x / divisor</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddQuotient(Span<double> y, ReadOnlySpan<float> x, double divisor)
    {
        var by = new Vector<double>(divisor);
        int c = 0;
        for (; c + (2 * Lanes) <= y.Length; c += 2 * Lanes)
        {
            Vector.Widen(new Vector<float>(x[c..]), out Vector<double> low, out Vector<double> high);
            (new Vector<double>(y[c..]) + (low / by)).CopyTo(y[c..]);
            (new Vector<double>(y[(c + Lanes)..]) + (high / by)).CopyTo(y[(c + Lanes)..]);
        }
        for (; c < y.Length; c++)
        {
            y[c] += x[c] / divisor;
        }
    }

    /// <summary><c>y = y * scale + offset</c>, channel by channel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Affine(Span<double> y, ReadOnlySpan<double> scale, ReadOnlySpan<double> offset)
    {
        int c = 0;
        for (; c + Lanes <= y.Length; c += Lanes)
        {
            ((new Vector<double>(y[c..]) * new Vector<double>(scale[c..])) + new Vector<double>(offset[c..])).CopyTo(y[c..]);
        }

        for (; c < y.Length; c++)
        {
            y[c] = (y[c] * scale[c]) + offset[c];
        }
    }

    /// <summary><c>y = (y - mean) / deviation</c>, channel by channel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Standardise(Span<double> y, ReadOnlySpan<double> mean, ReadOnlySpan<double> deviation)
    {
        int c = 0;
        for (; c + Lanes <= y.Length; c += Lanes)
        {
            ((new Vector<double>(y[c..]) - new Vector<double>(mean[c..])) / new Vector<double>(deviation[c..])).CopyTo(y[c..]);
        }

        for (; c < y.Length; c++)
        {
            y[c] = (y[c] - mean[c]) / deviation[c];
        }
    }

    /// <summary><c>u = y - shift; y = (u > 0 ? u : slope * u) + offset</c>, channel by channel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RPReLU(Span<double> y, ReadOnlySpan<double> shift, ReadOnlySpan<double> slope, ReadOnlySpan<double> offset)
    {
        int c = 0;
        for (; c + Lanes <= y.Length; c += Lanes)
        {
            Vector<double> u = new Vector<double>(y[c..]) - new Vector<double>(shift[c..]);
            Vector<double> sloped = Vector.ConditionalSelect(Vector.GreaterThan(u, Vector<double>.Zero), u, u * new Vector<double>(slope[c..]));
            (sloped + new Vector<double>(offset[c..])).CopyTo(y[c..]);
        }
        for (; c < y.Length; c++)
        {
            double u = y[c] - shift[c];
            y[c] = (u > 0 ? u : slope[c] * u) + offset[c];
        }
    }

    /// <summary><c>signs = x + shift >= 0 ? 1 : -1</c>, channel by channel; -1 for what is not a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sign(ReadOnlySpan<float> x, ReadOnlySpan<double> shift, Span<float> signs)
    {
        int c = 0;
        for (; c + (2 * Lanes) <= x.Length; c += 2 * Lanes)
        {
            Vector.Widen(new Vector<float>(x[c..]), out Vector<double> low, out Vector<double> high);
            Vector.Narrow(SignOf(low + new Vector<double>(shift[c..])), SignOf(high + new Vector<double>(shift[(c + Lanes)..]))).CopyTo(signs[c..]);
        }
        for (; c < x.Length; c++)
        {
            signs[c] = x[c] + shift[c] >= 0 ? 1 : -1;
        }
    }

    /// <summary><c>signs = x >= threshold ? 1 : -1</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sign(ReadOnlySpan<float> x, float threshold, Span<float> signs)
    {
        int c = 0;
        for (; c + Vector<float>.Count <= x.Length; c += Vector<float>.Count)
        {
            Vector<int> above = Vector.GreaterThanOrEqual(new Vector<float>(x[c..]), new Vector<float>(threshold));
            Vector.ConditionalSelect(above, Vector<float>.One, -Vector<float>.One).CopyTo(signs[c..]);
        }
        for (; c < x.Length; c++)
        {
            signs[c] = x[c] >= threshold ? 1 : -1;
        }
    }

    /// <summary>The sum of a row's elements or of their magnitudes, in double precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sum(ReadOnlySpan<float> x, bool magnitudes)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(x);
        Vector<double> low = default, high = default;
        foreach (Vector<float> vector in vectors)
        {
            Vector.Widen(magnitudes ? Vector.Abs(vector) : vector, out Vector<double> first, out Vector<double> second);
            low += first;
            high += second;
        }
        double sum = Vector.Sum(low + high);
        foreach (float v in x[(vectors.Length * Vector<float>.Count)..])
        {
            sum += magnitudes ? Math.Abs(v) : v;
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<double> SignOf(Vector<double> v) =>
        Vector.ConditionalSelect(Vector.GreaterThanOrEqual(v, Vector<double>.Zero), Vector<double>.One, -Vector<double>.One);
}
