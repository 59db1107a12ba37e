namespace EdgeVit.Export;

/// <summary>CaiT-XXS24 in bits: H. Touvron et al., "Going deeper with Image Transformers", ICCV 2021.</summary>
/// <remarks>As in the paper: patches of 16, 24 blocks of 192 channels in which no class token takes part, a scale for each channel behind every branch, then two
/// layers of class attention, in which it alone attends and is changed. What differs: what <see cref="BinaryViTConfig"/> has everywhere; three heads of 64
/// channels in place of four of 48; no talking heads, which mix float maps of attention before and after the softmax; the class token begins as the mean of the
/// tokens plus what is learned, so that its norms have a variance to divide by.</remarks>
internal static class BinaryCait
{
    public static BinaryViTConfig Config { get; } = new BinaryViTConfig(
        "binary-cait",
        ImageSize: 224,
        PatchSize: 16,
        [new StageConfig(Depth: 24, Width: 192, FfnWidth: 768, Heads: 3, Reduction: 1)],
        Classes: 1000,
        Branches: BranchKind.None,
        ClassAttention: 2).Validate();
}
