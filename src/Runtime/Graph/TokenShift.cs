namespace EdgeVit.Runtime;

/// <summary>The distance of an <see cref="Op.SpatialShift"/>, in tokens.</summary>
/// <param name="Rows">Rows up in even blocks of channels, down in odd ones.</param>
/// <param name="Columns">Columns to the left in even blocks, to the right in odd ones.</param>
internal readonly record struct TokenShift(int Rows, int Columns)
{
    /// <summary>Channels that move together: the floats of the widest vector, so that a vector has one direction.</summary>
    public const int BlockChannels = 16;

    public const int Directions = 2;

    internal static TokenShift Of(GraphNode node) => new(node.Attributes["rows"], node.Attributes["columns"]);

    /// <summary>The direction of a channel: 0 for above and left, 1 for below and right.</summary>
    public static int Direction(int channel) => channel / BlockChannels % Directions;

    /// <summary>The place in the grid, perhaps outside, from where the token at a place has its channels of a <see cref="Direction"/>.</summary>
    public (int Y, int X) Source(int y, int x, int direction) => direction == 0 ? (y - Rows, x - Columns) : (y + Rows, x + Columns);
}
