using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>A masked autoencoder (He et al., CVPR 2022) around a <see cref="SmallViT"/>: the transformer reads a quarter of an image's patches, and a small
/// decoder, which is not kept, says from that what the other patches look like. Its loss needs no labels.</summary>
internal sealed class MaskedAutoencoder : nn.Module<Tensor, Tensor>
{
    /// <summary>Share of the patches that the transformer does not see (section 4.1 of the paper).</summary>
    internal const double Masked = 0.75;

    private const long Width = 96, Heads = 6, Hidden = 192;
    private const int Depth = 2;
    private const double VarianceEps = 1e-6;

    private readonly SmallViT encoder;
    private readonly Linear narrow;
    private readonly Parameter mask_token;
    private readonly Parameter position;
    private readonly ModuleList<ViTBlock> blocks;
    private readonly LayerNorm norm;
    private readonly Linear pixels;

    /// <summary>Builds the decoder with fresh parameters from torch's random generator.</summary>
    /// <param name="encoder">What is trained; it becomes a part of this.</param>
    internal MaskedAutoencoder(SmallViT encoder) : base(nameof(MaskedAutoencoder))
    {
        this.encoder = encoder;
        narrow = nn.Linear(SmallViT.Width, Width);
        mask_token = Embeddings.Positions(1, Width);
        position = Embeddings.Positions(encoder.Patches, Width);
        blocks = new ModuleList<ViTBlock>([.. Enumerable.Range(0, Depth).Select(_ => new ViTBlock(Width, Heads, Hidden, locality: false))]);
        norm = nn.LayerNorm(Width);
        pixels = nn.Linear(Width, 3 * encoder.PatchSide * encoder.PatchSide);
        RegisterComponents();
    }

    /// <summary>Patches of an image that the transformer sees; at least one of all.</summary>
    internal int Visible => Math.Max(1, (int)(encoder.Patches * (1 - Masked)));

    /// <summary>Patches of an image.</summary>
    internal int Patches => (int)encoder.Patches;

    /// <summary>Gives a transformer of the same form what this one has learnt.</summary>
    internal void CopyTo(SmallViT network)
    {
        using IDisposable frozen = torch.no_grad();
        Dictionary<string, Tensor> learnt = encoder.state_dict();
        foreach ((string name, Tensor value) in network.state_dict())
        {
            value.copy_(learnt[name]);
        }
    }

    /// <summary>The transformer's own logits.</summary>
    public override Tensor forward(Tensor input) => encoder.call(input);

    /// <summary>The mean squared error of the patches that were not seen, each normed by its own mean and variance.</summary>
    /// <param name="images">Normalised, <c>[B, 3, H, W]</c>.</param>
    /// <param name="order">The patches of each image in a random order, <c>[B, N]</c>; the first are seen.</param>
    internal Tensor Loss(Tensor images, Tensor order)
    {
        (long batch, long patches) = (order.shape[0], order.shape[1]);
        Tensor seen = narrow.call(encoder.Encode(images, order.narrow(1, 0, Visible)));                            // [B, n, W]
        Tensor all = torch.cat([seen, mask_token.expand(batch, patches - Visible, Width)], 1);
        Tensor places = order.argsort(1);
        Tensor x = all.gather(1, places.unsqueeze(2).expand(-1, -1, Width)).add(position, One);                    // [B, N, W]
        foreach (ViTBlock block in blocks)
        {
            x = block.call(x);
        }

        Tensor hidden = order.narrow(1, Visible, patches - Visible).unsqueeze(2);
        Tensor said = pixels.call(norm.call(x)), there = Normed(images, encoder.PatchSide);
        Tensor Hidden(Tensor of) => of.gather(1, hidden.expand(-1, -1, of.shape[2]));
        return (Hidden(said) - Hidden(there)).pow(Number(2)).mean();
    }

    /// <summary>The pixels of each patch <c>[B, N, 3*p*p]</c>, less their mean, by their deviation.</summary>
    internal static Tensor Normed(Tensor images, long side)
    {
        (long batch, long rows, long columns) = (images.shape[0], images.shape[2] / side, images.shape[3] / side);
        Tensor patches = images.view(batch, 3, rows, side, columns, side).permute(0, 2, 4, 1, 3, 5).reshape(batch, rows * columns, -1);
        Tensor mean = patches.mean([-1L], true), variance = patches.var(-1, unbiased: true, keepdim: true);
        return (patches - mean) / variance.add(Number(VarianceEps), One).sqrt();
    }
}
