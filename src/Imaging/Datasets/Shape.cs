namespace EdgeVit.Imaging;

/// <summary>The ten shapes, in the order of their labels.</summary>
internal enum Shape
{
    Disc,
    Ring,
    Triangle,
    Square,
    Cross,
    Star,
    Crescent,
    Stripes,
    Ell,
    Hourglass,
}

/// <summary>Signed distances to the outline of each shape (negative inside), in units in which the shape fits a circle of radius 1. Near
/// corners some are bounds in place of distances, which only matters to how soft a corner looks.</summary>
internal static class ShapeDistance
{
    internal static float Of(Shape shape, float x, float y) => shape switch
    {
        Shape.Disc => Length(x, y) - 0.88f,
        Shape.Ring => MathF.Abs(Length(x, y) - 0.74f) - 0.22f,
        Shape.Triangle => Triangle(x, y),
        Shape.Square => Box(x, y, 0.76f, 0.76f),
        Shape.Cross => MathF.Min(Box(x, y, 0.97f, 0.3f), Box(x, y, 0.3f, 0.97f)),
        Shape.Star => Star(MathF.Abs(x), y),
        Shape.Crescent => MathF.Max(Length(x, y) - 0.97f, 0.78f - Length(x - 0.46f, y)),
        Shape.Stripes => Box(x, MathF.Abs(y) - 0.56f, 0.84f, 0.25f),
        Shape.Ell => MathF.Min(Box(x + 0.42f, y, 0.26f, 0.88f), Box(x, y + 0.62f, 0.68f, 0.26f)),
        Shape.Hourglass => Hourglass(MathF.Abs(x), MathF.Abs(y)),
        _ => throw new ArgumentOutOfRangeException(nameof(shape), shape, null),
    };

    private static float Length(float x, float y) => MathF.Sqrt(x * x + y * y);

    private static float Box(float x, float y, float halfWidth, float halfHeight)
    {
        float dx = MathF.Abs(x) - halfWidth, dy = MathF.Abs(y) - halfHeight;
        return Length(MathF.Max(dx, 0), MathF.Max(dy, 0)) + MathF.Min(MathF.Max(dx, dy), 0);
    }

    /// <summary>Equilateral, corners on the unit circle: three half-planes.</summary>
    private static float Triangle(float x, float y) => MathF.Max(-y, 0.8660254f * MathF.Abs(x) + 0.5f * y) - 0.5f;

    /// <summary>Five points. Two reflections fold the plane into the wedge of one half of a point, in which the outline is one straight
    /// edge, from the tip (0, 1) to the notch at 36 degrees and radius 0.45.</summary>
    private static float Star(float x, float y)
    {
        const float Cos = 0.809017f, Sin = 0.58778525f;
        const float NotchX = 0.45f * Sin, NotchY = 0.45f * Cos, EdgeLength = 0.68892f;
        float over = MathF.Max(Cos * x - Sin * y, 0) * 2;
        (x, y) = (x - over * Cos, y + over * Sin);
        over = MathF.Max(-Cos * x - Sin * y, 0) * 2;
        (x, y) = (MathF.Abs(x + over * Cos), y + over * Sin);
        return (x * (1 - NotchY) + (y - 1) * NotchX) / EdgeLength;
    }

    /// <summary>Two triangles tip to tip, for one quadrant: below the top edge, left of the slanted one. A neck keeps the tips together.</summary>
    private static float Hourglass(float x, float y) => MathF.Max(y - 0.78f, (x - 0.7f * y - 0.08f) * 0.8192319f);
}
