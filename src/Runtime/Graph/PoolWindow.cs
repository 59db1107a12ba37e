namespace EdgeVit.Runtime;

/// <summary>The window of an <see cref="Op.AvgPool2d"/>.</summary>
internal readonly record struct PoolWindow(int KernelH, int KernelW, int StrideH, int StrideW, int PaddingH, int PaddingW)
{
    /// <summary>1 / (kernelH * kernelW), rounded once.</summary>
    internal float Factor => (float)(1.0 / ((double)KernelH * KernelW));

    internal static PoolWindow Of(GraphNode node) => new(
        node.Attributes["kernelH"], node.Attributes["kernelW"],
        node.Attributes["strideH"], node.Attributes["strideW"],
        node.Attributes["paddingH"], node.Attributes["paddingW"]);
}
