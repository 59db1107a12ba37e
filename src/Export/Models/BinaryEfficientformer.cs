namespace EdgeVit.Export;

/// <summary>EfficientFormer-L1 in bits: Y. Li et al., "EfficientFormer: Vision Transformers at MobileNet Speed", NeurIPS 2022.</summary>
/// <remarks>As in the paper: two 3x3 convolutions of stride 2 to begin with; depths 3, 2, 6, 4, an FFN of four times the width; tokens see each other by the mean of 3x3 of
/// them less themselves everywhere but in the very last block, which attends, its scores with a bias for each distance; 3x3 convolutions of stride 2 between the
/// stages. What differs: what <see cref="BinaryViTConfig"/> has everywhere; widths 64, 128, 256, 512 where the paper has 48, 96, 224, 448; those convolutions are
/// binary; the mean counts zeros beyond the edge; keys as wide as values, 64 channels; learned positions.</remarks>
internal static class BinaryEfficientformer
{
    public static BinaryViTConfig Config { get; } = new BinaryViTConfig(
        "binary-efficientformer",
        ImageSize: 224,
        PatchSize: 1,
        [
            Pooling(depth: 3, width: 64),
            Pooling(depth: 2, width: 128),
            Pooling(depth: 6, width: 256),
            new StageConfig(Depth: 4, Width: 512, FfnWidth: 2048, Heads: 8, Reduction: 1)
            {
                Mixer = MixerCycle.Of([MixerKind.Pool, MixerKind.Pool, MixerKind.Pool, MixerKind.Attention]),
                Bias = BiasKind.Distance,
            },
        ],
        Classes: 1000,
        Down: DownKind.Conv3,
        Branches: BranchKind.None)
    {
        Stem = [new StemLayer(Kernel: 3, Stride: 2, Width: 32), new StemLayer(Kernel: 3, Stride: 2, Width: 64)],
    }.Validate();

    private static StageConfig Pooling(int depth, int width) => new(depth, width, 4 * width, Heads: 1, Reduction: 1) { Mixer = MixerKind.Pool };
}
