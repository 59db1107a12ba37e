using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>LayerScale with an offset: <c>y = alpha * x + move</c> per channel.</summary>
internal sealed class LayerScale : nn.Module<Tensor, Tensor>
{
    internal readonly Parameter alpha;
    internal readonly Parameter move;

    /// <summary>Creates it with this <paramref name="start"/> for every alpha and no offset.</summary>
    public LayerScale(long channels, double start) : base(nameof(LayerScale))
    {
        alpha = nn.Parameter(torch.full(channels, Number(start)));
        move = nn.Parameter(torch.zeros(channels));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => (input * alpha).add_(move, One);
}

/// <summary>RPReLU of a sum, see <see cref="RPReLUFunction"/>; slope 0.25 and no shifts at the start.</summary>
internal sealed class RPReLU : nn.Module
{
    internal readonly Parameter move1;
    internal readonly Parameter move2;
    internal readonly ChannelSlope prelu;

    /// <summary>Creates the module.</summary>
    public RPReLU(long channels) : base(nameof(RPReLU))
    {
        move1 = nn.Parameter(torch.zeros(channels));
        move2 = nn.Parameter(torch.zeros(channels));
        prelu = new ChannelSlope(channels);
        RegisterComponents();
    }

    /// <summary>RPReLU of <c>x + shortcut</c>, <c>[M, C]</c>.</summary>
    public Tensor Forward(Tensor x, Shortcut shortcut) => RPReLUFunction.Apply(x, shortcut, move1, prelu.weight, move2);
}

/// <summary>Holds the slopes under the name that torch's PReLU gives them.</summary>
internal sealed class ChannelSlope : nn.Module
{
    internal readonly Parameter weight;

    internal ChannelSlope(long channels) : base(nameof(ChannelSlope))
    {
        weight = nn.Parameter(torch.full(channels, Number(0.25)));
        RegisterComponents();
    }
}

/// <summary>How a latent weight becomes signs.</summary>
internal enum SignForm
{
    /// <summary>Not at all: the weight is used as it is.</summary>
    None,

    /// <summary>Signs of the weight less its row's mean.</summary>
    Centred,

    /// <summary>Signs of the weight itself: convolutions.</summary>
    Plain,
}

/// <summary>Holds a weight without bias under the name <c>weight</c>, initialised as torch's Linear: uniform within ±1/sqrt(fan-in).</summary>
internal sealed class LatentWeight : nn.Module
{
    internal readonly Parameter weight;

    internal LatentWeight(SignForm form, params long[] shape) : base(nameof(LatentWeight))
    {
        Form = form;
        long fanIn = 1;
        for (int i = 1; i < shape.Length; i++)
        {
            fanIn *= shape[i];
        }

        double bound = 1 / Math.Sqrt(fanIn);
        weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound));
        RegisterComponents();
    }

    /// <summary>What signs it has.</summary>
    internal SignForm Form { get; }

    /// <summary>What signs are taken of, as rows <c>[O, K]</c>.</summary>
    internal Tensor Argument()
    {
        Tensor rows = weight.flatten(1);
        return Form == SignForm.Centred ? rows - rows.mean([1], keepdim: true) : rows;
    }
}
