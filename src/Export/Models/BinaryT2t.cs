namespace EdgeVit.Export;

/// <summary>T2T-ViT-14 in bits: L. Yuan et al., "Tokens-to-Token ViT: Training Vision Transformers from Scratch on ImageNet", ICCV 2021, table 1.</summary>
/// <remarks>As in the paper: three overlapping soft splits, 7x7 of stride 4, 3x3 of stride 2 and 3x3 of stride 2, with a narrow transformer of 64 channels and an
/// FFN of that width between the second and the third, then 14 blocks of 384 channels in 6 heads, deep and narrow, an FFN of three times the width, on 14x14
/// tokens. What differs: what <see cref="BinaryViTConfig"/> has everywhere; a soft split, which unfolds overlapping windows for the next linear layer, is a
/// convolution of such windows, the third one of single channels and then linear; the first transformer, of 3,136 tokens that attend by a Performer, is left out;
/// the mean of the tokens in place of a class token.</remarks>
internal static class BinaryT2t
{
    public static BinaryViTConfig Config { get; } = new BinaryViTConfig(
        "binary-t2t",
        ImageSize: 224,
        PatchSize: 1,
        [
            new StageConfig(Depth: 1, Width: 64, FfnWidth: 64, Heads: 1, Reduction: 1),
            new StageConfig(Depth: 14, Width: 384, FfnWidth: 1152, Heads: 6, Reduction: 1),
        ],
        Classes: 1000,
        Down: DownKind.Depthwise,
        Branches: BranchKind.None)
    {
        Stem = [new StemLayer(Kernel: 7, Stride: 4, Width: 64), new StemLayer(Kernel: 3, Stride: 2, Width: 64)],
    }.Validate();
}
