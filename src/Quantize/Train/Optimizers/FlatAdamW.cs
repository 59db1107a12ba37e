using TorchSharp;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>Adam with decoupled weight decay (Loshchilov and Hutter 2019), torch's numbers up to rounding: on the processor one fused pass, elsewhere
/// tensor operations over the whole.</summary>
internal sealed class FlatAdamW : FlatOptimizer
{
    internal const double Beta1 = 0.9, Beta2 = 0.999, Eps = 1e-8;

    private readonly Tensor _mean;
    private readonly Tensor _square;
    private readonly long[] _steps;
    private readonly bool _fused;

    /// <param name="otherFactor">Factor on the rate of the parameters that learn at the other rate.</param>
    /// <param name="decay">Weight decay; what learns at the other rate has none.</param>
    /// <param name="fused">Whether the pass is the processor's own; null for where that can be.</param>
    internal FlatAdamW(FlatParameters parameters, double rate, double otherFactor, double decay, bool? fused = null)
        : base(parameters, "AdamW", rate, otherFactor, decay, 0)
    {
        (_mean, _square, _steps) = (Zeros(), Zeros(), new long[parameters.Segments.Count]);
        _fused = fused ?? parameters.OnProcessor;
    }

    public override void Dispose()
    {
        _mean.Dispose();
        _square.Dispose();
    }

    protected override void Move(double scale, int first)
    {
        for (int s = first; s < _steps.Length; s++)
        {
            _steps[s]++;
        }

        if (_fused)
        {
            for (int s = first; s < _steps.Length; s++)
            {
                FlatKernels.AdamW(Parameters, Parameters.Segments[s], _mean, _square, RateAt(s) with { Scale = (float)scale });
            }

            return;
        }
        long start = Parameters.Segments[first].Start;
        Tensor Active(Tensor flat) => flat.narrow(0, start, Parameters.Length - start);
        Tensor gradient = Active(Parameters.Gradients) * Number(scale);
        Active(_mean).mul_(Number(Beta1)).add_(gradient, alpha: Number(1 - Beta1));
        Active(_square).mul_(Number(Beta2)).addcmul_(gradient, gradient, value: Number(1 - Beta2));
        Tensor root = Active(_square).sqrt();
        for (int s = first; s < _steps.Length; s++)
        {
            FlatSegment segment = Parameters.Segments[s];
            AdamWRate at = RateAt(s);
            Tensor values = Parameters.Values.narrow(0, segment.Start, segment.Length);
            if (at.Keep != 1)
            {
                values.mul_(Number(at.Keep));
            }

            Tensor divisor = root.narrow(0, segment.Start - start, segment.Length).div_(Number(at.Root)).add_(Number(Eps), One);
            values.addcdiv_(_mean.narrow(0, segment.Start, segment.Length), divisor, value: Number(-at.Size));
        }
    }

    protected override void WriteOptions(BinaryWriter writer, double decay)
    {
        writer.Write(Beta1);
        writer.Write(Beta2);
        writer.Write(Eps);
        writer.Write(decay);
        writer.Write(false);
        writer.Write(false);
    }

    protected override void SkipOptions(BinaryReader reader) => reader.ReadBytes((4 * sizeof(double)) + 2);

    protected override void WriteState(BinaryWriter writer, FlatMember member)
    {
        using DisposeScope scope = torch.NewDisposeScope();
        writer.Write(_steps[member.Segment]);
        FlatParameters.View(_mean, member).cpu().Save(writer);
        FlatParameters.View(_square, member).cpu().Save(writer);
        writer.Write(false);
    }

    protected override void ReadState(BinaryReader reader, FlatMember member)
    {
        // A parameter that never had a gradient has not stepped; its segment has.
        _steps[member.Segment] = Math.Max(_steps[member.Segment], reader.ReadInt64());
        ReadTensor(reader, _mean, member);
        ReadTensor(reader, _square, member);
        if (reader.ReadBoolean())
        {
            throw new FormatException("it holds maxima of squares (AMSGrad)");
        }
    }

    private AdamWRate RateAt(int segment)
    {
        bool other = Parameters.Segments[segment].Other;
        double rate = RateOf(other);
        return new AdamWRate(
            1, (float)(1 - (rate * DecayOf(other))), (float)Math.Sqrt(1 - Math.Pow(Beta2, _steps[segment])), (float)(rate / (1 - Math.Pow(Beta1, _steps[segment]))));
    }
}

/// <summary>The numbers of a step of AdamW.</summary>
/// <param name="Keep">What weight decay leaves of a parameter.</param>
/// <param name="Root">The root of the second moment's bias correction.</param>
/// <param name="Size">Rate by the first moment's bias correction.</param>
internal readonly record struct AdamWRate(float Scale, float Keep, float Root, float Size);
