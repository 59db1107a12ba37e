namespace EdgeVit.Export;

/// <summary>DeiT-S in bits: H. Touvron et al., "Training data-efficient image transformers &amp; distillation through attention", ICML 2021, as Le and Li binarised
/// it to begin with ("BinaryViT", CVPR Workshops 2023): 40 to 50 % on ImageNet, which is what the pyramid was built for. It is there to be compared with.</summary>
/// <remarks>As in the paper: patches of 16, one stage of 12 blocks, 384 channels in 6 heads, an FFN of four times the width, every token attends to every token.
/// What differs: what <see cref="BinaryViTConfig"/> has everywhere, and the mean of the tokens in place of a class token, whose norms would have nothing to
/// divide by.</remarks>
internal static class BinaryDeit
{
    public static BinaryViTConfig Config { get; } = new BinaryViTConfig(
        "binary-deit",
        ImageSize: 224,
        PatchSize: 16,
        [new StageConfig(Depth: 12, Width: 384, FfnWidth: 1536, Heads: 6, Reduction: 1)],
        Classes: 1000,
        Branches: BranchKind.None).Validate();
}
