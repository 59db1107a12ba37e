using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>Which form of a <see cref="SmallViT"/>.</summary>
/// <param name="ShiftedPatches">Patches are cut from the image and its four diagonal shifts by half a patch (shifted patch tokenization).</param>
/// <param name="Locality">No token attends to itself, and the temperature of every layer's softmax is learnt (locality self-attention).</param>
/// <param name="DistillationToken">A second learned token with a classifier of its own, which learns a teacher's decisions (DeiT).</param>
internal sealed record ViTForm(bool ShiftedPatches = false, bool Locality = false, bool DistillationToken = false);

/// <summary>A float vision transformer for small images: 9 blocks of 192 channels in 12 heads, hidden layers twice as wide, patches of an eighth of the
/// image, class token. With <see cref="ViTForm.ShiftedPatches"/> and <see cref="ViTForm.Locality"/> it is SL-ViT (Lee et al. 2021).</summary>
internal sealed class SmallViT : nn.Module<Tensor, Tensor>, IFeatureNetwork
{
    private const int GridSide = 8;
    internal const long Width = 192;
    private const long Heads = 12, Hidden = 384;

    private readonly Parameter cls_token;
    private readonly Parameter? dist_token;
    private readonly Parameter position;
    private readonly PatchTokens patches;
    private readonly ModuleList<ViTBlock> blocks;
    private readonly LayerNorm norm;
    private readonly Linear head;
    private readonly Linear? head_dist;

    /// <summary>Builds the network with fresh parameters from torch's random generator.</summary>
    public SmallViT(long classes, int imageSize = 32, ViTForm? form = null, int depth = 9) : base(nameof(SmallViT))
    {
        Form = form ?? new ViTForm();
        int patch = PatchSize(imageSize);
        PatchSide = patch;
        int side = imageSize / patch;
        int leading = Form.DistillationToken ? 2 : 1;
        cls_token = Embeddings.Positions(1, Width);
        if (Form.DistillationToken)
        {
            dist_token = Embeddings.Positions(1, Width);
            head_dist = nn.Linear(Width, classes);
        }
        position = Embeddings.Positions((side * side) + leading, Width);
        patches = new PatchTokens(patch, Width, Form.ShiftedPatches);
        blocks = new ModuleList<ViTBlock>([.. Enumerable.Range(0, depth).Select(_ => new ViTBlock(Width, Heads, Hidden, Form.Locality))]);
        norm = nn.LayerNorm(Width);
        head = nn.Linear(Width, classes);
        RegisterComponents();
    }

    /// <summary>The form that was built.</summary>
    public ViTForm Form { get; }

    /// <summary>Normalised images <c>[B, 3, H, W]</c> → logits <c>[B, classes]</c>; with a distillation token the mean of both classifiers'.</summary>
    public override Tensor forward(Tensor input) => WithFeatures(input).Logits;

    public (Tensor Logits, Tensor Features) WithFeatures(Tensor images)
    {
        (Tensor own, Tensor? distilled, Tensor features) = Tokens(images);
        return (distilled is null ? own : own.add(distilled, One) / Number(2), features);
    }

    /// <summary>The logits of the class token, and of the distillation token if there is one.</summary>
    internal (Tensor Class, Tensor? Distilled) Both(Tensor input)
    {
        (Tensor own, Tensor? distilled, _) = Tokens(input);
        return (own, distilled);
    }

    /// <summary>Patches of an image.</summary>
    internal long Patches => position.shape[1] - Leading;

    /// <summary>Rows and columns of a patch.</summary>
    internal long PatchSide { get; }

    /// <summary>The tokens of some patches as the last block leaves them, normed: what a masked autoencoder reads of an image.</summary>
    /// <param name="images">Normalised, <c>[B, 3, H, W]</c>.</param>
    /// <param name="visible">Which patches of each, <c>[B, n]</c>; the network meets no others.</param>
    /// <returns><c>[B, n, C]</c>.</returns>
    internal Tensor Encode(Tensor images, Tensor visible)
    {
        Tensor seen = Placed(images).gather(1, visible.unsqueeze(2).expand(-1, -1, Width));
        return norm.call(Through(seen).narrow(1, Leading, visible.shape[1]));
    }

    private (Tensor Class, Tensor? Distilled, Tensor Features) Tokens(Tensor input)
    {
        Tensor leading = norm.call(Through(Placed(input)).narrow(1, 0, Leading));
        return (head.call(leading.select(1, 0)), head_dist?.call(leading.select(1, 1)), leading.select(1, 0));
    }

    /// <summary>Class token, and distillation token if there is one.</summary>
    private long Leading => dist_token is null ? 1 : 2;

    /// <summary>Patches with the embeddings of their places, <c>[B, N, C]</c>.</summary>
    private Tensor Placed(Tensor images) => patches.call(images).add(position.narrow(1, Leading, Patches), One);

