namespace EdgeVit.Bench;

/// <summary>What follows a convolution.</summary>
internal enum Activation
{
    None,
    Relu,
    Relu6,
    HardSwish,
    Gelu,
}

/// <summary>A row of a network's table.</summary>
internal abstract record PeerLayer;

/// <summary>A convolution with its batch norm folded in.</summary>
/// <param name="Kernel">Side of its kernel; padding is half of it.</param>
/// <param name="Channels">Output channels.</param>
/// <param name="Stride">In both directions.</param>
/// <param name="Activation">Behind it.</param>
internal sealed record Convolution(int Kernel, int Channels, int Stride, Activation Activation) : PeerLayer
{
    /// <summary>Whether a batch norm stood behind it; one without has a bias of its own.</summary>
    public bool Normed { get; init; } = true;

    /// <summary>Zeros around the grid; half of the kernel where null.</summary>
    public int? Padding { get; init; }
}

/// <summary>The universal inverted bottleneck (Qin et al. 2024): a first depthwise convolution, expansion, a second depthwise one, projection, and a
/// shortcut where the shape stays. With the second one only it is MobileNetV2's inverted bottleneck, with the first one only a ConvNeXt block.</summary>
/// <param name="FirstKernel">Side of the first depthwise kernel, 0 for none.</param>
/// <param name="Kernel">Side of the second one, 0 for none.</param>
/// <param name="Expanded">Channels between; as many as the input's leave the expansion out.</param>
/// <param name="Channels">Output channels.</param>
/// <param name="Stride">Of the last depthwise convolution.</param>
/// <param name="Activation">Behind the expansion and the second depthwise convolution.</param>
/// <param name="SqueezeExcite">Whether channels are weighed (Hu et al. 2018) in front of the projection, as MobileNetV3 does it.</param>
internal sealed record InvertedBottleneck(
    int FirstKernel, int Kernel, int Expanded, int Channels, int Stride, Activation Activation, bool SqueezeExcite = false) : PeerLayer;

/// <summary>ShuffleNetV2's unit (Ma et al. 2018, figure 3): (c) with stride 1, (d) with stride 2.</summary>
/// <param name="Channels">Output channels of both branches together.</param>
/// <param name="Stride">1 or 2.</param>
internal sealed record ShuffleUnit(int Channels, int Stride) : PeerLayer;

/// <summary>ResNet's basic block (He et al. 2016): two 3 x 3 convolutions, a shortcut, ReLU; a strided one has a 1 x 1 convolution of that stride without a norm
/// as its shortcut.</summary>
/// <param name="Channels">Output channels.</param>
/// <param name="Stride">Of its first convolution and of the shortcut.</param>
internal sealed record ResidualBlock(int Channels, int Stride) : PeerLayer;

/// <summary>An activation by itself.</summary>
internal sealed record Activate(Activation Activation) : PeerLayer;

/// <summary>The greatest of neighbours, stride 2.</summary>
/// <param name="Kernel">3 with a border of 1, or 2 without.</param>
internal sealed record MaxPool(int Kernel = 3) : PeerLayer;

/// <summary>The mean of each channel, or its greatest value.</summary>
internal sealed record GlobalPool(bool Greatest = false) : PeerLayer;

/// <summary>A linear layer to the logits.</summary>
/// <param name="Classes">How many.</param>
internal sealed record Classifier(int Classes) : PeerLayer;
