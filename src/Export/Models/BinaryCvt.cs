namespace EdgeVit.Export;

/// <summary>CvT-13 in bits: H. Wu et al., "CvT: Introducing Convolutions to Vision Transformers", ICCV 2021, table 2.</summary>
/// <remarks>As in the paper: tokens by an overlapping 7x7 convolution of stride 4; widths 64, 192, 384 in heads of 64, depths 1, 2, 10, an FFN of four times the
/// width; before queries, keys and values a 3x3 convolution of each channel by itself with its norm, that of keys and values of stride 2, so that a query meets a
/// quarter of the tokens. What differs: what <see cref="BinaryViTConfig"/> has everywhere, positions among it, which CvT does without; from stage to stage a
/// convolution of single channels and a linear layer in place of a full 3x3 one; the mean of the tokens in place of the last stage's class token.</remarks>
internal static class BinaryCvt
{
    public static BinaryViTConfig Config { get; } = new BinaryViTConfig(
        "binary-cvt",
        ImageSize: 224,
        PatchSize: 1,
        [Stage(depth: 1, heads: 1), Stage(depth: 2, heads: 3), Stage(depth: 10, heads: 6)],
        Classes: 1000,
        Down: DownKind.Depthwise,
        Branches: BranchKind.None)
    {
        Stem = [new StemLayer(Kernel: 7, Stride: 4, Width: 64)],
    }.Validate();

    private static StageConfig Stage(int depth, int heads) => new(depth, 64 * heads, 4 * 64 * heads, heads, Reduction: 2) { Projection = ProjectionKind.Depthwise };
}
