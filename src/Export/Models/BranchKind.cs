using System.Text.Json.Serialization;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>What a block adds to the residual stream beside its FFN, from the same normed tokens: what neighbours have, each branch behind a scale
/// and an offset per channel of its own, <c>layerscale_{branch}</c>.</summary>
[JsonConverter(typeof(BranchKindJson))]
internal enum BranchKind
{
    /// <summary>Averages over windows of 3 and 5 tokens, vertical and horizontal (Le and Li 2023): <c>h3</c>, <c>w3</c>, <c>h5</c>,
    /// <c>w5</c>.</summary>
    Pool,

    /// <summary>The tokens 1 and 2 away, as far as those windows reach, half of the channels from either side (the shifts of S2-MLP and BHViT):
    /// <c>h1</c>, <c>w1</c>, <c>h2</c>, <c>w2</c>. A branch reads one token where a pool adds up three or five.</summary>
    Shift,

    /// <summary>No branches.</summary>
    None,
}

/// <summary>One branch of a block, called as in <c>layerscale_{name}</c>: rows and columns of a pool's window, or of a shift the distance.</summary>
internal sealed record BlockBranch(string Name, int Height, int Width)
{
    private static readonly IReadOnlyList<BlockBranch> s_pools = [new("h3", 3, 1), new("w3", 1, 3), new("h5", 5, 1), new("w5", 1, 5)];
    private static readonly IReadOnlyList<BlockBranch> s_shifts = [new("h1", 1, 0), new("w1", 0, 1), new("h2", 2, 0), new("w2", 0, 2)];

    /// <summary>The branches of a kind, in the order in which they are added.</summary>
    public static IReadOnlyList<BlockBranch> Of(BranchKind kind) => kind switch
    {
        BranchKind.Pool => s_pools,
        BranchKind.Shift => s_shifts,
        _ => [],
    };

    public TokenShift Shift => new(Height, Width);
}

/// <summary>The names of the kinds in files and on the command line.</summary>
internal static class BranchKinds
{
    public const string Names = "pool, shift or none";

    public static string Name(BranchKind kind) => kind switch
    {
        BranchKind.Pool => "pool",
        BranchKind.Shift => "shift",
        _ => "none",
    };

    /// <summary>The kind of a name; null for none of them.</summary>
    public static BranchKind? Parse(string? name) => name switch
    {
        "pool" => BranchKind.Pool,
        "shift" => BranchKind.Shift,
        "none" => BranchKind.None,
        _ => null,
    };
}

internal sealed class BranchKindJson() : NamedChoiceJson<BranchKind>("branches", BranchKinds.Parse, BranchKinds.Name, BranchKinds.Names);
