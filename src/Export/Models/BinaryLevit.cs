namespace EdgeVit.Export;

/// <summary>LeViT in bits: B. Graham et al., "LeViT: a Vision Transformer in ConvNet's Clothing for Faster Inference", ICCV 2021.</summary>
/// <remarks>As in the paper: few tokens (14x14, then 7x7), narrow first and wide later, an FFN of twice the width, and in place of positions a bias for each
/// distance of rows and columns in every head; from stage to stage attention of fewer queries, without a bias here. What differs: what <see cref="BinaryViTConfig"/>
/// has everywhere; a convolution of the patches in place of four 3x3 convolutions of stride 2; queries are made from means of tokens, which are also the shortcut, in
/// place of every second token and none, so that widths double and there is no third stage (7x7 does not halve); keys as wide as values, 64, as a score of 16 signs
/// has 17 values; positions besides the bias.</remarks>
internal static class BinaryLevit
{
    public static BinaryViTConfig Config { get; } = new BinaryViTConfig(
        "binary-levit",
        ImageSize: 224,
        PatchSize: 16,
        [
            new StageConfig(Depth: 4, Width: 256, FfnWidth: 512, Heads: 4, Reduction: 1) { Bias = BiasKind.Distance },
            new StageConfig(Depth: 8, Width: 512, FfnWidth: 1024, Heads: 8, Reduction: 1) { Bias = BiasKind.Distance },
        ],
        Classes: 1000,
        Down: DownKind.Attention,
        Branches: BranchKind.None).Validate();
}
