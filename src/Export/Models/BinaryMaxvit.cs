namespace EdgeVit.Export;

/// <summary>MaxViT-T in bits: Z. Tu et al., "MaxViT: Multi-Axis Vision Transformer", ECCV 2022, table 1.</summary>
/// <remarks>As in the paper: each of its 2, 2, 5, 2 blocks is a convolution, then attention within blocks of 7x7 neighbours, then attention within grids of 7x7 tokens
/// spread over the whole picture, so that two sparse attentions see all of it at a cost linear in the tokens; widths 64 to 512 in heads of 32, an FFN of four
/// times the width, a gate of the convolution's channels, a bias for each offset. What differs: what <see cref="BinaryViTConfig"/> has everywhere; a binary 3x3
/// convolution with its gate and an FFN in place of MBConv, which expands, convolves single channels, gates them and contracts; the gate is of the convolution's
/// input, of an eighth of its width in place of a quarter, and clamped in place of a sigmoid; from stage to stage a convolution of single channels and a linear
/// layer, in place of the first MBConv's stride; the second layer of the stem convolves single channels; positions besides the bias.</remarks>
internal static class BinaryMaxvit
{
    public static BinaryViTConfig Config { get; } = new BinaryViTConfig(
        "binary-maxvit",
        ImageSize: 224,
        PatchSize: 1,
        [Stage(blocks: 2, width: 64), Stage(blocks: 2, width: 128), Stage(blocks: 5, width: 256), Stage(blocks: 2, width: 512)],
        Classes: 1000,
        Down: DownKind.Depthwise,
        Branches: BranchKind.None)
    {
        Stem = [new StemLayer(Kernel: 3, Stride: 2, Width: 64), new StemLayer(Kernel: 3, Stride: 2, Depthwise: true)],
    }.Validate();

    private static StageConfig Stage(int blocks, int width) => new(3 * blocks, width, 4 * width, width / 32, Reduction: 1)
    {
        Mixer = MixerCycle.Of([MixerKind.Conv3, MixerKind.Attention, MixerKind.Attention]),
        WindowSide = 7,
        Pattern = WindowPattern.BlockGrid,
        Bias = BiasKind.Relative,
        Gate = GateKind.Channel,
    };
}
