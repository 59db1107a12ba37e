using TorchSharp;
using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>A convolutional network of the kind that learns CIFAR-10 fastest (Jordan 2024): a frozen convolution that decorrelates patches, then three
/// or fewer blocks of two 3x3 convolutions with a max-pool after the first, norms without scales, GELU, the maximum over the last grid and a linear
/// classifier whose logits are divided by nine. The strongest teacher for small images that minutes on a processor can train.</summary>
internal sealed class ConvNet : nn.Module<Tensor, Tensor>, IFeatureNetwork
{
    /// <summary>Grids of the blocks: patches are taken so that images of any size give about so many rows and columns.</summary>
    private const int UsualSide = 32;
    private const double LogitScale = 1.0 / 9;

    private readonly Tensor whitening;    // [2*directions, 3, k, k]
    private readonly ModuleList<ConvBlock> blocks;
    private readonly Linear fc;
    private readonly int _stride;

    /// <summary>Builds the network with fresh parameters from torch's random generator. Its first convolution passes nothing on before
    /// <see cref="Whiten"/> or a checkpoint has filled it.</summary>
    /// <param name="width">Channels of the first block; the others have four times as many.</param>
    public ConvNet(long classes, long width = 64, int imageSize = 32) : base(nameof(ConvNet))
    {
        _stride = Math.Max(1, (imageSize + (UsualSide / 2)) / UsualSide);
        int kernel = _stride + 1;
        whitening = torch.zeros(2 * PatchWhitening.Directions(kernel), 3, kernel, kernel);
        List<ConvBlock> list = [];
        long channels = whitening.shape[0];
        for (int side = ((imageSize - kernel) / _stride) + 1; list.Count == 0 || (side >= 4 && list.Count < 3); side /= 2)
        {
            long outputs = list.Count == 0 ? width : 4 * width;
            list.Add(new ConvBlock(channels, outputs, pool: side >= 2));
            channels = outputs;
        }
        blocks = new ModuleList<ConvBlock>([.. list]);
        fc = nn.Linear(channels, classes, hasBias: false);
        RegisterComponents();
    }

    /// <summary>Fills the first convolution from the images: it maps their patches to uncorrelated values of unit variance, and their negatives.</summary>
    /// <param name="indices">Which of them; a few thousand are looked at.</param>
    public void Whiten(PixelSource source, IReadOnlyList<int> indices)
    {
        using IDisposable frozen = torch.no_grad();
        float[] filters = PatchWhitening.Filters(source, indices, (int)whitening.shape[2]);
        whitening.copy_(torch.tensor(filters).view(whitening.shape));
    }

    /// <summary>Normalised images <c>[B, 3, H, W]</c> → logits <c>[B, classes]</c>.</summary>
    public override Tensor forward(Tensor input) => WithFeatures(input).Logits;

    public (Tensor Logits, Tensor Features) WithFeatures(Tensor images)
    {
        Tensor x;
        using (torch.no_grad())
        {
            // Channels last in memory: what follows is up to twice as fast.
            Tensor last = images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
            x = ConvBlock.Gelu(MixedPrecision.Conv2d(last, whitening, _stride, 0));
        }
        foreach (ConvBlock block in blocks)
        {
            x = block.call(x);                                                       // [B, C, h, w]
        }

        Tensor features = x.amax([2, 3]);
        return (fc.call(features) * Number(LogitScale), features);
    }
}

/// <summary>Convolution, max-pool, norm, GELU; convolution, norm, GELU.</summary>
internal sealed class ConvBlock : nn.Module<Tensor, Tensor>
{
    private readonly PlainConv2d conv1;
    private readonly ShiftNorm norm1;
    private readonly PlainConv2d conv2;
    private readonly ShiftNorm norm2;
    private readonly bool _pool;

    internal ConvBlock(long inputs, long outputs, bool pool) : base(nameof(ConvBlock))
    {
        _pool = pool;
        conv1 = new PlainConv2d(inputs, outputs, 3, stride: 1, identity: true);
        norm1 = new ShiftNorm(outputs);
        conv2 = new PlainConv2d(outputs, outputs, 3, stride: 1, identity: true);
        norm2 = new ShiftNorm(outputs);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        Tensor x = conv1.Narrow(input);
        if (_pool)
        {
            x = F.max_pool2d(x, 2);
        }

        x = Gelu(norm1.call(x.to(ScalarType.Float32)));
        return Gelu(norm2.call(conv2.forward(x)));
    }

    /// <summary>GELU of an image with channels last, seen as the contiguous tensor that it is: libtorch is four times as fast on such.</summary>
    internal static Tensor Gelu(Tensor image) => F.gelu(image.permute(0, 2, 3, 1)).permute(0, 3, 1, 2);
}

/// <summary>Batch norm with an offset but no scale, whose running statistics follow the last few batches: short trainings need them fresh.</summary>
internal sealed class ShiftNorm : nn.Module<Tensor, Tensor>, ISynchronisedNorm
{
    private const double Momentum = 0.4;
    private const double Eps = 1e-5;

    private readonly Parameter bias;
    private readonly Tensor running_mean;
    private readonly Tensor running_var;

    internal ShiftNorm(long channels) : base(nameof(ShiftNorm))
    {
        bias = nn.Parameter(torch.zeros(channels));
        running_mean = torch.zeros(channels);
        running_var = torch.ones(channels);
        RegisterComponents();
    }

    public ProcessGroup? Group { get; set; }

    public override Tensor forward(Tensor input) => training && Group is { } group
        ? SynchronisedNorm.Apply(input, null, bias, running_mean, running_var, Eps, Momentum, group)
        : F.batch_norm(input, running_mean, running_var, null, bias, training, Momentum, Eps);
}
