using System.Runtime.InteropServices;
using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>An exponential mean of a student's float parameters over the steps. Weights that become signs are not in it: the mean of latent weights says
/// nothing about the mean of signs.</summary>
internal sealed class FloatAverage : IDisposable
{
    internal const string StateName = "average";

    private readonly Parameter[] _parameters;
    private readonly Tensor[] _means;
    private readonly (Tensor Values, Tensor Means)[] _moved;
    private readonly double _decay;
    private long _updates;

    /// <summary>Starts at the parameters as they are.</summary>
    /// <param name="decay">Share of the old mean in the new one; lower in the first steps.</param>
    /// <param name="flat">The student's parameters where they are one tensor, so that a step is one operation; null where each is its own.</param>
    internal FloatAverage(BinaryViT model, double decay, FlatParameters? flat = null)
    {
        HashSet<string> signs = [.. model.SignWeights().Select(w => w.Layer + ".weight")];
        _decay = decay;
        _parameters = [.. model.named_parameters().Where(p => !signs.Contains(p.name)).Select(p => p.parameter)];
        using IDisposable frozen = torch.no_grad();
        if (flat is null)
        {
            _means = [.. _parameters.Select(p => p.clone().DetachFromDisposeScope())];
            _moved = [.. _parameters.Zip(_means, (p, m) => ((Tensor)p, m))];
            return;
        }
        using DisposeScope scope = torch.NewDisposeScope();
        Tensor whole = flat.Values.clone();
        long start = flat.Segments[flat.SignSegments].Start;
        Dictionary<string, FlatMember> members = flat.Members.ToDictionary(m => m.Name);
        _means = [.. model.named_parameters().Where(p => !signs.Contains(p.name)).Select(p => FlatParameters.View(whole, members[p.name]).DetachFromDisposeScope())];
        _moved = [(flat.Values.narrow(0, start, flat.Length - start).DetachFromDisposeScope(), whole.narrow(0, start, flat.Length - start).DetachFromDisposeScope())];
    }

    /// <summary>Takes in the parameters after a step.</summary>
    internal void Update()
    {
        using IDisposable frozen = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        double share = 1 - Math.Min(_decay, (1.0 + _updates) / (10 + _updates));
        _updates++;
        foreach ((Tensor values, Tensor means) in _moved)
        {
            means.add_((values - means) * Number(share), One);
        }
    }

    /// <summary>Its state as bytes.</summary>
    internal byte[] Save()
    {
        using var stream = new MemoryStream();
        stream.Write(BitConverter.GetBytes(_updates));
        foreach (Tensor mean in _means)
        {
            stream.Write(MemoryMarshal.AsBytes<float>(ModelTensors.ToArray(mean)));
        }

        return stream.ToArray();
    }

    /// <summary>Takes up what <see cref="Save"/> gave.</summary>
    /// <exception cref="ConvertException">The bytes are of another network.</exception>
    internal void Restore(byte[] bytes)
    {
        if (bytes.Length != sizeof(long) + (sizeof(float) * _means.Sum(m => m.numel())))
        {
            throw new ConvertException("The checkpoint's mean of the float parameters is of another network. Start again in another folder.");
        }

        using IDisposable frozen = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        _updates = BitConverter.ToInt64(bytes);
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(sizeof(long)));
        foreach (Tensor mean in _means)
        {
            int count = (int)mean.numel();
            mean.copy_(torch.tensor(values[..count].ToArray()).view(mean.shape));
            values = values[count..];
        }
    }

    /// <summary>Makes the means the student's parameters.</summary>
    internal void Apply()
    {
        using IDisposable frozen = torch.no_grad();
        for (int i = 0; i < _means.Length; i++)
        {
            _parameters[i].copy_(_means[i]);
        }
    }

    public void Dispose()
    {
        foreach (Tensor mean in _means)
        {
            mean.Dispose();
        }
        // The parameters themselves, where each is its own, are the student's.
        foreach ((Tensor values, Tensor means) in _moved.Where(m => m.Values is not Parameter))
        {
            values.Dispose();
            means.Dispose();
        }
    }
}
