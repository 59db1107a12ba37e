namespace EdgeVit.Export.Faces;

/// <summary>A face in a picture, in its pixels; it may reach beyond the edges.</summary>
/// <param name="Left">Of the box.</param>
/// <param name="Top">Of the box.</param>
/// <param name="Width">Above 0.</param>
/// <param name="Height">Above 0.</param>
/// <param name="Score">How sure the detector is, 0 to 1.</param>
internal readonly record struct FaceBox(double Left, double Top, double Width, double Height, double Score)
{
    /// <summary>Boxes that share more of their union than this show the same face.</summary>
    private const double SameFace = 0.3;

    internal double Area => Width * Height;

    /// <summary>The surest box of each face, surest first (greedy non-maximum suppression).</summary>
    internal static IReadOnlyList<FaceBox> Distinct(IEnumerable<FaceBox> boxes)
    {
        var kept = new List<FaceBox>();
        foreach (FaceBox box in boxes.OrderByDescending(static b => b.Score).ThenBy(static b => b.Left).ThenBy(static b => b.Top))
        {
            if (kept.TrueForAll(k => k.Overlap(box) <= SameFace))
            {
                kept.Add(box);
            }
        }

        return kept;
    }

    /// <summary>What two boxes share, as a part of their union.</summary>
    internal double Overlap(FaceBox other)
    {
        double width = Math.Min(Left + Width, other.Left + other.Width) - Math.Max(Left, other.Left);
        double height = Math.Min(Top + Height, other.Top + other.Height) - Math.Max(Top, other.Top);
        double shared = Math.Max(0, width) * Math.Max(0, height);
        return shared / (Area + other.Area - shared);
    }
}
