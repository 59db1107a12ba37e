using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeVit.Export;

/// <summary>Tokens <c>[rows, columns]</c>, row-major, with the few operations that the reference simulators are written in. Elements are floats, as
/// in the training that is simulated; every operation computes in double precision and rounds its results once. Rows are shared among the
/// processor's threads; every row is computed by one of them, in a fixed order.</summary>
internal sealed class Matrix(int rows, int columns, float[] data)
{
    public int Rows { get; } = rows;

    public int Columns { get; } = columns;

    public float[] Data { get; } = data;

    public Span<float> Row(int row) => Data.AsSpan(row * Columns, Columns);

    /// <summary>Fills a matrix row by row; the rows given are zeros.</summary>
    public static Matrix Of(int rows, int columns, RowBody body)
    {
        LargeArrays.Expect(4L * rows * columns);
        var result = new Matrix(rows, columns, new float[rows * columns]);
        Parallel.For(0, rows, () => new double[columns], (row, _, y) =>
        {
            Array.Clear(y);
            body(row, y);
            DoubleRow.Round(y, result.Row(row));
            return y;
        }, _ => { });
        return result;
    }

    public static Matrix From(int columns, float[] data) => new(data.Length / columns, columns, data);

    /// <summary><c>f(value, column)</c> of every element.</summary>
    public Matrix Map(Func<double, int, double> f) => Of(Rows, Columns, (row, y) =>
    {
        ReadOnlySpan<float> x = Row(row);
        for (int c = 0; c < y.Length; c++)
        {
            y[c] = f(x[c], c);
        }
    });

    /// <summary>A change of each row in double precision: <paramref name="change"/> sees its elements and leaves the results in their
    /// place.</summary>
    public Matrix Rowwise(RowBody change) => Of(Rows, Columns, (row, y) =>
    {
        DoubleRow.Set(y, Row(row));
        change(row, y);
    });

    /// <summary>The same in place.</summary>
    public Matrix Replace(RowBody change)
    {
        Parallel.For(0, Rows, () => new double[Columns], (row, _, y) =>
        {
            DoubleRow.Set(y, Row(row));
            change(row, y);
            DoubleRow.Round(y, Row(row));
            return y;
        }, _ => { });
        return this;
    }

    /// <summary>The sum with matrices of the same shape, left to right.</summary>
    public Matrix Plus(params Matrix[] others) => Rowwise((row, y) =>
    {
        foreach (Matrix other in others)
        {
            DoubleRow.Add(y, other.Row(row));
        }
    });

    /// <summary>Per channel <c>scale * x + offset</c>.</summary>
    public Matrix Affine(double[] scale, double[] offset) => Rowwise((_, y) => DoubleRow.Affine(y, scale, offset));

    /// <summary>A norm of each row over its columns: <c>(x - mean) / sqrt(variance + eps) * scale + offset</c>.</summary>
    public Matrix RowNorm(double[] scale, double[] offset, double eps) => Of(Rows, Columns, (row, y) =>
    {
        ReadOnlySpan<float> x = Row(row);
        double mean = 0;
        foreach (float v in x)
        {
            mean += v;
        }

        mean /= x.Length;
        double variance = 0;
        foreach (float v in x)
        {
            variance += (v - mean) * (v - mean);
        }

        double deviation = Math.Sqrt((variance / x.Length) + eps);
        for (int c = 0; c < y.Length; c++)
        {
            y[c] = ((x[c] - mean) / deviation * scale[c]) + offset[c];
        }
    });

    /// <summary>The mean of all rows, as one row.</summary>
    public Matrix Mean() => Of(1, Columns, (_, y) =>
    {
        for (int row = 0; row < Rows; row++)
        {
            DoubleRow.AddQuotient(y, Row(row), Rows);
        }
    });

    /// <summary>Rows from <paramref name="start"/> on.</summary>
    public Matrix Slice(int start, int count) => From(Columns, Data[(start * Columns)..((start + count) * Columns)]);

    /// <summary><c>y[t, o] = sum over k of x[t, k] * weight[o, k] + bias[o]</c>.</summary>
    public Matrix Times(float[] weight, double[]? bias)
    {
        int outputs = weight.Length / Columns;
        return Of(Rows, outputs, (row, y) =>
        {
            ReadOnlySpan<float> x = Row(row);
            for (int o = 0; o < outputs; o++)
            {
                y[o] = Dot(x, weight.AsSpan(o * Columns, Columns)) + (bias is null ? 0 : bias[o]);
            }
        });
    }

    /// <summary>The sum of products, every product and sum in double precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        ReadOnlySpan<Vector<float>> va = MemoryMarshal.Cast<float, Vector<float>>(a), vb = MemoryMarshal.Cast<float, Vector<float>>(b);
        Vector<double> low = default, high = default;
        for (int i = 0; i < va.Length; i++)
        {
            Vector.Widen(va[i], out Vector<double> aLow, out Vector<double> aHigh);
            Vector.Widen(vb[i], out Vector<double> bLow, out Vector<double> bHigh);
            low += aLow * bLow;
            high += aHigh * bHigh;
        }
        double sum = Vector.Sum(low + high);
        for (int rest = va.Length * Vector<float>.Count; rest < a.Length; rest++)
        {
            sum += (double)a[rest] * b[rest];
        }

        return sum;
    }

    public delegate void RowBody(int row, Span<double> y);
}

/// <summary>Signs <c>[rows, columns]</c> as floats of -1 and +1. Sums of their products are integers below 2^24: exact in any order.</summary>
internal sealed class Signs(int rows, int columns, float[] data)
{
    public int Rows { get; } = rows;

    public int Columns { get; } = columns;

    public float[] Data { get; } = data;

    public ReadOnlySpan<float> Row(int row) => Data.AsSpan(row * Columns, Columns);

    /// <summary>The integers <c>sum over k of x[t, k] * weight[o, k]</c>, times <c>scale[o]</c>.</summary>
    public Matrix Times(Signs weight, double[] scale) => Matrix.Of(Rows, weight.Rows, (row, y) =>
    {
        ReadOnlySpan<float> x = Row(row);
        for (int o = 0; o < y.Length; o++)
        {
            y[o] = scale[o] * Dot(x, weight.Row(o));
        }
    });

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        ReadOnlySpan<Vector<float>> va = MemoryMarshal.Cast<float, Vector<float>>(a), vb = MemoryMarshal.Cast<float, Vector<float>>(b)[..va.Length];
        Vector<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
        int i = 0;
        for (; i + 3 < va.Length; i += 4)
        {
            sum0 = Vector.FusedMultiplyAdd(va[i], vb[i], sum0);
            sum1 = Vector.FusedMultiplyAdd(va[i + 1], vb[i + 1], sum1);
            sum2 = Vector.FusedMultiplyAdd(va[i + 2], vb[i + 2], sum2);
            sum3 = Vector.FusedMultiplyAdd(va[i + 3], vb[i + 3], sum3);
        }
        for (; i < va.Length; i++)
        {
            sum0 = Vector.FusedMultiplyAdd(va[i], vb[i], sum0);
        }

        float sum = Vector.Sum(sum0 + sum1 + (sum2 + sum3));
        for (int rest = va.Length * Vector<float>.Count; rest < a.Length; rest++)
        {
            sum += a[rest] * b[rest];
        }

        return sum;
    }
}
