using System.Numerics;
using EdgeVit.Runtime;

namespace EdgeVit.Export.Onnx;

/// <summary>Whole numbers of up to <c>keys * 2^46</c> in digits of as many bits that a float holds the sum of one digit over all keys exactly.</summary>
internal sealed class AttentionDigits
{
    /// <summary>Bits of the largest exponential, 2^46.</summary>
    private const int TableBits = 47;

    private const int FloatBits = 24, MostBits = 16;

    private readonly long _largest;

    public AttentionDigits(int keys)
    {
        // keys * (2^bits - 1) and what is carried, at most keys, are 2^24 at most.
        int keyBits = 64 - BitOperations.LeadingZeroCount((ulong)keys - 1);
        Bits = Math.Min(MostBits, FloatBits - keyBits);
        Count = (TableBits + Bits - 1) / Bits;
        _largest = (long)keys << (TableBits - 1);
    }

    public int Bits { get; }

    public int Count { get; }

    /// <summary>2 to the power of <see cref="Bits"/>.</summary>
    public float Base => 1 << Bits;

    /// <summary>A digit, lowest first; the highest takes all that is left. Of -1 the lowest is -1, the others are 0.</summary>
    public float Digit(long value, int digit) => value < 0 ? (digit == 0 ? -1 : 0)
        : digit == Count - 1 ? value >> (Bits * digit) : (value >> (Bits * digit)) & ((1L << Bits) - 1);

    /// <summary>What a digit is weighed with in a difference: more than twice the one below it, so that its sign is the difference's.</summary>
    public float Weight(int digit) => MathF.ScaleB(1, (Bits + 1) * digit);

    /// <summary>The largest sum of a row in which a key of this exponential is attended at a level, -1 for none: the runtime's comparison with its
    /// roundings.</summary>
    public long Limit(long exp, float clip, int level, float zero = 0)
    {
        (long least, long most) = (-1, _largest);
        while (least < most)
        {
            long sum = least + ((most - least + 1) / 2);
            if (2 * (double)exp > AttentionAttributes.LimitFactor(level, zero) * (clip * (double)sum))
            {
                least = sum;
            }
            else
            {
                most = sum - 1;
            }
        }
        return least;
    }
}
