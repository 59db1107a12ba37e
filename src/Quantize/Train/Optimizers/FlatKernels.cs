using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Passes over the flat tensors of <see cref="FlatParameters"/>. How they are cut depends on lengths alone: the same numbers on any number of
/// threads.</summary>
internal static class FlatKernels
{
    /// <summary>Floats of a block, which is summed in single precision; the blocks' sums are added in double.</summary>
    private const int Block = 4096;

    /// <summary>The sum of squares of a part.</summary>
    /// <param name="flat">Floats, a multiple of 16.</param>
    /// <param name="start">The first, a multiple of 16.</param>
    /// <param name="end">The end, likewise.</param>
    internal static double SumOfSquares(Tensor flat, long start, long end)
    {
        int blocks = Blocks(end - start);
        double[] sums = new double[blocks];
        ParallelRows.Run(blocks, (from, to) =>
        {
            ref byte at = ref Lanes.Start(flat);
            for (int block = from; block < to; block++)
            {
                (Vector512<float> even, Vector512<float> odd) = (Vector512<float>.Zero, Vector512<float>.Zero);
                (nuint first, nuint last) = Bounds(block, start, end);
                for (nuint i = first; i < last; i += 2 * Lanes.Count)
                {
                    Vector512<float> v = Lanes.Load(ref at, i);
                    even = Vector512.FusedMultiplyAdd(v, v, even);
                    if (i + Lanes.Count < last)
                    {
                        v = Lanes.Load(ref at, i + Lanes.Count);
                        odd = Vector512.FusedMultiplyAdd(v, v, odd);
                    }
                }
                sums[block] = Vector512.Sum(even + odd);
            }
        });
        double sum = 0;
        foreach (double part in sums)
        {
            sum += part;
        }

        return sum;
    }

    internal static void AdamW(FlatParameters parameters, FlatSegment segment, Tensor mean, Tensor square, AdamWRate rate) =>
        Each(segment, (begin, end) =>
        {
            ref byte p = ref Lanes.Start(parameters.Values);
            ref byte g = ref Lanes.Start(parameters.Gradients);
            ref byte m = ref Lanes.Start(mean);
            ref byte s = ref Lanes.Start(square);
            Vector512<float> scale = Vector512.Create(rate.Scale), keep = Vector512.Create(rate.Keep), size = Vector512.Create(-rate.Size);
            Vector512<float> root = Vector512.Create(rate.Root), eps = Vector512.Create((float)FlatAdamW.Eps);
            Vector512<float> beta1 = Vector512.Create((float)FlatAdamW.Beta1), rest1 = Vector512.Create((float)(1 - FlatAdamW.Beta1));
            Vector512<float> beta2 = Vector512.Create((float)FlatAdamW.Beta2), rest2 = Vector512.Create((float)(1 - FlatAdamW.Beta2));
            for (nuint i = begin; i < end; i += Lanes.Count)
            {
                Vector512<float> gradient = Lanes.Load(ref g, i) * scale;
                Vector512<float> first = Vector512.FusedMultiplyAdd(gradient, rest1, Lanes.Load(ref m, i) * beta1);
                Vector512<float> second = Vector512.FusedMultiplyAdd(gradient * gradient, rest2, Lanes.Load(ref s, i) * beta2);
                Float32Lanes.Store(first, ref m, i);
                Float32Lanes.Store(second, ref s, i);
                Vector512<float> way = first / ((Vector512.Sqrt(second) / root) + eps);
                Float32Lanes.Store(Vector512.FusedMultiplyAdd(way, size, Lanes.Load(ref p, i) * keep), ref p, i);
            }
        });

    internal static void Nesterov(FlatParameters parameters, FlatSegment segment, Tensor momentum, NesterovRate rate) =>
        Each(segment, (begin, end) =>
        {
            ref byte p = ref Lanes.Start(parameters.Values);
            ref byte g = ref Lanes.Start(parameters.Gradients);
            ref byte m = ref Lanes.Start(momentum);
            Vector512<float> scale = Vector512.Create(rate.Scale), decay = Vector512.Create(rate.Decay);
            Vector512<float> share = Vector512.Create(rate.Momentum), step = Vector512.Create(-rate.Rate);
            for (nuint i = begin; i < end; i += Lanes.Count)
            {
                Vector512<float> value = Lanes.Load(ref p, i);
                Vector512<float> gradient = Vector512.FusedMultiplyAdd(value, decay, Lanes.Load(ref g, i) * scale);
                Vector512<float> moving = Vector512.FusedMultiplyAdd(Lanes.Load(ref m, i), share, gradient);
                Float32Lanes.Store(moving, ref m, i);
                Float32Lanes.Store(Vector512.FusedMultiplyAdd(Vector512.FusedMultiplyAdd(moving, share, gradient), step, value), ref p, i);
            }
        });

    /// <summary>Does a body (begin, end) for all parts of a segment.</summary>
    private static void Each(FlatSegment segment, Action<nuint, nuint> body) => ParallelRows.Run(Blocks(segment.Length), (from, to) =>
        body(Bounds(from, segment.Start, segment.End).First, Bounds(to - 1, segment.Start, segment.End).Last));

    private static int Blocks(long length) => (int)((length + Block - 1) / Block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (nuint First, nuint Last) Bounds(int block, long start, long end)
    {
        long first = start + ((long)block * Block);
        return ((nuint)first, (nuint)Math.Min(end, first + Block));
    }
}
