namespace EdgeVit.Runtime;

/// <summary>The names of the ops, as in files. The enumeration has them too, but only by reflection, which is slow when a process
/// starts.</summary>
internal static class OpNames
{
    /// <summary>In the order of the enumeration.</summary>
    private static readonly string[] s_names =
    [
        nameof(Op.Conv2d),
        nameof(Op.Linear),
        nameof(Op.Position),
        nameof(Op.Affine),
        nameof(Op.ShiftSign),
        nameof(Op.BinaryLinear),
        nameof(Op.BinaryConv),
        nameof(Op.BinaryAttention),
        nameof(Op.RPReLU),
        nameof(Op.Add),
        nameof(Op.AvgPool2d),
        nameof(Op.Upsample),
        nameof(Op.TileChannels),
        nameof(Op.GroupMeanChannels),
        nameof(Op.MeanTokens),
        nameof(Op.LayerNorm),
        nameof(Op.Gelu),
        nameof(Op.SoftmaxAttention),
        nameof(Op.PrependTokens),
        nameof(Op.SliceTokens),
        nameof(Op.SpatialShift),
        nameof(Op.ScaledSum),
    ];

    /// <summary>All names.</summary>
    internal static IReadOnlyList<string> All => s_names;

    /// <summary>The name of an op.</summary>
    internal static string Of(Op op) => (uint)op < (uint)s_names.Length ? s_names[(int)op] : $"op {(int)op}";

    /// <summary>The op of a name; null where there is none.</summary>
    internal static Op? Parse(string name)
    {
        int index = Array.IndexOf(s_names, name);
        return index < 0 ? null : (Op)index;
    }
}
