namespace EdgeVit.Runtime;

/// <summary>What the optional attributes of a <see cref="Op.BinaryAttention"/> say.</summary>
internal static class AttentionAttributes
{
    /// <summary>Most levels that an attention weight may have above zero.</summary>
    public const int MaxLevels = 3;

    /// <summary>Levels of a node's attention weights above zero: as many nested bits for each pair of query and key.</summary>
    public static int Levels(GraphNode node) => node.Attributes.GetValueOrDefault("levels", 1);

    /// <summary>What <c>clip * sum(exp)</c> is times for the bits of a level, from 1 on, where the head's zero point is so many levels.</summary>
    public static double LimitFactor(int level, float zero) => (2 * level) - 1 + (2 * (double)zero);

    /// <summary>Keys that a query attends to at most, of so many.</summary>
    public static int KeysOfQuery(GraphNode node, int keys) => WindowForm.Of(node)?.Places ?? keys;

    /// <summary>Whether a query does not attend to its own token.</summary>
    public static bool MasksDiagonal(GraphNode node) => node.Attributes.GetValueOrDefault("maskDiagonal") != 0;
}
