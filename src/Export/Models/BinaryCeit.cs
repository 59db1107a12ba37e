namespace EdgeVit.Export;

/// <summary>CeiT-S in bits: K. Yuan et al., "Incorporating Convolution Designs into Visual Transformers", ICCV 2021.</summary>
/// <remarks>As in the paper: tokens from a low-level picture (I2T: a 7x7 convolution of stride 2 to 32 channels, halved once more, then patches of 4); one stage of
/// 12 blocks, 384 channels in 6 heads; a locally enhanced FFN (LeFF), whose hidden layer of four times the width is convolved 3x3, each channel by itself, between
/// the two linear layers; class attention in the end. What differs: what <see cref="BinaryViTConfig"/> has everywhere; the picture is halved by a convolution of
/// single channels in place of a maximum; the class token attends to the last block's tokens, not to the class tokens of all blocks (LCA), which are not there:
/// no class token takes part before.</remarks>
internal static class BinaryCeit
{
    public static BinaryViTConfig Config { get; } = new BinaryViTConfig(
        "binary-ceit",
        ImageSize: 224,
        PatchSize: 4,
        [new StageConfig(Depth: 12, Width: 384, FfnWidth: 1536, Heads: 6, Reduction: 1) { Ffn = FfnKind.Local }],
        Classes: 1000,
        Branches: BranchKind.None,
        ClassAttention: 1)
    {
        Stem = [new StemLayer(Kernel: 7, Stride: 2, Width: 32), new StemLayer(Kernel: 3, Stride: 2, Depthwise: true)],
    }.Validate();
}
