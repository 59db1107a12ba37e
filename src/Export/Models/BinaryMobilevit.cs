namespace EdgeVit.Export;

/// <summary>MobileViT-S in bits: S. Mehta and M. Rastegari, "MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer", ICLR 2022.</summary>
/// <remarks>As in the paper: images of 256; convolutions alone while the grid is fine; then three MobileViT blocks, each a 3x3 convolution, 2, 4 and 3 layers of
/// attention, and a 3x3 convolution; within them patches of 2x2 are unfolded: a token attends to those at its own place of all patches, which are a grid of
/// every second row and column; an FFN of twice the width. What differs: what <see cref="BinaryViTConfig"/> has everywhere; binary 3x3 convolutions in place of
/// inverted residuals, and of full ones around the attention, the second of which does not see the block's input besides; widths are multiples of 64 (64, 128, 192,
/// 256 where the paper has 64, 144, 192, 240) in heads of 64 channels; positions, which it does without.</remarks>
internal static class BinaryMobilevit
{
    private const int Image = 256;

    public static BinaryViTConfig Config { get; } = new BinaryViTConfig(
        "binary-mobilevit",
        Image,
        PatchSize: 1,
        [
            new StageConfig(Depth: 3, Width: 64, FfnWidth: 128, Heads: 1, Reduction: 1) { Mixer = MixerKind.Conv3 },
            Block(layers: 2, width: 128, grid: Image / 8),
            Block(layers: 4, width: 192, grid: Image / 16),
            Block(layers: 3, width: 256, grid: Image / 32),
        ],
        Classes: 1000,
        Down: DownKind.Depthwise,
        Branches: BranchKind.None)
    {
        Stem = [new StemLayer(Kernel: 3, Stride: 2, Width: 32), new StemLayer(Kernel: 3, Stride: 2, Depthwise: true)],
    }.Validate();

    private static StageConfig Block(int layers, int width, int grid) => new(layers + 2, width, 2 * width, width / 64, Reduction: 1)
    {
        Mixer = MixerCycle.Of([MixerKind.Conv3, .. Enumerable.Repeat(MixerKind.Attention, layers), MixerKind.Conv3]),
        WindowSide = grid / 2,
        Pattern = WindowPattern.Grid,
    };
}
