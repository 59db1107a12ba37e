namespace EdgeVit.Export;

/// <summary>FastViT-SA12 in bits: P. K. A. Vasu et al., "FastViT: A Fast Hybrid Vision Transformer using Structural Reparameterization", ICCV 2023, table 2.</summary>
/// <remarks>As in the paper: images of 256; depths 2, 2, 6, 2, widths 64 to 512, an FFN of four times the width; in the first three stages tokens see each other by
/// convolutions of single channels without branches, which is what RepMixer is once it is reparameterised, and by attention in the last; a stem that
/// strides twice, and from stage to stage a convolution of single channels of stride 2, then a linear layer. What differs: what <see cref="BinaryViTConfig"/> has
/// everywhere; one convolution of 7x7 tokens in place of a 3x3 mixer and a 7x7 convolution in front of each FFN; it is trained as it runs, without branches to
/// be merged; learned positions in place of a convolution that makes them; heads of 64 channels in place of 32.</remarks>
internal static class BinaryFastvit
{
    public static BinaryViTConfig Config { get; } = new BinaryViTConfig(
        "binary-fastvit",
        ImageSize: 256,
        PatchSize: 1,
        [
            Convolving(depth: 2, width: 64),
            Convolving(depth: 2, width: 128),
            Convolving(depth: 6, width: 256),
            new StageConfig(Depth: 2, Width: 512, FfnWidth: 2048, Heads: 8, Reduction: 1),
        ],
        Classes: 1000,
        Down: DownKind.Depthwise,
        Branches: BranchKind.None)
    {
        Stem = [new StemLayer(Kernel: 3, Stride: 2, Width: 64), new StemLayer(Kernel: 3, Stride: 2, Depthwise: true)],
    }.Validate();

    private static StageConfig Convolving(int depth, int width) => new(depth, width, 4 * width, Heads: 1, Reduction: 1) { Mixer = MixerKind.Depthwise, Kernel = 7 };
}
