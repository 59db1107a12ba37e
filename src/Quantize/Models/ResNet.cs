using TorchSharp.Modules;
using static EdgeVit.Quantize.Scalars;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace EdgeVit.Quantize;

/// <summary>A small residual network for small images, the default teacher: a 4x4 stem of stride 2, then stages of basic blocks, each halving
/// the grid and doubling the channels, then the mean over the grid and a linear classifier.</summary>
internal sealed class ResNet : nn.Module<Tensor, Tensor>, IFeatureNetwork
{
    private readonly PlainConv2d conv1;
    private readonly ImageNorm bn1;
    private readonly Sequential layers;
    private readonly Linear fc;

    private ResNet(PlainConv2d stem, long width, IEnumerable<nn.Module<Tensor, Tensor>> blocks, long channels, long classes) : base(nameof(ResNet))
    {
        conv1 = stem;
        bn1 = new ImageNorm(width);
        layers = nn.Sequential(blocks);
        fc = nn.Linear(channels, classes);
        RegisterComponents();
    }

    /// <summary>The 18-layer network for small images (He et al. 2016, with a 3x3 stem of stride 1): four stages of two blocks.</summary>
    /// <param name="width">Channels of the stem and the first stage; each further stage doubles them.</param>
    public static ResNet Eighteen(long classes, long width = 64)
    {
        var stem = new PlainConv2d(3, width, 3, stride: 1);
        List<nn.Module<Tensor, Tensor>> blocks = [];
        long channels = width;
        for (int stage = 0; stage < 4; stage++)
        {
            long outputs = width << stage;
            blocks.Add(new BasicBlock(channels, outputs, stride: stage == 0 ? 1 : 2));
            blocks.Add(new BasicBlock(outputs, outputs, stride: 1));
            channels = outputs;
        }
        return new ResNet(stem, width, blocks, channels, classes);
    }

    /// <summary>ResNet-8 of MLPerf Tiny (Banbury et al. 2021) for 32x32 pixels: blocks of 16, 32 and 64 channels, whose shortcut where the grid halves is a
    /// 1x1 convolution of stride 2. What a user would pick instead of a student.</summary>
    public static ResNet Eight(long classes) => new(
        new PlainConv2d(3, 16, 3, stride: 1), 16,
        [new BasicBlock(16, 16, stride: 1), new BasicBlock(16, 32, stride: 2, strided: true), new BasicBlock(32, 64, stride: 2, strided: true)], 64, classes);

    /// <summary>Builds the network with fresh parameters from torch's random generator.</summary>
    /// <param name="width">Channels of the stem; stage s has <c>width * 2^s</c>, s from 1.</param>
    /// <param name="imageSize">Height and width of the input in pixels: sets the number of stages so that the last grid is 4x4 or smaller.</param>
    public ResNet(long classes, long width = 64, int imageSize = 32, int blocks = 1) : base(nameof(ResNet))
    {
        conv1 = new PlainConv2d(3, width, 4, stride: 2);
        bn1 = new ImageNorm(width);
        List<nn.Module<Tensor, Tensor>> stages = [];
        long channels = width;
        for (int side = imageSize / 2; side > 4 && stages.Count < 5 * blocks; side /= 2)
        {
            stages.Add(new BasicBlock(channels, channels * 2, stride: 2));
            channels *= 2;
            for (int b = 1; b < blocks; b++)
            {
                stages.Add(new BasicBlock(channels, channels, stride: 1));
            }
        }
        layers = nn.Sequential(stages);
        fc = nn.Linear(channels, classes);
        RegisterComponents();
    }

    /// <summary>Normalised images <c>[B, 3, H, W]</c> → logits <c>[B, classes]</c>.</summary>
    public override Tensor forward(Tensor input) => WithFeatures(input).Logits;

    public (Tensor Logits, Tensor Features) WithFeatures(Tensor images)
    {
        Tensor x = F.relu(bn1.call(conv1.call(images)));
        x = layers.call(x);                                                          // [B, C, h, w]
        Tensor features = x.mean([2, 3]);
        return (fc.call(features), features);
    }
}

/// <summary>Two 3x3 convolutions around a shortcut; the shortcut of a strided block is an average pool and a 1x1 convolution with a norm, or that convolution
/// alone with the stride.</summary>
internal sealed class BasicBlock : nn.Module<Tensor, Tensor>
{
    private readonly PlainConv2d conv1;
    private readonly ImageNorm bn1;
    private readonly PlainConv2d conv2;
    private readonly ImageNorm bn2;
    private readonly PlainConv2d? downsample;
    private readonly ImageNorm? downsample_bn;
    private readonly long _pool;

    internal BasicBlock(long inputs, long outputs, long stride, bool strided = false) : base(nameof(BasicBlock))
    {
        _pool = strided ? 1 : stride;
        conv1 = new PlainConv2d(inputs, outputs, 3, stride);
        bn1 = new ImageNorm(outputs);
        conv2 = new PlainConv2d(outputs, outputs, 3, stride: 1);
        bn2 = new ImageNorm(outputs);
        if (stride != 1 || inputs != outputs)
        {
            downsample = new PlainConv2d(inputs, outputs, 1, stride: strided ? stride : 1);
            downsample_bn = strided ? null : new ImageNorm(outputs);
        }
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        Tensor shortcut = input;
        if (downsample is not null)
        {
            shortcut = downsample.call(_pool == 1 ? input : F.avg_pool2d(input, [_pool, _pool], ceil_mode: true));
            shortcut = downsample_bn?.call(shortcut) ?? shortcut;
        }
        Tensor y = F.relu(bn1.call(conv1.call(input)));
        return F.relu(bn2.call(conv2.call(y)).add_(shortcut, One));
    }
}