    /// <summary>Patches behind the leading tokens through all blocks, <c>[B, Leading + n, C]</c>.</summary>
    private Tensor Through(Tensor placed)
    {
        long batch = placed.shape[0];
        Tensor leading = dist_token is null ? cls_token : torch.cat([cls_token, dist_token], 1);
        Tensor x = torch.cat([leading.add(position.narrow(1, 0, Leading), One).expand(batch, -1, -1), placed], 1);
        foreach (ViTBlock block in blocks)
        {
            x = block.call(x);
        }

        return x;
    }

    /// <summary>The largest even patch that divides the image into a grid of eight or more rows; one pixel where there is none.</summary>
    internal static int PatchSize(int imageSize)
    {
        for (int patch = imageSize / GridSide / 2 * 2; patch > 0; patch -= 2)
        {
            if (imageSize % patch == 0)
            {
                return patch;
            }
        }
        return imageSize % 2 == 0 ? 2 : 1;
    }
}

/// <summary>Image <c>[B, 3, H, W]</c> → tokens <c>[B, N, C]</c>: patches, a LayerNorm over their pixels where they are shifted, a linear layer.</summary>
internal sealed class PatchTokens : nn.Module<Tensor, Tensor>
{
    private readonly LayerNorm? norm;
    private readonly Linear projection;
    private readonly long _patch;

    internal PatchTokens(long patch, long width, bool shifted) : base(nameof(PatchTokens))
    {
        _patch = patch;
        long inputs = (shifted ? 15 : 3) * patch * patch;
        if (shifted)
        {
            norm = nn.LayerNorm(inputs);
        }

        projection = nn.Linear(inputs, width);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        long batch = input.shape[0];
        long side = input.shape[2] / _patch;
        Tensor images = norm is null ? input : Shifted(input, _patch / 2);
        Tensor patches = images.view(batch, -1, side, _patch, side, _patch).permute(0, 2, 4, 1, 3, 5).reshape(batch, side * side, -1);
        return MixedPrecision.Linear(norm is null ? patches : norm.call(patches), projection.weight, projection.bias);
    }

    /// <summary>The image and its shifts to the four corners, zeros beyond the edge: <c>[B, 15, H, W]</c>.</summary>
    internal static Tensor Shifted(Tensor image, long by)
    {
        (long height, long width) = (image.shape[2], image.shape[3]);
        Tensor padded = F.pad(image, (by, by, by, by));
        Tensor At(long y, long x) => padded.narrow(2, y, height).narrow(3, x, width);
        return torch.cat([image, At(0, 0), At(0, 2 * by), At(2 * by, 0), At(2 * by, 2 * by)], 1).contiguous();
    }
}

/// <summary>A pre-norm transformer block on <c>[B, N, C]</c>.</summary>
internal sealed class ViTBlock : nn.Module<Tensor, Tensor>
{
    private readonly LayerNorm norm1;
    private readonly Linear qkv;
    private readonly Linear proj;
    private readonly LayerNorm norm2;
    private readonly Linear fc1;
    private readonly Linear fc2;

    // The logarithm of what scores are multiplied by; fixed but for locality.
    private readonly Parameter? scale_log;
    private readonly long _heads;
    private readonly double _scale;

    internal ViTBlock(long width, long heads, long hidden, bool locality) : base(nameof(ViTBlock))
    {
        _heads = heads;
        _scale = 1 / Math.Sqrt((double)width / heads);
        norm1 = nn.LayerNorm(width);
        qkv = nn.Linear(width, 3 * width);
        proj = nn.Linear(width, width);
        norm2 = nn.LayerNorm(width);
        fc1 = nn.Linear(width, hidden);
        fc2 = nn.Linear(hidden, width);
        if (locality)
        {
            scale_log = nn.Parameter(torch.full([1L], Number(Math.Log(_scale))));
        }

        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        Tensor x = input.add(MixedPrecision.Linear(Attend(norm1.call(input)), proj.weight, proj.bias), One);
        Tensor hidden = F.gelu(MixedPrecision.Linear(norm2.call(x), fc1.weight, fc1.bias));
        return x.add(MixedPrecision.Linear(hidden, fc2.weight, fc2.bias), One);
    }

    /// <summary>Self-attention <c>[B, N, C]</c> → <c>[B, N, C]</c>.</summary>
    internal Tensor Attend(Tensor x)
    {
        (long batch, long tokens, long width) = (x.shape[0], x.shape[1], x.shape[2]);
        Tensor split = MixedPrecision.Linear(x, qkv.weight, qkv.bias).view(batch, tokens, 3, _heads, width / _heads).permute(2, 0, 3, 1, 4);      // [3, B, h, N, d]
        Tensor scores = MixedPrecision.Matmul(split.select(0, 0), split.select(0, 1).transpose(2, 3));
        if (scale_log is null)
        {
            scores = scores * Number(_scale);
        }
        else
        {
            Tensor own = torch.eye(tokens, dtype: ScalarType.Bool, device: x.device);
            scores = (scores * scale_log.exp()).masked_fill(own, Number(float.NegativeInfinity));
        }
        return MixedPrecision.Matmul(scores.softmax(-1), split.select(0, 2)).transpose(1, 2).reshape(batch, tokens, width);
    }
}
