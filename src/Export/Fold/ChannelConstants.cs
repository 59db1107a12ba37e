namespace EdgeVit.Export;

/// <summary>Arithmetic on constants, one for each channel, summed up in order.</summary>
internal static class ChannelConstants
{
    internal static double[] Times(double[] a, double[] b)
    {
        var result = new double[a.Length];
        for (int c = 0; c < a.Length; c++)
        {
            result[c] = a[c] * b[c];
        }

        return result;
    }

    /// <summary>Means of <paramref name="size"/> adjacent channels.</summary>
    internal static double[] GroupMeans(double[] values, int size)
    {
        var result = new double[values.Length / size];
        for (int c = 0; c < values.Length; c++)
        {
            result[c / size] += values[c];
        }

        for (int g = 0; g < result.Length; g++)
        {
            result[g] /= size;
        }

        return result;
    }

    internal static double[] Tiled(double[] values, int factor)
    {
        var result = new double[values.Length * factor];
        for (int c = 0; c < result.Length; c++)
        {
            result[c] = values[c % values.Length];
        }

        return result;
    }

    /// <summary>Adds to a sum, which begins with a copy of its first summand.</summary>
    internal static void Accumulate(ref double[]? total, double[] summand)
    {
        if (total is null)
        {
            total = (double[])summand.Clone();
            return;
        }

        for (int c = 0; c < total.Length; c++)
        {
            total[c] += summand[c];
        }
    }
}
