using EdgeVit.Runtime;

namespace EdgeVit.Export.Faces;

/// <summary>Cuts a face out of a picture.</summary>
internal static class FaceCrop
{
    /// <summary>Side of the square as a multiple of the longer side of the face's box.</summary>
    internal const double Margin = 1.3;

    /// <summary>The square around the middle of a box; what lies beyond the picture repeats its edge.</summary>
    internal static RgbImage Of(RgbImage image, FaceBox face)
    {
        int side = Math.Clamp((int)Math.Round(Margin * Math.Max(face.Width, face.Height)), 1, 2 * Math.Max(image.Width, image.Height));
        int left = (int)Math.Round(face.Left + (face.Width / 2) - (side / 2.0)), top = (int)Math.Round(face.Top + (face.Height / 2) - (side / 2.0));
        var crop = new RgbImage(side, side);
        for (int y = 0; y < side; y++)
        {
            int row = Math.Clamp(top + y, 0, image.Height - 1) * image.Width;
            for (int x = 0; x < side; x++)
            {
                int from = (row + Math.Clamp(left + x, 0, image.Width - 1)) * 3;
                image.Pixels.AsSpan(from, 3).CopyTo(crop.Pixels.AsSpan(((y * side) + x) * 3));
            }
        }

        return crop;
    }
}
