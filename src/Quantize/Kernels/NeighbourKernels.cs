using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The four average-pool branches of a block at once. A window of 3 or 5 tokens, vertical or horizontal, zero padded and always
/// divided by its length, is its own transpose: the gradient uses the same pass.</summary>
internal static class PoolKernels
{
    /// <summary>Branches: vertical 3, horizontal 3, vertical 5, horizontal 5.</summary>
    internal const int Branches = 4;

    /// <summary><c>origin + scale * x + offset + sum over branches of weight[b] * pool_b(tokens)</c>; all <c>[B*N, C]</c>, vectors <c>[C]</c>,
    /// <paramref name="weights"/> <c>[4 * C]</c>. Without an origin only the branches.</summary>
    internal static Tensor Mix(Tensor tokens, TokenGrid grid, float[] weights, Tensor? origin, Tensor? x, float[] scale, float[] offset)
    {
        int channels = (int)tokens.shape[1];
        int side = (int)grid.Side;
        Tensor result = torch.empty(tokens.shape[0], channels);
        RowTeam.Run((int)(grid.Batch * grid.Tokens), (begin, end) =>
        {
            ref byte from = ref Lanes.Start(tokens);
            ref byte start = ref Lanes.Start(origin ?? tokens);
            ref byte scaled = ref Lanes.Start(x ?? tokens);
            ref byte to = ref Lanes.Start(result);
            for (int token = begin; token < end; token++)
            {
                nuint at = (nuint)token * (nuint)channels;
                var windows = new Windows(token, side, channels);
                for (int c = 0; c < channels; c += Lanes.Count)
                {
                    nuint element = at + (nuint)c;
                    windows.Sum(ref from, element, out Vector512<float> h3, out Vector512<float> w3, out Vector512<float> h5, out Vector512<float> w5);
                    Vector512<float> y = h3 * Lanes.Load(weights, c);
                    y = Vector512.FusedMultiplyAdd(w3, Lanes.Load(weights, channels + c), y);
                    y = Vector512.FusedMultiplyAdd(h5, Lanes.Load(weights, (2 * channels) + c), y);
                    y = Vector512.FusedMultiplyAdd(w5, Lanes.Load(weights, (3 * channels) + c), y);
                    if (origin is not null)
                    {
                        y += Vector512.FusedMultiplyAdd(Lanes.Load(scale, c), Lanes.Load(ref scaled, element), Lanes.Load(offset, c));
                        y += Lanes.Load(ref start, element);
                    }
                    Single32.Store(y, ref to, element);
                }
            }
        });
        return result;
    }

    /// <summary>Per branch and channel the sum of <c>g * pool_b(tokens)</c>, <c>[4 * C]</c>.</summary>
    internal static double[] WeightGradient(Tensor gradient, Tensor tokens, TokenGrid grid)
    {
        int channels = (int)tokens.shape[1];
        int side = (int)grid.Side;
        return RowTeam.Reduce((int)(grid.Batch * grid.Tokens), Branches * channels, (begin, end, sums) =>
        {
            ref byte g = ref Lanes.Start(gradient);
            ref byte from = ref Lanes.Start(tokens);
            for (int token = begin; token < end; token++)
            {
                nuint at = (nuint)token * (nuint)channels;
                var windows = new Windows(token, side, channels);
                for (int c = 0; c < channels; c += Lanes.Count)
                {
                    windows.Sum(ref from, at + (nuint)c, out Vector512<float> h3, out Vector512<float> w3, out Vector512<float> h5, out Vector512<float> w5);
                    Vector512<float> v = Lanes.Load(ref g, at + (nuint)c);
                    Lanes.Accumulate(sums, c, v * h3);
                    Lanes.Accumulate(sums, channels + c, v * w3);
                    Lanes.Accumulate(sums, (2 * channels) + c, v * h5);
                    Lanes.Accumulate(sums, (3 * channels) + c, v * w5);
                }
            }
        });
    }

    /// <summary>Where the windows of one token end at the edges of its grid.</summary>
    private readonly ref struct Windows
    {
        private readonly int _up;
        private readonly int _down;
        private readonly int _left;
        private readonly int _right;
        private readonly nuint _row;
        private readonly nuint _column;

        internal Windows(int token, int side, int channels)
        {
            (int line, int x) = Math.DivRem(token, side);
            int y = line % side;
            _up = Math.Min(2, y);
            _down = Math.Min(2, side - 1 - y);
            _left = Math.Min(2, x);
            _right = Math.Min(2, side - 1 - x);
            _row = (nuint)(side * channels);
            _column = (nuint)channels;
        }

        /// <summary>The averages over the four windows.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Sum(
            ref byte from, nuint element, out Vector512<float> h3, out Vector512<float> w3, out Vector512<float> h5, out Vector512<float> w5)
        {
            Vector512<float> centre = Lanes.Load(ref from, element);
            Line(ref from, element, _row, _up, _down, centre, out h3, out h5);
            Line(ref from, element, _column, _left, _right, centre, out w3, out w5);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Line(
            ref byte from, nuint element, nuint stride, int before, int after, Vector512<float> centre, out Vector512<float> three, out Vector512<float> five)
        {
            Vector512<float> sum = centre;
            if (before > 0)
                sum += Lanes.Load(ref from, element - stride);
            if (after > 0)
                sum += Lanes.Load(ref from, element + stride);
            three = sum * (1f / 3);
            if (before > 1)
                sum += Lanes.Load(ref from, element - (2 * stride));
            if (after > 1)
                sum += Lanes.Load(ref from, element + (2 * stride));
            five = sum * (1f / 5);
        }
    }
}
