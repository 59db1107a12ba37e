using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The derivative that the backward pass of a sign uses at some step of a run.</summary>
/// <param name="Temperature">t of the annealed form, above 0.</param>
internal readonly record struct Surrogate(ActivationGradient Kind, float Temperature = 1)
{
    private const double Coldest = 0.1;
    private const double Hottest = 10;

    /// <summary>At a share of the run done, 0 to 1: t grows from 0.1 to 10 by equal factors.</summary>
    internal static Surrogate At(ActivationGradient kind, double progress) =>
        new(kind, kind == ActivationGradient.Annealed ? (float)(Coldest * Math.Pow(Hottest / Coldest, progress)) : 1);

    /// <summary>The highest value of the annealed form, <c>k t</c>.</summary>
    private float Peak => Math.Max(1, Temperature);

    /// <summary>The derivative at 16 places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector512<float> At(Vector512<float> u)
    {
        Vector512<float> size = Vector512.Abs(u);
        switch (Kind)
        {
            case ActivationGradient.Quadratic:
                return Vector512.Max(Vector512.FusedMultiplyAdd(size, Vector512.Create(-2f), Vector512.Create(2f)), Vector512<float>.Zero);
            case ActivationGradient.Straight:
                return Vector512.LessThanOrEqual(size, Vector512.Create(1f)) & Vector512.Create(1f);
            default:
                // 1 - tanh(x)^2 = 4 e / (1 + e)^2 with e = exp(-2|x|), which is at most 1.
                Vector512<float> e = Vector512.Exp(size * (-2 * Temperature));
                Vector512<float> below = e + Vector512.Create(1f);
                return e * (4 * Peak) / (below * below);
        }
    }

    /// <summary>The derivative at every element; a new tensor.</summary>
    internal Tensor At(Tensor u)
    {
        switch (Kind)
        {
            case ActivationGradient.Quadratic:
                return u.abs().mul_(Number(-2)).add_(Number(2), One).clamp_(min: Zero);
            case ActivationGradient.Straight:
                return u.abs().le(One).to(u.dtype);
            default:
                Tensor e = u.abs().mul_(Number(-2 * Temperature)).exp_();
                Tensor below = e.add(One, One);
                return e / (below * below) * Number(4 * Peak);
        }
    }
}
