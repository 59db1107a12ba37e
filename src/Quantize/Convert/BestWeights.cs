using TorchSharp;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>The best of several states of a network, by an accuracy; the earlier one where two are equally good.</summary>
internal sealed class BestWeights(nn.Module model) : IDisposable
{
    private Dictionary<string, Tensor> _kept = [];

    /// <summary>The best accuracy so far; negative before the first.</summary>
    internal double Top1 { get; private set; } = -1;

    /// <summary>What the best state is called.</summary>
    internal string Name { get; private set; } = "";

    /// <summary>Keeps the network's present state if it is better than all before.</summary>
    internal void Consider(string name, double top1)
    {
        if (top1 <= Top1)
        {
            return;
        }

        (Top1, Name) = (top1, name);
        Dispose();
        using IDisposable frozen = torch.no_grad();
        _kept = model.state_dict().ToDictionary(p => p.Key, p => p.Value.clone());
    }

    /// <summary>Gives the network the best state.</summary>
    internal void Restore()
    {
        using IDisposable frozen = torch.no_grad();
        foreach ((string name, Tensor value) in model.state_dict())
        {
            value.copy_(_kept[name]);
        }
    }

    public void Dispose()
    {
        foreach (Tensor tensor in _kept.Values)
        {
            tensor.Dispose();
        }

        _kept = [];
    }
}
