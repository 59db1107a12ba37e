namespace EdgeVit.Runtime;

/// <summary>The windows of an <see cref="Op.BinaryConv"/>.</summary>
/// <param name="Kernel">Rows and columns of taps.</param>
/// <param name="Stride">Tokens from window to window.</param>
/// <param name="Padding">Rows and columns around the grid, whose signs are all +1.</param>
/// <param name="Dilation">Tokens from tap to tap.</param>
internal readonly record struct ConvWindow(int Kernel, int Stride, int Padding, int Dilation)
{
    /// <summary>The window of a product that reads one token.</summary>
    internal static ConvWindow Token { get; } = new(1, 1, 0, 1);

    /// <summary>Windows side by side.</summary>
    internal static ConvWindow Tiling(int kernel) => new(kernel, kernel, 0, 1);

    internal static ConvWindow Of(GraphNode node)
    {
        int kernel = node.Attributes.GetValueOrDefault("kernel", 1);
        return new ConvWindow(
            kernel, node.Attributes.GetValueOrDefault("stride", kernel), node.Attributes.GetValueOrDefault("padding"), node.Attributes.GetValueOrDefault("dilation", 1));
    }

    /// <summary>Rows and columns from the first tap to the last.</summary>
    internal long Span => ((Kernel - 1L) * Dilation) + 1;

    internal int Taps => Kernel * Kernel;

    /// <summary>True where a window is one token and there is one for each.</summary>
    internal bool IsToken => this == Token;

    /// <summary>Whether the windows leave a grid as large as it is.</summary>
    internal bool KeepsGrid => Stride == 1 && 2L * Padding == Span - 1;
}
