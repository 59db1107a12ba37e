namespace EdgeVit.Export;

/// <summary>The learned temperature of locality self-attention (Lee et al. 2021): scores are <c>temperature * s / sqrt(d)</c>, one factor for each
/// head of d channels. It is kept as a number of any sign, its logit, which a sigmoid brings between 0 and <see cref="Most"/>.</summary>
/// <remarks>The bound keeps the packed network exact: its exponentials are integers with 46 bits behind the point, relative to a pair that
/// matches in every channel. At the bound, pairs that match in half of up to 160 channels still have exponentials above 2^22.</remarks>
internal static class AttentionTemperature
{
    private const double Range = 16;
    private const double LeastBound = 1.25;

    /// <summary>The highest temperature of heads of N channels: 2 for N = 64, more for fewer.</summary>
    public static double Most(int headSize) => Math.Max(Range / Math.Sqrt(headSize), LeastBound);

    public static double Of(double logit, int headSize) => Most(headSize) / (1 + Math.Exp(-logit));

    /// <summary>The logit of a temperature of 1, where training starts.</summary>
    public static double Start(int headSize) => -Math.Log(Most(headSize) - 1);
}
