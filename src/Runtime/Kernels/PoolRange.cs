namespace EdgeVit.Runtime;

/// <summary>The part of a pool's window that lies inside the grid.</summary>
internal readonly record struct PoolRange(int Top, int Bottom, int Left, int Right)
{
    internal static unsafe PoolRange Of(Stage* s)
    {
        int y = (s->Y * s->Window.StrideH) - s->Window.PaddingH;
        int x = (s->X * s->Window.StrideW) - s->Window.PaddingW;
        return new PoolRange(
            Math.Max(y, 0), Math.Min(y + s->Window.KernelH, s->GridHeight),
            Math.Max(x, 0), Math.Min(x + s->Window.KernelW, s->GridWidth));
    }
}
