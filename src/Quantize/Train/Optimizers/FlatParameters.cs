using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A run of numbers in the flat tensors whose parameters share a learning rate.</summary>
/// <param name="Start">Its first number, a multiple of <see cref="FlatParameters.Alignment"/>.</param>
/// <param name="Length">How many there are, the gaps between parameters included, which are 0.</param>
/// <param name="Other">Whether it learns at the other rate: see <see cref="FlatOptimizer"/>.</param>
internal readonly record struct FlatSegment(long Start, long Length, bool Other)
{
    internal long End => Start + Length;
}

/// <summary>Where a parameter lies.</summary>
/// <param name="Start">Its first number in the flat tensors.</param>
internal sealed record FlatMember(string Name, Parameter Parameter, long Start, int Segment);

/// <summary>All parameters of a network as views into one tensor, their gradients as views into another: clearing, clipping, updating, averaging and
/// summing over processes are then one operation for all of them. First the latent weights of signs, which may rest, then all else, last what learns at
/// another rate.</summary>
internal sealed class FlatParameters : IDisposable
{
    /// <summary>Parameters start at multiples of so many floats: whole vectors.</summary>
    internal const int Alignment = Lanes.Count;

    /// <summary>Moves the parameters of a network into one tensor, in place: modules, state_dict and checkpoints go on with them.</summary>
    /// <param name="model">The network, on its device.</param>
    /// <param name="other">Whether a parameter learns at the other rate.</param>
    /// <exception cref="ConvertException">A weight is not finite.</exception>
    internal FlatParameters(nn.Module model, Func<string, Parameter, bool> other)
    {
        HashSet<string> signs = [.. (model as BinaryViT)?.SignWeights().Select(w => w.Layer + ".weight") ?? []];
        (string Name, Parameter Parameter, int Segment)[] all =
            [.. model.named_parameters().Select(p => (p.name, p.parameter, other(p.name, p.parameter) ? 2 : signs.Contains(p.name) ? 0 : 1))];
        if (all.Length == 0)
        {
            throw new ArgumentException($"{model.GetName()} has no parameters.", nameof(model));
        }

        List<FlatSegment> segments = [];
        List<FlatMember> members = [];
        long at = 0;
        foreach (IGrouping<int, (string Name, Parameter Parameter, int Segment)> alike in all.GroupBy(p => p.Segment).OrderBy(g => g.Key))
        {
            long start = at;
            foreach ((string name, Parameter parameter, _) in alike)
            {
                members.Add(new FlatMember(name, parameter, at, segments.Count));
                at += (parameter.numel() + Alignment - 1) / Alignment * Alignment;
            }
            SignSegments += alike.Key == 0 ? 1 : 0;
            segments.Add(new FlatSegment(start, at - start, alike.Key == 2));
        }
        (Segments, Length) = (segments, at);
        // Files list parameters in the network's order, what learns at the other rate behind the rest.
        Dictionary<string, int> order = all.Select((p, i) => (p.Name, i)).ToDictionary(p => p.Name, p => p.i);
        Members = [.. members.OrderBy(m => segments[m.Segment].Other).ThenBy(m => order[m.Name])];

        using IDisposable frozen = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        Device device = all[0].Parameter.device;
        Values = torch.zeros(at, device: device).DetachFromDisposeScope();
        Gradients = torch.zeros(at, device: device).DetachFromDisposeScope();
        foreach (FlatMember member in members)
        {
            Tensor place = View(Values, member);
            place.copy_(member.Parameter);
            member.Parameter.set_(place);
            member.Parameter.grad = View(Gradients, member);
        }
        RequireFinite();
    }

    /// <summary>All parameters, <c>[n]</c>.</summary>
    internal Tensor Values { get; }

    /// <summary>All gradients, <c>[n]</c>, in the same order; backward passes add to them.</summary>
    internal Tensor Gradients { get; }

    /// <summary>n.</summary>
    internal long Length { get; }

    /// <summary>The segments in their order; they adjoin.</summary>
    internal IReadOnlyList<FlatSegment> Segments { get; }

    /// <summary>How many segments at the start hold latent weights of signs: 0 or 1.</summary>
    internal int SignSegments { get; }

    /// <summary>The parameters in the order of files.</summary>
    internal IReadOnlyList<FlatMember> Members { get; }

    /// <summary>Whether they are in the memory of the processor.</summary>
    internal bool OnProcessor => Values.device_type == DeviceType.CPU;

    /// <summary>The part of a flat tensor that belongs to a parameter, in its shape; no copy.</summary>
    internal static Tensor View(Tensor flat, FlatMember member) =>
        flat.narrow(0, member.Start, member.Parameter.numel()).view(member.Parameter.shape);

    /// <summary>Nothing can be learnt from a weight that is not a number, and the loss would show it only after a step.</summary>
    private void RequireFinite()
    {
        double norm = OnProcessor ? FlatKernels.SumOfSquares(Values, 0, Length) : Values.norm().item<float>();
        if (double.IsFinite(norm))
        {
            return;
        }

        foreach (FlatMember member in Members)
        {
            float[] values = ModelTensors.ToArray(member.Parameter);
            if (Array.FindIndex(values, v => !float.IsFinite(v)) is >= 0 and int at)
            {
                throw new ConvertException(
                    $"The network would start with {member.Name}[{at}] = {values[at]} where a finite number is expected. Look at the file of --init or --teacher if there is one; otherwise choose another --seed.");
            }
        }
    }

    /// <summary>Sets all gradients to 0.</summary>
    internal void ClearGradients()
    {
        using IDisposable frozen = torch.no_grad();
        Gradients.zero_();
    }

    /// <summary>The Euclidean norm of the gradients from a segment on.</summary>
    internal double GradientNorm(int first)
    {
        long start = Segments[first].Start;
        if (OnProcessor)
        {
            return Math.Sqrt(FlatKernels.SumOfSquares(Gradients, start, Length));
        }

        using IDisposable frozen = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        return Gradients.narrow(0, start, Length - start).norm().item<float>();
    }

    /// <summary>Disposes of the gradients; the parameters stay where they are.</summary>
    public void Dispose()
    {
        foreach (FlatMember member in Members)
        {
            member.Parameter.grad = null;
        }

        Values.Dispose();
        Gradients.Dispose();
    }
}
