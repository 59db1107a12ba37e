namespace EdgeVit.Export;

/// <summary>Swin-T in bits: Z. Liu et al., "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", ICCV 2021, table 7.</summary>
/// <remarks>As in the paper: patches of 4, widths 96 to 768 in heads of 32, depths 2, 2, 6, 2, an FFN of four times the width, windows of 7 that every second
/// block moves by 3, a bias for each offset, no token that sees another but through attention. The last stage's grid is one window, which is not moved. Merging
/// of 2x2 patches by a linear map is a binary convolution of that kernel. What differs: what <see cref="BinaryViTConfig"/> has everywhere (batch norms, RPReLU,
/// a shortcut around each binary layer), positions are learned for each stage besides, the bias is rounded to whole matches of signs.
/// SwinV2's cosine attention comes by itself, as all vectors of signs have one length, and so does its bias by a network of log-spaced offsets, which is a table
/// once it is trained.</remarks>
internal static class BinarySwin
{
    public static BinaryViTConfig Config { get; } = new BinaryViTConfig(
        "binary-swin",
        ImageSize: 224,
        PatchSize: 4,
        [
            Stage(depth: 2, width: 96, heads: 3) with { Shift = 3 },
            Stage(depth: 2, width: 192, heads: 6) with { Shift = 3 },
            Stage(depth: 6, width: 384, heads: 12) with { Shift = 3 },
            Stage(depth: 2, width: 768, heads: 24),
        ],
        Classes: 1000,
        Branches: BranchKind.None).Validate();

    private static StageConfig Stage(int depth, int width, int heads) => new(depth, width, FfnWidth: 4 * width, heads, Reduction: 1) { WindowSide = 7, Bias = BiasKind.Relative };
}
