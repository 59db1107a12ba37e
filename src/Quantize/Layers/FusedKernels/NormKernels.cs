using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Passes over float tokens <c>[M, C]</c>: per-channel affine maps, residuals and the sums of their gradients.</summary>
internal static class NormKernels
{
    private const int Tile = 64;

    /// <summary><c>scale * x + offset</c>.</summary>
    internal static Tensor Affine(Tensor x, float[] scale, float[] offset) => Residual(null, x, scale, offset);

    /// <summary><c>base + (scale * x + offset)</c>; without a base the affine map alone.</summary>
    internal static Tensor Residual(Tensor? origin, Tensor x, float[] scale, float[] offset)
    {
        (int rows, int channels) = ((int)x.shape[0], (int)x.shape[1]);
        Tensor result = torch.empty(rows, channels);
        var fromMemory = new TensorMemory(x);
        var startMemory = new TensorMemory(origin ?? x);
        var toMemory = new TensorMemory(result);
        ParallelRows.Run(rows, (begin, end) =>
        {
            ref byte from = ref fromMemory.Start;
            ref byte start = ref startMemory.Start;
            ref byte to = ref toMemory.Start;
            for (int row = begin; row < end; row++)
            {
                nuint at = (nuint)row * (nuint)channels;
                for (int c = 0; c < channels; c += Lanes.Count)
                {
                    Vector512<float> y = Vector512.FusedMultiplyAdd(Lanes.Load(scale, c), Lanes.Load(ref from, at + (nuint)c), Lanes.Load(offset, c));
                    if (origin is not null)
                    {
                        y += Lanes.Load(ref start, at + (nuint)c);
                    }

                    Float32Lanes.Store(y, ref to, at + (nuint)c);
                }
            }
        });
        return result;
    }

    /// <summary>Per channel the sum of g and of g * x.</summary>
    internal static double[] GradientSums(Tensor gradient, Tensor x)
    {
        (int rows, int channels) = ((int)x.shape[0], (int)x.shape[1]);
        var gMemory = new TensorMemory(gradient);
        var fromMemory = new TensorMemory(x);
        return ParallelRows.Reduce(rows, 2 * channels, (begin, end, sums) =>
        {
            ref byte g = ref gMemory.Start;
            ref byte from = ref fromMemory.Start;
            for (int tile = begin; tile < end; tile += Tile)
            {
                int last = Math.Min(end, tile + Tile);
                for (int c = 0; c < channels; c += Lanes.Count)
                {
                    Vector512<float> sum = Vector512<float>.Zero;
                    Vector512<float> products = Vector512<float>.Zero;
                    for (int row = tile; row < last; row++)
                    {
                        nuint at = ((nuint)row * (nuint)channels) + (nuint)c;
                        Vector512<float> v = Lanes.Load(ref g, at);
                        sum += v;
                        products = Vector512.FusedMultiplyAdd(v, Lanes.Load(ref from, at), products);
                    }
                    Lanes.Accumulate(sums, c, sum);
                    Lanes.Accumulate(sums, channels + c, products);
                }
            }
        });
    }
}
