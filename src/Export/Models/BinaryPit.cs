namespace EdgeVit.Export;

/// <summary>PiT-S in bits: B. Heo et al., "Rethinking Spatial Dimensions of Vision Transformers", ICCV 2021.</summary>
/// <remarks>As in the paper: patches of 16 pixels, one every 8, so that they overlap; depths 2, 6, 4; an FFN of four times the width; between the stages a
/// convolution of each channel by itself, stride 2, after which a token is wider and there are a quarter as many. What differs: what
/// <see cref="BinaryViTConfig"/> has everywhere; heads of 64 channels in place of 48, whose words of bits are full, so that widths are 192, 384, 768; the
/// convolution is followed by a linear layer in place of making twice the channels itself; the mean of the tokens in place of a class token that a layer of its
/// own takes from stage to stage.</remarks>
internal static class BinaryPit
{
    public static BinaryViTConfig Config { get; } = new BinaryViTConfig(
        "binary-pit",
        ImageSize: 224,
        PatchSize: 8,
        [Stage(depth: 2, heads: 3), Stage(depth: 6, heads: 6), Stage(depth: 4, heads: 12)],
        Classes: 1000,
        Down: DownKind.Depthwise,
        Branches: BranchKind.None,
        ShiftedPatches: true).Validate();

    private static StageConfig Stage(int depth, int heads) => new(depth, 64 * heads, 4 * 64 * heads, heads, Reduction: 1);
}
