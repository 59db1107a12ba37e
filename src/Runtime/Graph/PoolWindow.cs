namespace EdgeVit.Runtime;

/// <summary>The window of an <see cref="Op.AvgPool2d"/>.</summary>
internal readonly record struct PoolWindow(int KernelH, int KernelW, int StrideH, int StrideW, int PaddingH, int PaddingW, bool IsSum = false)
{
    /// <summary>1 / (kernelH * kernelW), rounded once; 1 where the pool does not divide.</summary>
    internal float Factor => IsSum ? 1 : (float)(1.0 / ((double)KernelH * KernelW));

    internal static PoolWindow Of(GraphNode node) => new(
        node.Attributes["kernelH"], node.Attributes["kernelW"],
        node.Attributes["strideH"], node.Attributes["strideW"],
        node.Attributes["paddingH"], node.Attributes["paddingW"],
        node.Attributes.ContainsKey(OpAttributes.Sum));
}
