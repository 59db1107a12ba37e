using System.Runtime.Intrinsics;
using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A binarized weight: signs without their scale; or, while weights are floats, the weight less its rows' means.</summary>
/// <param name="Signs"><c>[O, K]</c>, ±1 or floats.</param>
/// <param name="Means">Row means that were subtracted, <c>[O]</c>.</param>
/// <param name="Scales">Mean magnitude of each row of the weight as it is, <c>[O]</c>; 1 for floats.</param>
/// <param name="Clip">Where the gradient stops: 1, or nowhere for floats.</param>
internal sealed record SignedWeight(Tensor Signs, float[] Means, float[] Scales, float Clip);

/// <summary>The passes over a binary layer's weight, rows centred (see <see cref="WeightSign"/>).</summary>
/// <typeparam name="T">Element type of the signs.</typeparam>
internal static class WeightKernels<T> where T : struct, ILanes
{
    /// <summary>Signs, means and scales of a latent weight <c>[O, K]</c>; or the weight as floats, its rows centred.</summary>
    internal static SignedWeight Sign(Tensor weight, bool floats)
    {
        (int o, int k) = ((int)weight.shape[0], (int)weight.shape[1]);
        Tensor result = torch.empty(o, k, dtype: T.Type);
        float[] means = new float[o];
        float[] scales = new float[o];
        ref byte w = ref Lanes.Start(weight);
        ref byte to = ref Lanes.Start(result);
        for (int row = 0; row < o; row++)
        {
            nuint at = (nuint)row * (nuint)k;
            Vector512<float> sum = Vector512<float>.Zero;
            Vector512<float> magnitude = Vector512<float>.Zero;
            for (int c = 0; c < k; c += Lanes.Count)
            {
                Vector512<float> v = Lanes.Load(ref w, at + (nuint)c);
                sum += v;
                magnitude += Vector512.Abs(v);
            }
            (means[row], scales[row]) = (Vector512.Sum(sum) / k, floats ? 1 : Vector512.Sum(magnitude) / k);
            Vector512<float> mean = Vector512.Create(means[row]);
            for (int c = 0; c < k; c += Lanes.Count)
            {
                Vector512<float> centred = Lanes.Load(ref w, at + (nuint)c) - mean;
                T.Store(floats ? centred : BranchKernels<T>.Sign(centred), ref to, at + (nuint)c);
            }
        }
        return new SignedWeight(result, means, scales, floats ? float.PositiveInfinity : 1);
    }

    /// <summary>Adds to the gradient of the latent weight what follows from that of its signs: divided by the scale, stopped where <c>|w - mean|</c> is above the
    /// clip, centred.</summary>
    internal static void AddGradient(Tensor bySigns, Tensor weight, SignedWeight signed)
    {
        if (!weight.requires_grad)
        {
            return;
        }

        (int o, int k) = ((int)weight.shape[0], (int)weight.shape[1]);
        using Tensor target = LeafGradient.Of(weight);
        ref byte g = ref Lanes.Start(bySigns);
        ref byte w = ref Lanes.Start(weight);
        ref byte to = ref Lanes.Start(target);
        for (int row = 0; row < o; row++)
        {
            nuint at = (nuint)row * (nuint)k;
            Vector512<float> mean = Vector512.Create(signed.Means[row]);
            Vector512<float> factor = Vector512.Create(1 / Math.Max(signed.Scales[row], 1e-12f));
            Vector512<float> clip = Vector512.Create(signed.Clip);
            Vector512<float> sum = Vector512<float>.Zero;
            for (int c = 0; c < k; c += Lanes.Count)
            {
                sum += T.Load(ref g, at + (nuint)c) * factor & Vector512.LessThanOrEqual(Vector512.Abs(Lanes.Load(ref w, at + (nuint)c) - mean), clip);
            }

            Vector512<float> average = Vector512.Create(Vector512.Sum(sum) / k);
            for (int c = 0; c < k; c += Lanes.Count)
            {
                Vector512<float> v = T.Load(ref g, at + (nuint)c) * factor & Vector512.LessThanOrEqual(Vector512.Abs(Lanes.Load(ref w, at + (nuint)c) - mean), clip);
                Float32Lanes.Store(Lanes.Load(ref to, at + (nuint)c) + (v - average), ref to, at + (nuint)c);
            }
        }
    }
}
