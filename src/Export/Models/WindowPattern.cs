using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>Which tokens of a grid of H rows and columns make a window of w.</summary>
[JsonConverter(typeof(WindowPatternJson))]
internal enum WindowPattern
{
    /// <summary>Neighbours: w rows and w columns (Swin, Liu et al. 2021).</summary>
    Block,

    /// <summary>Tokens that lie H / w rows and columns apart: a sparse view of the whole grid (MaxViT, Tu et al. 2022; MobileViT's unfolding).</summary>
    Grid,

    /// <summary>By turns, blocks first, as in MaxViT.</summary>
    BlockGrid,

    /// <summary>By turns, blocks first, then all tokens.</summary>
    BlockAll,
}

/// <summary>The names of the patterns in files.</summary>
internal static class WindowPatterns
{
    public const string Names = "block, grid, block+grid or block+all";

    public static string Name(WindowPattern pattern) => pattern switch
    {
        WindowPattern.Grid => "grid",
        WindowPattern.BlockGrid => "block+grid",
        WindowPattern.BlockAll => "block+all",
        _ => "block",
    };

    /// <summary>The pattern of a name; null for none of them.</summary>
    public static WindowPattern? Parse(string? name) => name switch
    {
        "block" => WindowPattern.Block,
        "grid" => WindowPattern.Grid,
        "block+grid" => WindowPattern.BlockGrid,
        "block+all" => WindowPattern.BlockAll,
        _ => null,
    };
}

internal sealed class WindowPatternJson() : NamedChoiceJson<WindowPattern>("pattern", WindowPatterns.Parse, WindowPatterns.Name, WindowPatterns.Names);
