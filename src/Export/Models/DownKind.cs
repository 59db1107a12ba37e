using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>How the grid halves between two stages.</summary>
[JsonConverter(typeof(DownKindJson))]
internal enum DownKind
{
    /// <summary>A binary 2x2 convolution of stride 2 with the tokens' means as its shortcut (Le and Li 2023): <c>binary</c>.</summary>
    Binary,

    /// <summary>A float 2x2 convolution of stride 2 (BinaryViT* of the same paper): <c>float</c>.</summary>
    Float,

    /// <summary>A binary 3x3 convolution of stride 2, whose windows overlap, with the same shortcut: <c>conv3</c>.</summary>
    Conv3,

    /// <summary>A float 3x3 convolution of stride 2 of each channel by itself (as in PiT), then a float linear layer to the next width: <c>depthwise</c>.</summary>
    Depthwise,

    /// <summary>Binary attention of as many queries as the next stage has tokens, made from the tokens' means, to all tokens (LeViT, Graham et al. 2021), added to
    /// the means: <c>attention</c>.</summary>
    Attention,
}

/// <summary>The names of the kinds in files.</summary>
internal static class DownKinds
{
    public const string Names = "binary, float, conv3, depthwise or attention";

    public static string Name(DownKind kind) => kind switch
    {
        DownKind.Float => "float",
        DownKind.Conv3 => "conv3",
        DownKind.Depthwise => "depthwise",
        DownKind.Attention => "attention",
        _ => "binary",
    };

    /// <summary>The kind of a name; null for none of them.</summary>
    public static DownKind? Parse(string? name) => name switch
    {
        "binary" => DownKind.Binary,
        "float" => DownKind.Float,
        "conv3" => DownKind.Conv3,
        "depthwise" => DownKind.Depthwise,
        "attention" => DownKind.Attention,
        _ => null,
    };
}

internal sealed class DownKindJson() : NamedChoiceJson<DownKind>("down", DownKinds.Parse, DownKinds.Name, DownKinds.Names);
