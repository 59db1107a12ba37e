using static TorchSharp.torch;

namespace EdgeVit.Quantize.Tests;

/// <summary>A network with one hidden layer, made of the mean of each image: [N, 3, H, W] to [N, 10].</summary>
internal sealed class WideNetwork : nn.Module<Tensor, Tensor>
{
    private readonly TorchSharp.Modules.Linear first;
    private readonly TorchSharp.Modules.Linear last;

    /// <summary>Creates it with random weights.</summary>
    /// <param name="hidden">Values of the hidden layer.</param>
    internal WideNetwork(int hidden) : base(nameof(WideNetwork))
    {
        first = nn.Linear(3, hidden);
        last = nn.Linear(hidden, 10);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => last.call(first.call(input.mean([2, 3])).tanh());
}
