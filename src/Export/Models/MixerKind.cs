namespace EdgeVit.Export;

/// <summary>How the tokens of a block see each other.</summary>
internal enum MixerKind
{
    /// <summary>Binary self-attention (Le and Li 2023): <c>attention</c>.</summary>
    Attention,

    /// <summary>A binary 3x3 convolution whose signs outside of the grid are +1, as in ReActNet and the early stages of BHViT: <c>conv3</c>.</summary>
    Conv3,

    /// <summary>A float convolution of each channel by itself, as FastViT's RepMixer is when it runs: <c>depthwise</c>.</summary>
    Depthwise,

    /// <summary>The mean of 3x3 tokens less the token itself (PoolFormer, EfficientFormer): <c>pool</c>.</summary>
    Pool,
}

/// <summary>The names of the kinds in files.</summary>
internal static class MixerKinds
{
    public const string Names = "attention, conv3, depthwise or pool";

    public static string Name(MixerKind kind) => kind switch
    {
        MixerKind.Conv3 => "conv3",
        MixerKind.Depthwise => "depthwise",
        MixerKind.Pool => "pool",
        _ => "attention",
    };

    /// <summary>The kind of a name; null for none of them.</summary>
    public static MixerKind? Parse(string? name) => name switch
    {
        "attention" => MixerKind.Attention,
        "conv3" => MixerKind.Conv3,
        "depthwise" => MixerKind.Depthwise,
        "pool" => MixerKind.Pool,
        _ => null,
    };
}
