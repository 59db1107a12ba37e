namespace EdgeVit.Export;

/// <summary>Students that convolve first and attend late, as the strongest binary networks of our size do: 3x3 binary convolutions while the grid is fine
/// (BHViT, Gao et al. 2025; ReActNet, Liu et al. 2020; BNext, Guo et al. 2022), attention of three levels (BHViT) where it is coarse, shifted tokens beside both
/// (S2-MLP, Yu et al. 2022), a float stem that strides instead of large patches, and a depthwise step from grid to grid (PiT, Heo et al. 2021).</summary>
internal static class HybridPresets
{
    /// <summary>For photographs: the grids, depths and widths of BinaryViT-small.</summary>
    public static BinaryViTConfig Hybrid224 { get; } = ForPhotographs(
        "hybrid-224",
        patchSize: 1,
        [
            Convolving(depth: 3, width: 64, expansion: 8),
            Convolving(depth: 4, width: 128, expansion: 8),
            Attending(depth: 8, width: 256, expansion: 4),
            Attending(depth: 4, width: 512, expansion: 4),
        ],
        stemWidth: 32,
        levels: 3);

    /// <summary>For photographs on a Raspberry Pi 4: a quarter of the binary work.</summary>
    public static BinaryViTConfig HybridLite { get; } = ForPhotographs(
        "hybrid-lite",
        patchSize: 2,
        [
            Convolving(depth: 2, width: 128, expansion: 2),
            Attending(depth: 3, width: 256, expansion: 2),
            Attending(depth: 2, width: 512, expansion: 2),
        ],
        stemWidth: 16,
        levels: 1);

    /// <summary>For small images: 16x16 tokens, then 8x8, then 4x4.</summary>
    public static BinaryViTConfig Hybrid32 { get; } = new BinaryViTConfig(
        "hybrid-32",
        ImageSize: 32,
        PatchSize: 2,
        [
            Convolving(depth: 2, width: 128, expansion: 4),
            Convolving(depth: 2, width: 256, expansion: 4),
            Attending(depth: 4, width: 512, expansion: 4),
        ],
        Classes: 10,
        Down: DownKind.Depthwise,
        Branches: BranchKind.Shift,
        StemWidth: 64,
        AttentionLevels: 3);

    /// <summary>For an hour on two processor cores: <see cref="HybridNano"/> twice as wide.</summary>
    public static BinaryViTConfig HybridWide { get; } = ForMinutes(
        "hybrid-wide", [Convolving(depth: 2, width: 128, expansion: 2), Convolving(depth: 2, width: 256, expansion: 2), Attending(depth: 1, width: 512, expansion: 2)]);

    /// <summary>The demo: trained in minutes on two processor cores; 8x8 tokens, then 4x4, then 2x2. A training step costs what the tokens cost, weights are nearly
    /// free: so few wide late tokens rather than many narrow early ones, and a stem that strides, which sees more than patches of four and costs no more.</summary>
    public static BinaryViTConfig HybridNano { get; } = ForMinutes(
        "hybrid-nano", [Convolving(depth: 1, width: 64, expansion: 2), Convolving(depth: 2, width: 128, expansion: 2), Attending(depth: 2, width: 256, expansion: 2)]);

    private static BinaryViTConfig ForMinutes(string name, StageConfig[] stages) => new(
        name, ImageSize: 32, PatchSize: 1, stages, Classes: 10, Down: DownKind.Depthwise, Branches: BranchKind.Shift, AttentionLevels: 3)
    {
        Stem = [new StemLayer(Kernel: 3, Stride: 2, Width: 32), new StemLayer(Kernel: 3, Stride: 2, stages[0].Width)],
    };

    private static BinaryViTConfig ForPhotographs(string name, int patchSize, StageConfig[] stages, int stemWidth, int levels) => new(
        name, ImageSize: 224, patchSize, stages, Classes: 1000, Down: DownKind.Depthwise, Branches: BranchKind.Shift, AttentionLevels: levels)
    {
        Stem = [new StemLayer(Kernel: 3, Stride: 2, Width: stemWidth), new StemLayer(Kernel: 3, Stride: 2, Depthwise: true)],
    };

    private static StageConfig Convolving(int depth, int width, int expansion) => new(depth, width, expansion * width, Heads: 1, Reduction: 1) { Mixer = MixerKind.Conv3 };

    private static StageConfig Attending(int depth, int width, int expansion) => new(depth, width, expansion * width, width / 64, Reduction: 1);
}
