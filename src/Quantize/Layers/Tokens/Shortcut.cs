using static TorchSharp.torch;

namespace EdgeVit.Quantize;

/// <summary>How the shortcut around a binary layer reaches the layer's width.</summary>
internal enum ShortcutKind
{
    /// <summary><c>[M, C]</c> as it is.</summary>
    Same,

    /// <summary><c>[M, C/e]</c> repeated e times: channel j takes channel <c>j mod (C/e)</c>.</summary>
    Tile,

    /// <summary><c>[M, e*C]</c>, the mean of e adjacent channels.</summary>
    GroupMean,
}

/// <summary>A shortcut: its values, their form and the factor e.</summary>
/// <param name="Value">The tokens that the layer read.</param>
/// <param name="Kind">How they reach the layer's width.</param>
/// <param name="Factor">e; 1 for <see cref="ShortcutKind.Same"/>.</param>
internal readonly record struct Shortcut(Tensor Value, ShortcutKind Kind = ShortcutKind.Same, int Factor = 1)
{
    /// <summary>The shortcut as tokens of the layer's width.</summary>
    public Tensor Expanded()
    {
        long rows = Value.shape[0];
        return Kind switch
        {
            ShortcutKind.Tile => Value.unsqueeze(1).expand(rows, Factor, Value.shape[1]).reshape(rows, Factor * Value.shape[1]),
            ShortcutKind.GroupMean => Value.view(rows, Value.shape[1] / Factor, Factor).mean([2]),
            _ => Value,
        };
    }
}
