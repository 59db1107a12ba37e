using System.Text.Json.Serialization;

namespace EdgeVit.Export;

/// <summary>What the places of a query and a key add to their score: a learned number for each head, in logits, which is rounded to whole matches.</summary>
[JsonConverter(typeof(BiasKindJson))]
internal enum BiasKind
{
    None,

    /// <summary>One for each offset: rows down and columns to the right, either way (Swin, BEiT).</summary>
    Relative,

    /// <summary>One for each distance, rows and columns without their signs (LeViT, Graham et al. 2021).</summary>
    Distance,
}

/// <summary>The names of the kinds in files.</summary>
internal static class BiasKinds
{
    public const string Names = "none, relative or distance";

    public static string Name(BiasKind kind) => kind switch
    {
        BiasKind.Relative => "relative",
        BiasKind.Distance => "distance",
        _ => "none",
    };

    /// <summary>The kind of a name; null for none of them.</summary>
    public static BiasKind? Parse(string? name) => name switch
    {
        "none" => BiasKind.None,
        "relative" => BiasKind.Relative,
        "distance" => BiasKind.Distance,
        _ => null,
    };
}

/// <summary>The numbers of a bias and which of them a pair of query and key has.</summary>
/// <param name="Kind">Not none.</param>
/// <param name="Side">Rows and columns of the queries.</param>
/// <param name="Reduction">How many times fewer rows and columns the keys have.</param>
internal sealed record BiasTable(BiasKind Kind, int Side, int Reduction)
{
    /// <summary>Numbers of a head.</summary>
    public int Length => Reach * Reach;

    /// <summary>Queries, and keys.</summary>
    public (int Queries, int Keys) Pairs => (Side * Side, Side / Reduction * (Side / Reduction));

    // Offsets along an axis: a query at 0 .. side - 1 less the first token of a key's square, or how far their middles are apart.
    private int Reach => Kind == BiasKind.Relative ? (2 * Side) - Reduction : Side;

    /// <summary>The number of a pair.</summary>
    public int Entry(int query, int key)
    {
        int keySide = Side / Reduction;
        return (Along(query / Side, key / keySide) * Reach) + Along(query % Side, key % keySide);
    }

    /// <summary>The numbers of all pairs, query by query.</summary>
    public int[] Entries()
    {
        (int queries, int keys) = Pairs;
        return [.. Enumerable.Range(0, queries * keys).Select(i => Entry(i / keys, i % keys))];
    }

    /// <summary>Matches that a number in logits stands for: one match more or less is <c>2 / sqrt(d)</c> of them. Halves are rounded to even.</summary>
    public static sbyte Matches(float logits, int headSize) =>
        (sbyte)Math.Clamp(MathF.Round(logits * PerLogit(headSize), MidpointRounding.ToEven), sbyte.MinValue, sbyte.MaxValue);

    /// <summary>Matches of one logit.</summary>
    public static float PerLogit(int headSize) => (float)(Math.Sqrt(headSize) / 2);

    private int Along(int query, int key)
    {
        int first = key * Reduction;
        return Kind == BiasKind.Relative ? query - first + Side - Reduction : Math.Abs((2 * query) - (2 * first) - (Reduction - 1)) / 2;
    }
}

internal sealed class BiasKindJson() : NamedChoiceJson<BiasKind>("bias", BiasKinds.Parse, BiasKinds.Name, BiasKinds.Names);
