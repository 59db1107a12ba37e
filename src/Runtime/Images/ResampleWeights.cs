
namespace EdgeVit.Runtime;

/// <summary>For every output position along one axis: where its neighbours start, and their weights as integers scaled by
/// 2^<see cref="Precision"/>. Pillow's arithmetic: filter widened by the scale when shrinking, weights normalised in double, then rounded
/// half away from zero.</summary>
internal sealed class ResampleWeights
{
    /// <summary>Fraction bits of a weight. 8 bits of a pixel and 2 for a cubic's overshoot fill up 32.</summary>
    internal const int Precision = 32 - 8 - 2;

    /// <summary>Added before the shift: one half.</summary>
    internal const int Half = 1 << (Precision - 1);

    /// <summary>Weights of the outputs <paramref name="first"/> .. <paramref name="first"/> + <paramref name="count"/> of a resize of a
    /// whole axis.</summary>
    /// <param name="inSize">Length of the axis before.</param>
    /// <param name="outSize">Length of the axis after.</param>
    /// <param name="first">First output that is wanted.</param>
    /// <param name="count">How many are wanted.</param>
    /// <param name="interpolation">The filter.</param>
    internal ResampleWeights(int inSize, int outSize, int first, int count, Interpolation interpolation)
    {
        double scale = (double)inSize / outSize, widened = Math.Max(scale, 1);
        double support = (interpolation == Interpolation.Bilinear ? 1 : 2) * widened;
        Taps = (int)Math.Ceiling(support) * 2 + 1;
        Starts = new int[count];
        Lengths = new int[count];
        Weights = new int[count * Taps];
        double[] exact = new double[Taps];
        for (int i = 0; i < count; i++)
        {
            double centre = (first + i + 0.5) * scale;
            int start = Math.Max((int)(centre - support + 0.5), 0), end = Math.Min((int)(centre + support + 0.5), inSize);
            double sum = 0;
            for (int k = 0; k < end - start; k++)
            {
                sum += exact[k] = Filter((k + start - centre + 0.5) * (1 / widened), interpolation);
            }

            for (int k = 0; k < end - start; k++)
            {
                Weights[i * Taps + k] = RoundToFixed(sum != 0 ? exact[k] / sum : exact[k]);
            }

            (Starts[i], Lengths[i]) = (start, end - start);
        }
    }

    /// <summary>Stride of <see cref="Weights"/>.</summary>
    internal int Taps { get; }

    /// <summary>First input of each output.</summary>
    internal int[] Starts { get; }

    /// <summary>Number of inputs of each output, at most <see cref="Taps"/>.</summary>
    internal int[] Lengths { get; }

    /// <summary>[output, <see cref="Taps"/>].</summary>
    internal int[] Weights { get; }

    /// <summary>Inputs that any output uses: from the first start to the largest end.</summary>
    internal (int Start, int End) Range => (Starts[0], Starts[^1] + Lengths[^1]);

    /// <summary>The weights of one output.</summary>
    internal ReadOnlySpan<int> Of(int output) => Weights.AsSpan(output * Taps, Lengths[output]);

    private static int RoundToFixed(double weight) => (int)(weight * (1 << Precision) + (weight < 0 ? -0.5 : 0.5));

    private static double Filter(double x, Interpolation interpolation)
    {
        const double A = -0.5;
        x = Math.Abs(x);
        if (interpolation == Interpolation.Bilinear)
        {
            return x < 1 ? 1 - x : 0;
        }

        return x < 1 ? ((A + 2) * x - (A + 3)) * x * x + 1
            : x < 2 ? (((x - 5) * x + 8) * x - 4) * A
            : 0;
    }
}
