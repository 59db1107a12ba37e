using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>How the parameters of a network learn: all in one pass over the flat tensors. Checkpoints hold its state in TorchSharp's form of a
/// state_dict, one record for each group and each parameter.</summary>
internal abstract class FlatOptimizer : IDisposable
{
    private readonly string _name;

    /// <param name="otherFactor">Factor on the rate of the parameters that learn at the other rate.</param>
    /// <param name="otherDecay">That of the others.</param>
    protected FlatOptimizer(FlatParameters parameters, string name, double rate, double otherFactor, double decay, double otherDecay)
    {
        (Parameters, _name, Peak, OtherFactor, Decay, OtherDecay) = (parameters, name, rate, otherFactor, decay, otherDecay);
        Rate = rate;
        Groups = parameters.Segments.Select(s => s.Other).Distinct().Count();
    }

    /// <summary>Learning rate of the present step; the others' is this times their factor.</summary>
    internal double Rate { get; set; }

    /// <summary>What learns.</summary>
    protected FlatParameters Parameters { get; }

    protected double OtherFactor { get; }

    private double Peak { get; }

    private double Decay { get; }

    private double OtherDecay { get; }

    private int Groups { get; }

    /// <summary>Moves the parameters from a segment on against their gradients.</summary>
    /// <param name="scale">What the gradients are multiplied by.</param>
    /// <param name="first">The first segment that moves; those before rest, their state included.</param>
    internal void Step(double scale, int first)
    {
        using IDisposable frozen = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        Move(scale, first);
    }

    /// <summary>Its state in TorchSharp's form.</summary>
    internal byte[] Save()
    {
        using var memory = new MemoryStream();
        using var writer = new BinaryWriter(memory);
        writer.Write(_name);
        writer.Write7BitEncodedInt64(Groups);
        writer.Write7BitEncodedInt64(Parameters.Members.Count);
        foreach (bool other in Parameters.Segments.Select(s => s.Other).Distinct())
        {
            writer.Write(Peak * (other ? OtherFactor : 1));
            writer.Write(RateOf(other));
            WriteOptions(writer, DecayOf(other));
        }
        foreach (FlatMember member in Parameters.Members)
        {
            WriteState(writer, member);
        }

        writer.Flush();
        return memory.ToArray();
    }

    /// <summary>Takes up what <see cref="Save"/> or TorchSharp's own optimizer wrote. Rates and decay stay as the settings say.</summary>
    /// <exception cref="ConvertException">The state is of another optimizer or network.</exception>
    internal void Restore(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        using IDisposable frozen = torch.no_grad();
        using DisposeScope scope = torch.NewDisposeScope();
        try
        {
            string name = reader.ReadString();
            long groups = reader.Read7BitEncodedInt64(), count = reader.Read7BitEncodedInt64();
            if (name != _name || groups != Groups || count != Parameters.Members.Count)
            {
                throw Foreign($"it is of {name} with {groups} groups and {count} parameters, expected {_name} with {Groups} and {Parameters.Members.Count}");
            }

            for (int i = 0; i < groups; i++)
            {
                reader.ReadDouble();
                reader.ReadDouble();
                SkipOptions(reader);
            }
            foreach (FlatMember member in Parameters.Members)
            {
                ReadState(reader, member);
            }
        }
        catch (FormatException e)
        {
            // Ours, of a kind of state.
            string what = e.Message;
            throw Foreign(what);
        }
        catch (Exception e) when (e is EndOfStreamException or ArgumentException)
        {
            throw Foreign("it ends too early, or is damaged");
        }
    }

    public abstract void Dispose();

    protected abstract void Move(double scale, int first);

    /// <summary>Writes a group's options behind its rates.</summary>
    protected abstract void WriteOptions(BinaryWriter writer, double decay);

    /// <summary>Reads over a group's options.</summary>
    protected abstract void SkipOptions(BinaryReader reader);

    protected abstract void WriteState(BinaryWriter writer, FlatMember member);

    protected abstract void ReadState(BinaryReader reader, FlatMember member);

    /// <summary>The present rate of a group.</summary>
    protected double RateOf(bool other) => Rate * (other ? OtherFactor : 1);

    /// <summary>The weight decay of a group.</summary>
    protected double DecayOf(bool other) => other ? OtherDecay : Decay;

    /// <summary>Reads a tensor of a parameter's shape into a flat one.</summary>
    protected static void ReadTensor(BinaryReader reader, Tensor flat, FlatMember member)
    {
        using Tensor host = torch.empty(member.Parameter.shape);
        host.Load(reader);
        FlatParameters.View(flat, member).copy_(host);
    }

    /// <summary>A flat tensor beside the parameters, all 0.</summary>
    protected Tensor Zeros()
    {
        using IDisposable frozen = torch.no_grad();
        return torch.zeros(Parameters.Length, device: Parameters.Values.device).DetachFromDisposeScope();
    }

    private static ConvertException Foreign(string what) =>
        new($"The optimizer's state in the checkpoint does not fit: {what}. Start again in another folder.");
}
