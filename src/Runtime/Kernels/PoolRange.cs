namespace EdgeVit.Runtime;

/// <summary>The part of a pool's window that lies inside the grid.</summary>
internal readonly record struct PoolRange(int Top, int Bottom, int Left, int Right)
{
    internal static PoolRange Of(in Stage stage, int tokenY, int tokenX)
    {
        int y = (tokenY * stage.Window.StrideH) - stage.Window.PaddingH;
        int x = (tokenX * stage.Window.StrideW) - stage.Window.PaddingW;
        return new PoolRange(
            Math.Max(y, 0), Math.Min(y + stage.Window.KernelH, stage.GridHeight),
            Math.Max(x, 0), Math.Min(x + stage.Window.KernelW, stage.GridWidth));
    }
}
