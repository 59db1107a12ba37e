using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Gradient descent with Nesterov's momentum and coupled weight decay, torch's numbers up to rounding.</summary>
internal sealed class FlatNesterov : FlatOptimizer
{
    private readonly Tensor _momentum;
    private readonly double _share;
    private readonly bool _fused;

    /// <param name="otherFactor">Factor on the rate of the parameters that learn at the other rate.</param>
    /// <param name="decay">Weight decay; the others' is divided by their factor.</param>
    /// <param name="momentum">Share of the old step in the new one.</param>
    /// <param name="fused">Whether the pass is the processor's own; null for where that can be.</param>
    internal FlatNesterov(FlatParameters parameters, double rate, double otherFactor, double decay, double momentum, bool? fused = null)
        // The decay is of the weights per unit of the rate; offsets, at their higher rate, are hardly held back.
        : base(parameters, "SGD", rate, otherFactor, decay, decay / otherFactor)
    {
        (_momentum, _share) = (Zeros(), momentum);
        _fused = fused ?? parameters.OnProcessor;
    }

    public override void Dispose() => _momentum.Dispose();

    protected override void Move(double scale, int first)
    {
        foreach (FlatSegment segment in Parameters.Segments.Skip(first))
        {
            (double rate, double decay) = (RateOf(segment.Other), DecayOf(segment.Other));
            if (_fused)
            {
                FlatKernels.Nesterov(Parameters, segment, _momentum, new NesterovRate((float)scale, (float)decay, (float)_share, (float)rate));
                continue;
            }
            Tensor At(Tensor flat) => flat.narrow(0, segment.Start, segment.Length);
            Tensor values = At(Parameters.Values);
            Tensor gradient = (At(Parameters.Gradients) * Number(scale)).add_(values, alpha: Number(decay));
            Tensor momentum = At(_momentum).mul_(Number(_share)).add_(gradient, One);
            values.add_(gradient.add_(momentum, alpha: Number(_share)), alpha: Number(-rate));
        }
    }

    protected override void WriteOptions(BinaryWriter writer, double decay)
    {
        writer.Write(_share);
        writer.Write(0.0);
        writer.Write(decay);
        writer.Write(true);
        writer.Write(false);
    }

    protected override void SkipOptions(BinaryReader reader) => reader.ReadBytes((3 * sizeof(double)) + 2);

    protected override void WriteState(BinaryWriter writer, FlatMember member)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        writer.Write(true);
        FlatParameters.View(_momentum, member).cpu().Save(writer);
    }

    protected override void ReadState(BinaryReader reader, FlatMember member)
    {
        if (reader.ReadBoolean())
        {
            ReadTensor(reader, _momentum, member);
        }
        else
        {
            FlatParameters.View(_momentum, member).zero_();
        }
    }
}

/// <summary>The numbers of a step with Nesterov's momentum.</summary>
/// <param name="Decay">Share of the parameter that is added to its gradient.</param>
/// <param name="Momentum">Share of the old step in the new one.</param>
internal readonly record struct NesterovRate(float Scale, float Decay, float Momentum, float Rate);
