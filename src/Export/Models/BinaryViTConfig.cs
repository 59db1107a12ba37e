using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>One stage of a BinaryViT: blocks at one resolution with tokens of C = <c>Width</c> channels and a hidden layer of I = <c>FfnWidth</c>,
/// a multiple of C. Attention's keys and values are computed on the grid divided by <c>Reduction</c>; 1 for the full grid. Other mixers have 1 head and a
/// reduction of 1.</summary>
internal sealed partial record StageConfig(int Depth, int Width, int FfnWidth, int Heads, int Reduction)
{
    /// <summary>Channels d of one head.</summary>
    public int HeadSize => Width / Heads;

    /// <summary>The FFN expansion e = I / C.</summary>
    public int Expansion => FfnWidth / Width;
}

/// <summary>What every network description says.</summary>
internal interface INetworkConfig
{
    string Name { get; }

    /// <summary>Height and width of the input in pixels.</summary>
    int ImageSize { get; }

    int Channels { get; }

    int Classes { get; }
}

/// <summary>The shape of a BinaryViT, a pyramid or one stage: everything that decides which tensors it has and how they are used. Square images,
/// square patches; between two stages the grid halves. Instances are checked by <see cref="Validate"/>; what is derived (grids, keys, counts)
/// assumes a valid one.</summary>
/// <param name="Name">Name of the network, stored in the model.</param>
/// <param name="ImageSize">Height and width of the input in pixels.</param>
/// <param name="PatchSize">Height and width of a patch = stride of the first convolution.</param>
/// <param name="Stages">The stages, finest grid first.</param>
/// <param name="Classes">Number of logits.</param>
/// <param name="Channels">Channels of the image.</param>
/// <param name="Down">How the grid halves between stages.</param>
/// <param name="Branches">What blocks take from neighbours besides attention.</param>
/// <param name="BatchNormEps">Added to the variance in every norm.</param>
/// <param name="EmbeddingNorm">Whether the patches are normed before the positions are added; the DeiT forms have no such norm.</param>
/// <param name="ClassToken">Whether a learned token stands before the patches and gives the logits, in place of the mean of all tokens. One
/// stage, no pools.</param>
/// <param name="LayerScale">Whether attention and FFN are scaled and shifted per channel before they are added.</param>
/// <param name="LayerNorm">Whether every norm is a LayerNorm over a token's channels in place of a batch norm.</param>
/// <param name="ShiftedPatches">Whether a patch also sees the halves of its eight neighbours: shifted patch tokenization (Lee et al. 2021), whose
/// linear map of a patch and its four diagonal shifts is one convolution of twice the kernel, the stride as before.</param>
/// <param name="StemWidth">Channels of a float 3x3 convolution with norm and RPReLU before the patches; 0 for none.</param>
/// <param name="AttentionLevels">Levels of an attention weight above zero: 1 for a bit, 3 for three nested bits (BHViT's quantization of
/// probabilities to 0..3).</param>
/// <param name="Locality">Whether attention is locality self-attention (Lee et al. 2021): a learned temperature for each head
/// (<see cref="AttentionTemperature"/>), and no token attends to itself. Where keys are of a reduced grid no key is a query's own, and there is the
/// temperature alone.</param>
/// <param name="ClassAttention">Layers of class attention (CaiT, Touvron et al. 2021) in place of the mean of the tokens; 0 for the mean. A class
/// token attends to itself and all tokens behind the last stage, and it alone goes through the FFN and to the classifier. It begins as a learned
/// token plus the mean of the tokens: a token that is the same for every image has no variance that a batch norm could divide by.</param>
/// <remarks>The trainer builds the pyramid, with <c>EmbeddingNorm</c> to <c>LayerNorm</c> at their defaults; the other forms are imported.</remarks>
internal sealed partial record BinaryViTConfig(
    string Name,
    int ImageSize,
    int PatchSize,
    IReadOnlyList<StageConfig> Stages,
    int Classes,
    int Channels = 3,
    DownKind Down = DownKind.Binary,
    BranchKind Branches = BranchKind.Pool,
    double BatchNormEps = 1e-5,
    bool EmbeddingNorm = true,
    bool ClassToken = false,
    bool LayerScale = true,
    bool LayerNorm = false,
    bool ShiftedPatches = false,
    int StemWidth = 0,
    int AttentionLevels = 1,
    bool Locality = false,
    int ClassAttention = 0) : INetworkConfig
{
    /// <summary>What <see cref="AttentionLevels"/> may be.</summary>
    public static IReadOnlyList<int> PossibleLevels { get; } = [1, 3];

    /// <summary>Layers of float convolutions before the patches, in place of a single one of <c>StemWidth</c>; null for none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<StemLayer>? Stem { get; init; }

    /// <summary>Layers of class attention by default.</summary>
    public const int UsualClassAttention = 1;

    /// <summary>What a layer of class attention is like: a block of the last stage that attends to its full grid.</summary>
    public StageConfig ClassStage() => new(ClassAttention, Stages[^1].Width, Stages[^1].FfnWidth, Stages[^1].Heads, Reduction: 1);

    /// <summary>The shape of a stage; behind the last, at the number of stages, is <see cref="ClassStage"/>, at <see cref="DownTo"/> a stage what the attention
    /// that leads to it is like: its width and heads, full grids.</summary>
    public StageConfig StageAt(int stage) => stage == Stages.Count ? ClassStage()
        : stage < 0 ? new(Depth: 1, Stages[-stage].Width, Stages[-stage].FfnWidth, Stages[-stage].Heads, Reduction: 1)
        : Stages[stage];

    /// <summary>What stands in place of a stage's number for the attention that leads to it from the stage before.</summary>
    public static int DownTo(int stage) => -stage;

    /// <summary>Channels of what becomes a stage's queries, keys and values.</summary>
    public int InputsAt(int stage) => stage < 0 ? Stages[-stage - 1].Width : StageAt(stage).Width;

    /// <summary>Height and width of the patches' convolution.</summary>
    public int PatchKernel => ShiftedPatches ? 2 * PatchSize : PatchSize;

    /// <summary>Zeros around the image for it.</summary>
    public int PatchPadding => ShiftedPatches ? PatchSize / 2 : 0;

    /// <summary>Channels that the patches are of.</summary>
    public int PatchChannels => StemLayers().Aggregate(Channels, (channels, layer) => layer.Outputs(channels));

    /// <summary>The convolutions before the patches.</summary>
    public IReadOnlyList<StemLayer> StemLayers() => Stem ?? (StemWidth > 0 ? [new StemLayer(Kernel: 3, Stride: 1, StemWidth)] : []);

    /// <summary>Pixels from token to token of the first stage: the patch, on the grid that the stem leaves.</summary>
    public int TokenSize => PatchSize * StemLayers().Aggregate(1, (stride, layer) => stride * layer.Stride);

    /// <summary>Total number of blocks.</summary>
    public int Layers => Stages.Sum(s => s.Depth);

    /// <summary>Height and width of the token grid of a stage.</summary>
    public int Grid(int stage) => (ImageSize / TokenSize) >> stage;

    /// <summary>Tokens N of a stage.</summary>
    public int Tokens(int stage) => Grid(stage) * Grid(stage);

    /// <summary>Keys per query of a stage, <c>N / reduction^2</c>; of class attention the last stage's tokens and the class token, of attention
    /// that leads to a stage the tokens before it.</summary>
    public int Keys(int stage)
    {
        if (stage == Stages.Count)
        {
            return 1 + Tokens(stage - 1);
        }

        if (stage < 0)
        {
            return Tokens(-stage - 1);
        }

        int side = Grid(stage) / Stages[stage].Reduction;
        return side * side;
    }

    /// <summary>Whether the queries of a stage leave their own key out.</summary>
    public bool MasksDiagonal(int stage) => Locality && stage >= 0 && stage < Stages.Count && Stages[stage] is { Reduction: 1, WindowSide: not 1 } && Tokens(stage) > 1;

    /// <summary>The stage that the block with this global index belongs to.</summary>
    public int StageOf(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(layer, Layers);
        int stage = 0;
        for (; layer >= Stages[stage].Depth; stage++)
        {
            layer -= Stages[stage].Depth;
        }

        return stage;
    }

    /// <summary>The same network for other classes or another image, checked.</summary>
    /// <exception cref="ModelFormatException">The network does not fit the image.</exception>
    public BinaryViTConfig With(int? classes = null, int? imageSize = null, int? patchSize = null, string? name = null) =>
        (this with
        {
            Classes = classes ?? Classes,
            ImageSize = imageSize ?? ImageSize,
            PatchSize = patchSize ?? PatchSize,
            Name = name ?? Name,
        }).Validate();

    /// <summary>Checks that the network can exist and returns it.</summary>
    /// <exception cref="ModelFormatException">It cannot; the message lists every reason.</exception>
    public BinaryViTConfig Validate()
    {
        List<string> faults = [.. Faults()];
        return faults.Count == 0 ? this : throw new ModelFormatException($"The network '{Name}' cannot be built: {string.Join("; ", faults)}.");
    }

    /// <summary>Equal when every setting is equal, stage by stage.</summary>
    public bool Equals(BinaryViTConfig? other) => other is not null && Settings.Equals(other.Settings) && ZeroPoint == other.ZeroPoint && Stages.SequenceEqual(other.Stages) && (Stem ?? []).SequenceEqual(other.Stem ?? []);

    public override int GetHashCode() => HashCode.Combine(Settings, Stages.Count);

    private (string, int, int, int, int, DownKind, BranchKind, double, bool, bool, bool, bool, bool, int, int, bool, int) Settings => (
        Name, ImageSize, PatchSize, Classes, Channels, Down, Branches, BatchNormEps, EmbeddingNorm, ClassToken, LayerScale, LayerNorm, ShiftedPatches,
        StemWidth, AttentionLevels, Locality, ClassAttention);
}
